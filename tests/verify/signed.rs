//! Signatures: what the agent signs stands, and what is not signed by its key is somebody else's.

use std::path::Path;
use std::process::Command;

use crate::bed::Bed;

const MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {size: '{{ .Values.size }}'}\n";
const CHART: &[&str] = &["--chart=chart"];
/// As the agent writes it.
const MESSAGE: &str = "small/a: a fix\n\nCluster: small/a\nGeneration: 9\n";

fn keygen(bed: &Bed, name: &str) -> String {
    let path = bed.folder.path().join(name);
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status();
    assert!(made.unwrap().success());
    path.display().to_string()
}

/// A cluster that was committed unsigned once, and signed since.
fn signed() -> Bed {
    let bed = Bed::small(MAP);
    let key = keygen(&bed, "key");
    bed.put("promgit.yaml", &format!("signing: {{keyFile: {key}}}\n"));
    let text = "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\n\
                metadata: {name: a, namespace: small}\nspec: {replicas: 2}\n";
    bed.put("source/a.yaml", text);
    let arguments = ["--chart=chart", "--mapping=mapping.yaml", "--config=promgit.yaml"];
    bed.commit(&bed.folder.path().join("source"), &arguments);
    bed
}

/// Somebody commits in the agent's name.
fn forge(bed: &Bed, sign: &[&str]) {
    let who = ["-c", "user.name=promgit", "-c", "user.email=promgit@localhost"];
    bed.by(&[], "deploy/small", |clone: &Path| {
        std::fs::write(clone.join("note"), "x").unwrap();
        let at = clone.to_str().unwrap();
        bed.git(&["-C", at, "add", "-A"]);
        bed.git(&[&["-C", at], &who[..], sign, &["commit", "-q", "-m", MESSAGE]].concat());
    });
}

#[test]
fn what_the_agent_signs_stands() {
    let bed = signed();
    bed.verify(CHART).is_silent();
    bed.verify(&["--chart=chart", "--all"]).is_silent();
    let public = std::fs::read_to_string(bed.folder.path().join("key.pub")).unwrap();
    let public = public.rsplit_once(' ').unwrap().0.to_owned();
    let marker = bed.git(&["--git-dir=deploy.git", "show", "deploy/small:promgit.yaml"]);
    assert!(marker.contains(&format!("signingKey: {public}")), "{marker}");
    bed.put("allowed", &format!("promgit@localhost namespaces=\"git\" {public}\n"));
    let allowed = format!("gpg.ssh.allowedSignersFile={}", bed.folder.path().join("allowed").display());
    bed.git(&["--git-dir=deploy.git", "-c", &allowed, "verify-commit", "deploy/small"]);
}

#[test]
fn what_is_not_signed_is_somebody_elses() {
    let bed = signed();
    forge(&bed, &[]);
    let said = bed.verify(CHART);
    said.is_different();
    assert!(
        said.out.contains("was not made by promgit: it is not signed, and a commit before it is"),
        "{said:?}"
    );
}

#[test]
fn what_is_signed_by_another_key_is_somebody_elses() {
    let bed = signed();
    let other = format!("user.signingkey={}", keygen(&bed, "other"));
    forge(&bed, &["-c", "gpg.format=ssh", "-c", "commit.gpgsign=true", "-c", &other]);
    let said = bed.verify(CHART);
    said.is_different();
    assert!(said.out.contains("its signature is not of the key that its promgit.yaml names"), "{said:?}");
}
