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

/// In the form of a token that its issuer made to be recognised.
fn token() -> String {
    format!("ghp_{}", "aZ3".repeat(12))
}

#[test]
fn a_token_is_refused_wherever_the_branch_would_keep_it() {
    let token = token();
    let cause = format!("metadata: {{annotations: {{kubernetes.io/change-cause: 'with {token}'}}, ");
    for (metadata, spec, field) in [
        (&*cause, "{}".to_owned(), "metadata.annotations[kubernetes.io/change-cause] holds a GitHub token"),
        (
            "metadata: {",
            format!("{{additionalArgs: [--web.page-title={token}]}}"),
            "spec.additionalArgs[0] holds",
        ),
        (
            "metadata: {",
            format!("{{podMetadata: {{annotations: {{a: {token}}}}}}}"),
            "spec.podMetadata.annotations.a holds",
        ),
        (
            "metadata: {",
            format!("{{values: {{env: [{{name: A, value: {token}}}]}}}}"),
            "spec.values.env[0].value holds",
        ),
        (
            "metadata: {",
            format!("{{externalUrl: 'https://me:{token}@h/'}}"),
            "spec.externalUrl: a user or password",
        ),
        (
            "metadata: {",
            format!("{{additionalArgs: ['--x=https://{token}@h/']}}"),
            "spec.additionalArgs[0]: a user or password",
        ),
    ] {
        let bed = Bed::new();
        bed.put(
            "good.yaml",
            &cluster("example", "good", "{externalUrl: 'https://h/', additionalArgs: ['--x=ghp_']}"),
        );
        bed.put("simple.yaml", &cluster("example", "simple", &spec).replace("metadata: {", metadata));
        let said = bed.once();
        assert!(!said.ok && said.out.contains("example/good: created"), "{}{}", said.out, said.err);
        assert!(said.err.contains(field) && !said.err.contains(&token), "{field}: {}", said.err);
        nowhere(&bed, &token);
    }
}

#[test]
fn a_value_of_a_secret_is_refused_beside_it() {
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {auth.key: Hunter2-hunter2}\n---\n";
    for (object, place) in [
        (
            "kind: ConfigMap\nmetadata: {name: m}\ndata: {a: 'x=hunter2-HUNTER2;'}\n",
            "ConfigMap/m with what it puts into Secret/s as auth.key, in data.a",
        ),
        ("kind: ConfigMap\nmetadata: {name: m}\ndata: {Hunter2-hunter2: x}\n", "ConfigMap/m with what"),
        (
            "kind: ServiceAccount\nmetadata: {name: m, annotations: {a: Hunter2-hunter2}}\n",
            "in metadata.annotations.a",
        ),
    ] {
        let bed = Bed::new();
        bed.put("simple.yaml", &cluster("example", "simple", "{}"));
        let said = with_chart(&bed, &format!("{secret}apiVersion: v1\n{object}"));
        assert!(!said.ok && said.err.contains(place), "{}{}", said.out, said.err);
        nowhere(&bed, "unter2");
    }
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    let other =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {auth.key: 'of Secret/s', a: hunter}\n";
    let said = with_chart(&bed, &format!("{secret}{other}"));
    assert!(said.ok, "{}{}", said.out, said.err);
    nowhere(&bed, "Hunter2");
}

#[test]
fn a_configuration_in_any_form_is_looked_into() {
    use base64::Engine as _;
    let json = r#"{"remote_write": [{"url": "https://x/", "basic_auth": {"password": "hunter2"}}]}"#;
    let binary = base64::engine::general_purpose::STANDARD.encode(json);
    let map = |data: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m}}\n{data}\n");
    for (data, refused) in [
        (format!("data: {{p.json: '{json}'}}"), true),
        (format!("binaryData: {{p.json: {binary}}}"), true),
        ("data: {p.md: 'remote_write takes a password: hunter'}".to_owned(), false),
        (format!("data: {{p.json: '{}'}}", json.replace("password", "password_file")), false),
    ] {
        let bed = Bed::new();
        bed.put("simple.yaml", &cluster("example", "simple", "{}"));
        let said = with_chart(&bed, &map(&data));
        assert_eq!(said.ok, !refused, "{data}: {}{}", said.out, said.err);
        if refused {
            let place =
                "rendered ConfigMap/m, p.json: line 1: remote_write[0].basic_auth.password: a credential";
            assert!(said.err.contains(place) && !said.err.contains("hunter2"), "{}", said.err);
            nowhere(&bed, "hunter2");
        }
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
