//! What a branch holds, file by file.

use crate::bed::{Bed, cluster};

#[test]
fn a_branch_is_laid_out_as_the_design_says() {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    let out = bed.settle();
    let tip = bed.git(&["rev-parse", "deploy/example"]);
    let line = out.lines().next().unwrap();
    let (id, rest) = line.split_once(' ').unwrap();
    assert!(tip.starts_with(id), "{line}");
    assert_eq!(rest, "deploy/example  example/simple: created");
    let files = bed.lines(&["ls-tree", "-r", "--name-only", "deploy/example"]);
    assert_eq!(
        files,
        [
            "README.md",
            "kustomization.yaml",
            "promgit.yaml",
            "simple/cluster.yaml",
            "simple/kustomization.yaml",
            "simple/manifests/configmap-simple-config.yaml",
            "simple/manifests/configmap-simple-rules.yaml",
            "simple/manifests/service-simple-headless.yaml",
            "simple/manifests/service-simple.yaml",
            "simple/manifests/serviceaccount-simple.yaml",
            "simple/manifests/statefulset-simple.yaml",
            "simple/release.yaml",
            "simple/values.yaml",
        ]
    );
    assert_eq!(bed.file("deploy/example", "promgit.yaml"), "agent: promgit\nformat: 1\nnamespace: example\n");
    let root = bed.file("deploy/example", "kustomization.yaml");
    assert!(root.ends_with("resources:\n- simple\nsortOptions:\n  order: fifo\n"), "{root}");
    bed.check();
}

#[test]
fn a_list_of_the_chart_is_one_file_an_item() {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    let list = "apiVersion: v1\nkind: List\nitems:\n\
                - {kind: ConfigMap, apiVersion: v1, metadata: {name: b}, data: {count: '1'}}\n\
                - {kind: ConfigMap, apiVersion: v1, metadata: {name: a}}\n";
    let flags = bed.chart("1.0.0", &[("all.yaml", list)]);
    let said = bed.once_into(&bed.repo, &flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(said.ok, "{}", said.err);
    let file = bed.file("deploy/example", "simple/manifests/configmap-b.yaml");
    assert_eq!(file, "apiVersion: v1\ndata:\n  count: \"1\"\nkind: ConfigMap\nmetadata:\n  name: b\n");
    let listed = bed.file("deploy/example", "simple/kustomization.yaml");
    assert!(listed.contains("- manifests/configmap-b.yaml\n- manifests/configmap-a.yaml\n"), "{listed}");
    bed.check();
}

#[test]
fn the_folder_reproduces_the_release() {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 2}"));
    bed.settle();
    let asked = bed.file("deploy/example", "simple/cluster.yaml");
    assert!(asked.contains("  replicas: 2\n") && !asked.contains("status"), "{asked}");
    let record = bed.file("deploy/example", "simple/release.yaml");
    let kustomization = bed.file("deploy/example", "simple/kustomization.yaml");
    let of = |text: &str, prefix: &str| -> Vec<String> {
        let found = text.lines().filter_map(|line| line.trim_start_matches("- ").trim().strip_prefix(prefix));
        found.map(|file| format!("manifests/{file}")).collect()
    };
    let applied = of(&kustomization, "manifests/");
    assert!(applied.len() >= 5, "{kustomization}");
    assert_eq!(of(&record, "file: manifests/"), applied, "the inventory is in apply order");
    let position = |kind: &str| applied.iter().position(|file| file.contains(kind)).unwrap();
    assert!(
        position("/configmap-") < position("/service-") && position("/service-") < position("/statefulset-")
    );
    let message = bed.message("deploy/example");
    let digest = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap();
        line.trim().rsplit(' ').next().unwrap().to_string()
    };
    assert_eq!(digest(&message, "Values-Digest:"), digest(&record, "valuesDigest:"));
    assert_eq!(digest(&message, "Manifest-Digest:"), digest(&record, "manifestDigest:"));
    let values = bed.file("deploy/example", "simple/values.yaml");
    let sum = <sha2::Sha256 as sha2::Digest>::digest(values.as_bytes());
    let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest(&record, "valuesDigest:"), format!("sha256:{hex}"));
}

#[test]
fn the_root_follows_its_clusters() {
    let bed = Bed::new();
    bed.put("keep.yaml", &cluster("other", "keep", "{}"));
    for name in ["a", "b", "c"] {
        bed.put(&format!("{name}.yaml"), &cluster("example", name, "{replicas: 2}"));
    }
    bed.settle();
    let listed = |bed: &Bed| {
        let text = bed.file("deploy/example", "kustomization.yaml");
        text.lines().filter_map(|line| line.strip_prefix("- ").map(String::from)).collect::<Vec<_>>()
    };
    let rows = |bed: &Bed| {
        let text = bed.file("deploy/example", "README.md");
        text.lines().filter(|line| line.starts_with("| ")).count() - 1
    };
    assert_eq!((listed(&bed), rows(&bed)), (vec!["a".into(), "b".into(), "c".into()], 3));
    assert_eq!(bed.lines(&["rev-list", "deploy/example"]).len(), 3, "one commit a cluster");
    bed.put("a.yaml", &cluster("example", "a", "{replicas: 7}"));
    bed.remove("b.yaml");
    bed.settle();
    assert_eq!((listed(&bed), rows(&bed)), (vec!["a".into(), "c".into()], 2));
    assert!(bed.file("deploy/example", "README.md").contains("| v3.16.0 | 7 |"));
    ["a.yaml", "c.yaml"].iter().for_each(|file| bed.remove(file));
    bed.settle();
    assert!(listed(&bed).is_empty());
    assert_eq!(
        bed.lines(&["ls-tree", "-r", "--name-only", "deploy/example"]),
        ["README.md", "kustomization.yaml", "promgit.yaml"]
    );
    // and the branch goes on from there
    bed.put("a.yaml", &cluster("example", "a", "{replicas: 1}"));
    assert!(bed.settle().contains("example/a: created"));
    assert!(bed.message("deploy/example").contains("\nGeneration: 1\n"), "a new cluster counts anew");
    bed.check();
}

#[test]
fn another_chart_is_named_in_the_subject() {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {v: x}\n";
    for (version, subject) in
        [("1.0.0", "example/simple: created"), ("1.1.0", "example/simple: chart small 1.0.0 → small 1.1.0")]
    {
        let flags = bed.chart(version, &[("map.yaml", map)]);
        let said = bed.once_into(&bed.repo, &flags.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(said.ok && said.out.contains(subject), "{}{}", said.out, said.err);
    }
    let flags = bed.chart("1.1.0", &[("map.yaml", &map.replace("v: x", "v: z"))]);
    let said = bed.once_into(&bed.repo, &flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(said.out.contains("chart small 1.1.0: files changed"), "{}{}", said.out, said.err);
    assert!(bed.message("deploy/example").contains("~ ConfigMap/simple  data.v x → z\n"));
    assert!(bed.message("deploy/example").contains("\nGeneration: 1\n"), "the resource is the same");
}
