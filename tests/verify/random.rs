//! Charts that draw random values, whose seed is not in git.

use crate::bed::{Bed, edit};

const DRAWN: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {id: '{{ uuidv4 }}'}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b}
data: {size: '{{ .Values.size }}'}
";
const CHART: &[&str] = &["--chart=chart"];

fn without_locks(bed: &Bed) {
    std::fs::remove_dir_all(bed.repo.join("promgit/locks")).unwrap();
}

#[test]
fn the_lock_beside_the_repository_is_used() {
    let bed = Bed::small(DRAWN);
    bed.verify(CHART).is_silent();
    bed.by_hand("deploy/small", |clone| edit(&clone.join("a/manifests/configmap-a.yaml"), "id: '", "id: '0"));
    let said = bed.verify(CHART);
    said.is_different();
    assert!(said.out.contains("a/manifests/configmap-a.yaml:4: is "), "{said:?}");
}

#[test]
fn without_the_lock_the_digest_has_to_do() {
    let bed = Bed::small(DRAWN);
    without_locks(&bed);
    let said = bed.verify(CHART);
    assert_eq!((said.code, &said.out[..]), (0, ""), "{said:?}");
    assert!(said.err.starts_with("note: small/a: 1 of its files"), "{said:?}");
    // What does not depend on the seed is compared byte by byte.
    bed.by_hand("deploy/small", |clone| edit(&clone.join("a/manifests/configmap-b.yaml"), "'1'", "'2'"));
    let said = bed.verify(CHART);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.out.contains("a/manifests/configmap-b.yaml:4: is "), "{said:?}");
}

#[test]
fn a_random_value_that_somebody_changed_is_not_let_through() {
    let bed = Bed::small(DRAWN);
    without_locks(&bed);
    bed.by_hand("deploy/small", |clone| edit(&clone.join("a/manifests/configmap-a.yaml"), "id: '", "id: '0"));
    let json = bed.verify_json(CHART);
    let reason = json["unverified"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("their lock is not here"), "{json}");
}

#[test]
fn a_chart_that_asks_for_the_time_alone_needs_no_lock() {
    let bed = Bed::small(&DRAWN.replace("uuidv4", "now | unixEpoch"));
    without_locks(&bed);
    bed.verify(CHART).is_silent();
}

const SECRET: &str = "\
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {password: hunter2}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b}
data: {size: '{{ .Values.size }}'}
";

#[test]
fn the_stub_of_a_secret_is_verified_by_the_lock() {
    let bed = Bed::small(SECRET);
    bed.verify(CHART).is_silent();
    bed.by_hand("deploy/small", |clone| {
        edit(&clone.join("a/stubs/secret-s.yaml"), "hmac-sha256:", "hmac-sha256:0")
    });
    let said = bed.verify(CHART);
    said.is_different();
    assert!(said.out.contains("a/stubs/secret-s.yaml:"), "{said:?}");
}

#[test]
fn without_the_lock_a_stub_is_verified_by_the_digest_of_all() {
    let bed = Bed::small(SECRET);
    without_locks(&bed);
    let said = bed.verify(CHART);
    assert_eq!((said.code, &said.out[..]), (0, ""), "{said:?}");
    assert!(said.err.starts_with("note: small/a: 1 of its files"), "{said:?}");
    bed.by_hand("deploy/small", |clone| {
        edit(&clone.join("a/stubs/secret-s.yaml"), "hmac-sha256:", "hmac-sha256:0")
    });
    assert_ne!(bed.verify(CHART).code, 0);
}
