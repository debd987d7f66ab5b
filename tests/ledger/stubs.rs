//! Secrets that a chart renders: on the branch as stubs, in no object of the repository by value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::bed::{Bed, cluster};
use crate::refusals::nowhere;

/// A drawn password, a fixed one, one in a list, one of a hook, and a map that git may hold.
const TEMPLATES: &[(&str, &str)] = &[
    (
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {app: x}}\ntype: Opaque\n\
         data: {password: {{ randAlphaNum 20 | b64enc }}}\nstringData: {config: \"user: u, key: hunter2\"}\n",
    ),
    (
        "list.yaml",
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: l}, data: {a: aHVudGVyMg==}}\n",
    ),
    (
        "hook.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: h, annotations: {helm.sh/hook: pre-install}}\nstringData: {a: hunter2}\n",
    ),
    ("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: b}\n"),
];

fn once(bed: &Bed, version: &str, templates: &[(&str, &str)]) -> String {
    let flags = bed.chart(version, templates);
    let said = bed.once_into(&bed.repo, &flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(said.ok, "{}{}", said.out, said.err);
    assert!(!said.err.contains("hunter2"), "{}", said.err);
    said.out
}

fn secret_free(bed: &Bed) {
    for text in ["hunter2", &STANDARD.encode("hunter2")] {
        nowhere(bed, text);
    }
}

#[test]
fn a_secret_is_a_stub() {
    let bed = Bed::new();
    bed.put("a.yaml", &cluster("team", "a", "{}"));
    once(&bed, "0.1.0", TEMPLATES);
    secret_free(&bed);
    let files = bed.lines(&["ls-tree", "-r", "--name-only", "deploy/team", "a/"]);
    for file in ["a/stubs/secret-s.yaml", "a/stubs/secret-l.yaml", "a/stubs/hooks-secret-h.yaml"] {
        assert!(files.iter().any(|found| found == file), "{files:#?}");
    }
    assert!(!files.iter().any(|file| file.contains("manifests/secret")), "{files:#?}");
    let stub = bed.file("deploy/team", "a/stubs/secret-s.yaml");
    assert!(stub.contains("kind: SecretStub\n") && stub.contains("password: hmac-sha256:"), "{stub}");
    assert!(stub.contains("app: x") && stub.contains("type: Opaque"), "{stub}");
    let kustomization = bed.file("deploy/team", "a/kustomization.yaml");
    assert!(!kustomization.contains("secret") && kustomization.contains("configmap-m"), "{kustomization}");
    let record = bed.file("deploy/team", "a/release.yaml");
    assert!(record.contains("file: stubs/secret-s.yaml") && !record.contains("hooks-secret"), "{record}");
    assert_eq!(once(&bed, "0.1.0", TEMPLATES), "", "nothing is drawn anew");
    bed.check();
}

#[test]
fn a_change_of_a_value_is_seen_and_not_shown() {
    let bed = Bed::new();
    bed.put("a.yaml", &cluster("team", "a", "{}"));
    once(&bed, "0.1.0", TEMPLATES);
    let before = bed.file("deploy/team", "a/stubs/secret-l.yaml");
    let changed: Vec<(&str, &str)> = TEMPLATES
        .iter()
        .map(|(name, text)| match *name {
            "list.yaml" => {
                (*name, "apiVersion: v1\nkind: Secret\nmetadata: {name: l}\nstringData: {a: hunter3}\n")
            }
            _ => (*name, *text),
        })
        .collect();
    once(&bed, "0.1.0", &changed);
    let after = bed.file("deploy/team", "a/stubs/secret-l.yaml");
    assert_ne!(before, after);
    let message = bed.message("deploy/team");
    assert!(message.contains("~ Secret/l  data.a changed"), "{message}");
    assert!(!message.contains("hmac") && !message.contains("Secret/s"), "{message}");
    secret_free(&bed);
    nowhere(&bed, "hunter3");
}

#[test]
fn what_was_asked_for_is_not_kept_as_a_secret() {
    let templates = [(
        "s.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: {{ .Values.admin.password | quote }}}\n",
    )];
    let bed = Bed::new();
    bed.put("a.yaml", &cluster("team", "a", "{values: {admin: {password: hunter2}}}"));
    let flags = bed.chart("0.1.0", &templates);
    let said = bed.once_into(&bed.repo, &flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!said.ok, "{}", said.out);
    let expected = "spec.values.admin.password holds what the chart puts into Secret/s as password";
    assert!(said.err.contains(expected) && said.err.contains("existingSecret"), "{}", said.err);
    assert!(!said.err.contains("hunter2"), "{}", said.err);
    secret_free(&bed);
}
