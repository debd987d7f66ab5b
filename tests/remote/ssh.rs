//! Servers of SSH: keys of ours, and keys of theirs.

use std::process::Command;

use promgit::remote::push::Pushed;
use promgit::remote::settings::Remote;

use crate::origin::{Origin, to, write};
use crate::sshd::{Sshd, keygen};

fn fails(origin: &Origin, remote: &Remote, tip: promgit::git::Oid) -> String {
    let error = origin.try_push(remote, &[to("a", None, tip)]).unwrap_err();
    assert!(!error.is_transient(), "{error}");
    error.to_string()
}

#[test]
fn every_kind_of_key_logs_in() {
    let mut origin = Origin::new();
    let folder = origin.local.folder.path().to_owned();
    let Some(sshd) = Sshd::start(&folder) else { return };
    let mut tip = None;
    for (name, kind, passphrase) in
        [("e", "ed25519", "open sesame"), ("c", "ecdsa", ""), ("r", "rsa", ""), ("rp", "rsa", "open sesame")]
    {
        keygen(&sshd.folder, name, kind, passphrase);
        let mut remote = sshd.remote(&origin.path);
        remote.ssh.key_file = Some(sshd.folder.join(name));
        let new = origin.commit("a", tip, name);
        if !passphrase.is_empty() {
            let text = fails(&origin, &remote, new);
            assert!(text.contains("it is encrypted; name the file of its passphrase"), "{text}");
            remote.ssh.passphrase_file = Some(write(&folder, "passphrase", "wrong\n"));
            let text = fails(&origin, &remote, new);
            assert!(text.contains("passphrase does not open it") && !text.contains("wrong"), "{text}");
            write(&folder, "passphrase", &format!("{passphrase}\n"));
        }
        let text = fails(&origin, &remote, new);
        assert!(
            text.contains(&format!("it does not take the key in {}", sshd.folder.join(name).display())),
            "{text}"
        );
        sshd.allow(&format!("{name}.pub"));
        assert_eq!(origin.push(&remote, &[to("a", tip, new)]), [Pushed::Pushed], "{kind}");
        tip = Some(new);
    }
    origin.check();
}

#[test]
fn an_unknown_host_is_refused_with_the_line_to_add() {
    let mut origin = Origin::new();
    let folder = origin.local.folder.path().to_owned();
    let Some(sshd) = Sshd::start(&folder) else { return };
    let remote = sshd.remote(&origin.path);
    let one = origin.commit("a", None, "1");
    sshd.know("");
    let text = fails(&origin, &remote, one);
    let shown = Command::new("ssh-keygen").arg("-lf").arg(sshd.folder.join("host.pub")).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains(&format!("its key is {}:", shown.split(' ').nth(1).unwrap())), "{text}");
    let line = text.rsplit_once("known_hosts: ").unwrap().1;
    sshd.know(&format!("# hosts\n{line}\n"));
    assert_eq!(origin.push(&remote, &[to("a", None, one)]), [Pushed::Pushed]);
    // as ssh-keygen hashes it
    let hash = Command::new("ssh-keygen").arg("-Hf").arg(sshd.folder.join("known_hosts")).output().unwrap();
    assert!(hash.status.success());
    let hashed = std::fs::read_to_string(sshd.folder.join("known_hosts")).unwrap();
    assert!(hashed.contains("|1|") && !hashed.contains("127.0.0.1"), "{hashed}");
    assert_eq!(origin.push(&remote, &[to("a", None, one)]), [Pushed::AlreadyThere]);
    let mut without = remote.clone();
    without.ssh.known_hosts_file = None;
    assert!(fails(&origin, &without, one).contains("remote.sshKnownHostsFile names no file"));
    without.ssh.known_hosts_file = Some(folder.join("absent"));
    assert!(fails(&origin, &without, one).contains("cannot read the known hosts in"));
}

#[test]
fn a_changed_host_key_is_refused_loudly() {
    let mut origin = Origin::new();
    let folder = origin.local.folder.path().to_owned();
    let Some(mut sshd) = Sshd::start(&folder) else { return };
    let remote = sshd.remote(&origin.path);
    let one = origin.commit("a", None, "1");
    for (name, kind) in [("other", "ed25519"), ("third", "ecdsa")] {
        sshd.restart_with_key(name, kind);
        let text = fails(&origin, &remote, one);
        assert!(text.contains("HAS ANOTHER KEY THAN LINE 1 OF"), "{text}");
    }
    // known by a key that is not the first choice
    let host = std::fs::read_to_string(sshd.folder.join("third.pub")).unwrap();
    sshd.know(&format!("[127.0.0.1]:{} {host}", sshd.port));
    assert_eq!(origin.push(&remote, &[to("a", None, one)]), [Pushed::Pushed]);
    sshd.know(&format!("[127.0.0.1]:{0} {host}@revoked * {host}", sshd.port));
    let text = fails(&origin, &remote, one);
    assert!(text.contains("IS REVOKED by line 2 of"), "{text}");
    assert_eq!(origin.tip("a"), Some(one));
}

#[test]
fn a_repository_that_is_gone_is_said_in_gits_words() {
    let mut origin = Origin::new();
    let one = origin.commit("a", None, "1");
    let gone = origin.local.folder.path().join("it's gone!.git");
    let Some(sshd) = Sshd::start(origin.local.folder.path()) else { return };
    let remote = sshd.remote(&gone);
    let text = fails(&origin, &remote, one);
    assert!(text.contains("there is no repository") && text.contains("it's gone!.git"), "{text}");
}
