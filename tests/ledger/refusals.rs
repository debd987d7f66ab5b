//! What never becomes a commit, and that it delays nothing else.

use crate::bed::{Bed, Said, cluster};

fn with_chart(bed: &Bed, template: &str) -> Said {
    let flags = bed.chart("1.0.0", &[("all.yaml", template)]);
    bed.once_into(&bed.repo, &flags.iter().map(String::as_str).collect::<Vec<_>>())
}

/// No object of the repository holds the text.
pub fn nowhere(bed: &Bed, text: &str) {
    for line in bed.lines(&["cat-file", "--batch-all-objects", "--batch-check"]) {
        let id = line.split(' ').next().unwrap();
        let kind = line.split(' ').nth(1).unwrap();
        let content = bed.try_git(&bed.repo, &["cat-file", kind, id]).stdout;
        assert!(!String::from_utf8_lossy(&content).contains(text), "{line}");
    }
}

#[test]
fn an_empty_render_is_refused() {
    let bed = Bed::new();
    let template =
        "{{ if .Values.enabled }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n{{ end }}\n";
    bed.put("simple.yaml", &cluster("example", "simple", "{values: {enabled: true}}"));
    assert!(with_chart(&bed, template).ok);
    bed.put("simple.yaml", &cluster("example", "simple", "{values: {enabled: false}}"));
    let said = with_chart(&bed, template);
    assert!(!said.ok && said.out.is_empty(), "{}", said.out);
    assert!(said.err.contains("the chart small rendered no object for example/simple"), "{}", said.err);
    assert_eq!(bed.lines(&["rev-list", "deploy/example"]).len(), 1);
}

#[test]
fn credentials_in_a_configuration_are_refused() {
    let config = "remote_write:\\n- url: https://x/\\n  basic_auth: {username: u, password: hunter2}\\n";
    for spec in [
        format!("{{config: \"{config}\"}}"),
        format!("{{values: {{config: \"{config}\"}}}}"),
        "{values: {extraObjects: [{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: hunter2}}]}}"
            .into(),
    ] {
        let bed = Bed::new();
        bed.put("good.yaml", &cluster("example", "good", "{}"));
        bed.put("simple.yaml", &cluster("example", "simple", &spec));
        let said = bed.once();
        assert!(!said.ok && said.out.contains("example/good: created"), "{}{}", said.out, said.err);
        assert!(said.err.contains("example/simple") && !said.err.contains("hunter2"), "{spec}: {}", said.err);
        nowhere(&bed, "hunter2");
    }
}

#[test]
fn a_text_that_yaml_cannot_hold_is_named() {
    for (annotations, spec, field) in [
        (
            "{kubernetes.io/change-cause: \"more\\x7Fload\"}",
            "{}",
            "metadata.annotations[kubernetes.io/change-cause]",
        ),
        ("{}", "{values: {nodeSelector: {a: \"\\x80\"}}}", "spec.values.nodeSelector.a"),
    ] {
        let bed = Bed::new();
        let text = cluster("example", "simple", spec);
        bed.put(
            "simple.yaml",
            &text.replace("metadata: {", &format!("metadata: {{annotations: {annotations}, ")),
        );
        let said = bed.once();
        let expected = format!("{field} cannot be written as YAML: control characters are not allowed; ");
        assert!(!said.ok && said.err.contains(&expected), "{}", said.err);
    }
}

#[test]
fn a_bad_cluster_delays_no_other() {
    let bed = Bed::new();
    for (name, spec) in [
        ("bad-spec", "{replicas: 0}"),
        ("bad-config", "{config: \"scrape_configs: 1\"}"),
        ("bad-values", "{values: {replicas: many}}"),
        ("good-a", "{}"),
        ("good-z", "{}"),
    ] {
        bed.put(&format!("{name}.yaml"), &cluster("example", name, spec));
    }
    bed.put("apart.yaml", &cluster("apart", "good", "{}"));
    bed.put("noise.yaml", "kind: [\n");
    let agent = bed.agent(&[]);
    let mut created: Vec<String> = (0..3).map(|_| agent.commit("created")).collect();
    created.sort_by_key(|line| line.split_once(' ').unwrap().1.to_string());
    assert!(created[0].contains("apart/good") && created[1].contains("good-a"), "{created:?}");
    bed.put("bad-values.yaml", &cluster("example", "bad-values", "{replicas: 2}"));
    agent.commit("example/bad-values: created");
    assert_eq!(agent.stop(), Some(0));
    bed.check();
}
