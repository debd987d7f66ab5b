//! Signed commits, as `git verify-commit` and `ssh-keygen` see them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use promgit::git::signing::{Signed, Signer, check};
use promgit::git::{Batch, CommitSpec};

use crate::bed::{Bed, made, put, spec};

/// Keys as `ssh-keygen` makes them: kind, bits, passphrase.
const KEYS: &[(&str, &str, &str)] =
    &[("ed25519", "", ""), ("ecdsa", "256", ""), ("rsa", "2048", ""), ("ed25519", "", "open sesame")];

fn keygen(folder: &Path, (kind, bits, passphrase): (&str, &str, &str)) -> PathBuf {
    let path = folder.join(format!("key-{kind}-{}", passphrase.len()));
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-C", "agent", "-t", kind, "-N", passphrase, "-f"]).arg(&path);
    if !bits.is_empty() {
        command.args(["-b", bits]);
    }
    assert!(command.status().unwrap().success());
    path
}

fn signer(path: &Path, passphrase: &str) -> Signer {
    Signer::new(&fs::read(path).unwrap(), Some(passphrase).filter(|text| !text.is_empty())).unwrap()
}

#[test]
fn git_accepts_commits_that_are_signed() {
    let bed = Bed::new();
    let mut store = bed.open();
    let folder = bed.folder.path();
    let mut tip = None;
    let mut allowed = String::new();
    for (at, key) in KEYS.iter().enumerate() {
        let signer = signer(&keygen(folder, *key), key.2);
        allowed += &format!("agent@example.com namespaces=\"git\" {}\n", signer.public());
        let mut batch = Batch::begin(&mut store).unwrap();
        let signed = CommitSpec {
            signer: Some(Arc::new(signer.clone())),
            message: "a subject\n\nA body with an empty line.\n\nTrailer: x\n".into(),
            ..spec("main", tip, vec![put("a", &at.to_string())])
        };
        let commit = made(batch.commit(&signed).unwrap());
        assert!(batch.flush().unwrap().iter().all(|update| update.result.is_ok()));
        tip = Some(commit);
        let raw = store.reader().unwrap().raw_commit(commit).unwrap();
        assert_eq!(check(signer.public(), &raw), Signed::Yes, "{key:?}");
        let changed = String::from_utf8(raw).unwrap().replace("a subject", "another");
        assert_eq!(check(signer.public(), changed.as_bytes()), Signed::Wrongly);
        let aside = folder.join(at.to_string());
        fs::create_dir(&aside).unwrap();
        let other = self::signer(&keygen(&aside, KEYS[0]), "");
        assert_eq!(check(other.public(), changed.as_bytes()), Signed::Wrongly);
    }
    let file = folder.join("allowed");
    fs::write(&file, allowed).unwrap();
    let option = format!("gpg.ssh.allowedSignersFile={}", file.display());
    for commit in bed.git(&["rev-list", "main"]).lines() {
        let said = bed.try_git(&bed.repo, &["-c", &option, "verify-commit", commit]);
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(
            said.status.success() && text.contains("Good \"git\" signature for agent@example.com"),
            "{text}"
        );
    }
    drop(store);
    bed.check();
}

#[test]
fn keys_that_cannot_be_used_are_told_apart() {
    let bed = Bed::new();
    let folder = bed.folder.path();
    let locked = fs::read(keygen(folder, KEYS[3])).unwrap();
    let reason = |text: &[u8], passphrase| Signer::new(text, passphrase).unwrap_err().to_string();
    assert!(reason(&locked, None).contains("protected by a passphrase"));
    assert_eq!(reason(&locked, Some("wrong")), "the passphrase does not open it");
    let public = fs::read(keygen(folder, KEYS[0]).with_extension("pub")).unwrap();
    assert!(reason(&public, None).contains("no private key of OpenSSH"));
    let wide = keygen(folder, ("ecdsa", "521", ""));
    assert!(reason(&fs::read(wide).unwrap(), None).contains("ed25519"));
}
