//! Two clusters of a namespace that render the same object: kustomize would build neither of them.

use std::collections::BTreeSet;

use crate::bed::{Bed, cluster};

const AS_A: &str = "{values: {fullnameOverride: a}}";

/// The clusters that the branch holds, after checking that no object occurs twice in it.
fn held(bed: &Bed) -> Vec<String> {
    let root = bed.file("deploy/example", "kustomization.yaml");
    let clusters: Vec<String> =
        root.lines().filter_map(|line| line.strip_prefix("- ").map(String::from)).collect();
    let mut seen = BTreeSet::new();
    for name in &clusters {
        let listed =
            bed.lines(&["ls-tree", "-r", "--name-only", "deploy/example", &format!("{name}/manifests/")]);
        for file in listed {
            let object = file.split_once('/').unwrap().1.to_string();
            assert!(seen.insert(object.clone()), "{object} twice");
        }
    }
    clusters
}

#[test]
fn the_later_one_is_refused_and_the_owner_named() {
    let bed = Bed::new();
    bed.put("a.yaml", &cluster("example", "a", "{}"));
    bed.put("b.yaml", &cluster("example", "b", AS_A));
    bed.put("c.yaml", &cluster("example", "c", "{}"));
    bed.put("other.yaml", &cluster("other", "b", AS_A));
    // Within one batch, and then by what the branch says after a restart.
    for commits in [3, 0] {
        let said = bed.once();
        assert!(!said.ok);
        assert_eq!(said.out.lines().count(), commits, "{}", said.out);
        let expected = "example/b: ServiceAccount/a is an object of cluster example/a already, and kustomize takes no \
                        object of branch deploy/example twice; give it another name (most charts take \
                        `fullnameOverride` in spec.values), or rename or delete it in example/a";
        assert!(said.err.contains(expected), "{}", said.err);
        assert_eq!(held(&bed), ["a", "c"]);
    }
    // The owner goes on.
    bed.put("a.yaml", &cluster("example", "a", "{replicas: 2}"));
    assert!(bed.once().out.contains("example/a: replicas 1 → 2"));
    bed.put("b.yaml", &cluster("example", "b", "{}"));
    assert!(bed.settle().contains("example/b: created"));
    assert_eq!(held(&bed), ["a", "b", "c"]);
    bed.check();
}

#[test]
fn who_waits_comes_in_when_the_owner_lets_go() {
    let bed = Bed::new();
    bed.put("keep.yaml", &cluster("other", "keep", "{}"));
    bed.put("a.yaml", &cluster("example", "a", "{}"));
    let agent = bed.agent(&[]);
    agent.commit("example/a: created");
    bed.put("b.yaml", &cluster("example", "b", AS_A));
    assert!(agent.error("example/b: ").ends_with("(it is tried again)"));
    bed.put("a.yaml", &cluster("example", "a", "{values: {fullnameOverride: z}}"));
    agent.commit("example/a: ");
    agent.commit("example/b: created");
    assert_eq!(held(&bed), ["a", "b"]);
    bed.put("c.yaml", &cluster("example", "c", AS_A));
    agent.error("example/c: ");
    bed.remove("b.yaml");
    agent.commit("example/b: deleted");
    agent.commit("example/c: created");
    assert_eq!(held(&bed), ["a", "c"]);
    assert_eq!(agent.stop(), Some(0));
    bed.check();
}

/// What one pass can do, it does, in whichever order it finds the clusters.
#[test]
fn a_name_goes_from_one_to_the_other_in_one_pass() {
    let bed = Bed::new();
    let named = |name: &str| format!("{{values: {{fullnameOverride: {name}}}}}");
    for (cluster_name, object) in [("a", "one"), ("b", "two"), ("c", "three")] {
        bed.put(&format!("{cluster_name}.yaml"), &cluster("example", cluster_name, &named(object)));
    }
    bed.settle();
    for (cluster_name, object) in [("a", "two"), ("b", "three")] {
        bed.put(&format!("{cluster_name}.yaml"), &cluster("example", cluster_name, &named(object)));
    }
    bed.remove("c.yaml");
    let said = bed.once();
    assert!(said.ok && said.out.lines().count() == 3, "{}{}", said.out, said.err);
    assert_eq!(held(&bed), ["a", "b"]);
}

#[test]
fn definitions_and_cluster_wide_objects_count_too() {
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
                      metadata: {name: things.example.com}\n";
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reader}\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n";
    for (folder, object) in [("crds", definition), ("templates", role)] {
        let bed = Bed::new();
        let mut flags = bed.chart("1.0.0", &[("map.yaml", map)]);
        bed.aside(&format!("chart/{folder}/one.yaml"), object);
        flags.push("--log-level=info".into());
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        for name in ["a", "b"] {
            bed.put(&format!("{name}.yaml"), &cluster("example", name, "{}"));
        }
        for _ in 0..2 {
            let said = bed.once_into(&bed.repo, &flags);
            assert!(said.err.contains("is an object of cluster example/a already"), "{folder}: {}", said.err);
            assert_eq!(held(&bed), ["a"]);
        }
    }
}

/// Somebody broke the owner's files by hand: what its manifests say is its own all the same.
#[test]
fn a_broken_inventory_gives_nothing_away() {
    let bed = Bed::new();
    bed.put("a.yaml", &cluster("example", "a", "{}"));
    bed.settle();
    bed.push("deploy/example", &[("a/release.yaml", "[")]);
    bed.put("a.yaml", &cluster("example", "a", "{replicas: 0}"));
    bed.put("b.yaml", &cluster("example", "b", AS_A));
    assert!(bed.once().err.contains("is an object of cluster example/a already"));
    assert_eq!(held(&bed), ["a"]);
}
