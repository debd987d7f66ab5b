//! Servers that hang, that send rubbish, that close in the middle: a sentence, in time, and no harm.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use promgit::remote::error::Fault;
use promgit::remote::push::Pushed;
use promgit::remote::settings::Remote;

use crate::origin::{Origin, Way, remote, to};

/// What a server does with every connection.
#[derive(Clone, Copy)]
enum Does {
    /// Takes it and says nothing.
    Hangs,
    /// Ends it.
    Closes,
    /// Says this whatever it is asked, then hangs.
    Says(&'static str),
    /// Says this, then ends.
    SaysAndCloses(&'static str),
}

fn start(does: Does) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut some = [0; 4096];
                if !matches!(does, Does::Hangs) {
                    let _ = stream.read(&mut some);
                }
                match does {
                    Does::Closes => return,
                    Does::Says(text) | Does::SaysAndCloses(text) => {
                        stream.write_all(text.as_bytes()).unwrap()
                    }
                    Does::Hangs => {}
                }
                if !matches!(does, Does::SaysAndCloses(_)) {
                    while stream.read(&mut some).is_ok_and(|count| count > 0) {}
                }
            });
        }
    });
    port
}

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-receive-pack-advertisement\r\n";

fn impatient(mut remote: Remote) -> Remote {
    remote.silence_timeout = Duration::from_millis(300);
    remote.connect_timeout = Duration::from_secs(2);
    remote
}

#[test]
fn every_kind_of_silence_and_rubbish_ends_in_a_sentence() {
    let mut origin = Origin::new();
    let one = origin.commit("a", None, "1");
    let folder = origin.local.folder.path().to_owned();
    let key = folder.join("key");
    crate::sshd::keygen(&folder, "key", "ed25519", "");
    let long = format!("{HEAD}Content-Length: 1000000\r\n\r\n001f# service=git-receive-pack\n0000");
    let long: &'static str = Box::leak(long.into_boxed_str());
    let cases = [
        (Does::Hangs, "nothing came or went for", true),
        (Does::Closes, "ended the connection in the middle", true),
        (Does::Says("HTTP/1.1 200 OK\r\n"), "nothing came or went for", true),
        (Does::Says(long), "nothing came or went for", true),
        (Does::SaysAndCloses(long), "ended the connection in the middle", true),
        (Does::SaysAndCloses("\u{1b}[31m what?\r\n\r\n"), "no git server answers there", false),
        (
            Does::SaysAndCloses("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
            "no git server answers there",
            false,
        ),
        (Does::SaysAndCloses("HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\n\r\n"), "where nobody goes", false),
        (
            Does::SaysAndCloses("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"),
            "look at the address",
            false,
        ),
    ];
    for (does, expected, transient) in cases {
        let port = start(does);
        let remote = impatient(remote(&format!("http://127.0.0.1:{port}/a.git")));
        let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert_eq!(error.is_transient(), transient, "{error}");
        assert!(!error.to_string().contains('\u{1b}'));
    }
    for (does, expected) in [
        (Does::Hangs, "nothing came or went for"),
        (Does::Closes, "ended the connection in the middle"),
        (Does::Says("SSH-2.0-x\r\n"), "nothing came or went for"),
    ] {
        let mut remote = impatient(remote(&format!("ssh://git@127.0.0.1:{}/a.git", start(does))));
        remote.ssh.key_file = Some(key.clone());
        let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert!(error.is_transient(), "{error}");
    }
}

#[test]
fn nobody_listens_there() {
    let mut origin = Origin::new();
    let one = origin.commit("a", None, "1");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    crate::sshd::keygen(origin.local.folder.path(), "key", "ed25519", "");
    for scheme in ["http", "https", "ssh"] {
        let mut remote = impatient(remote(&match scheme {
            "ssh" => format!("ssh://git@127.0.0.1:{port}/a.git"),
            _ => format!("{scheme}://127.0.0.1:{port}/a.git"),
        }));
        remote.ssh.key_file = Some(origin.local.folder.path().join("key"));
        let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err();
        assert!(error.to_string().contains("connection refused"), "{error}");
        assert!(error.is_transient());
    }
}

#[test]
fn a_hook_that_hangs_is_given_up_and_asked_again() {
    for way in [Way::File, Way::Http] {
        let mut origin = Origin::new();
        let remote = impatient(origin.remote(way).unwrap());
        let one = origin.commit("a", None, "1");
        origin.hook("pre-receive", "test -e go || exec sleep 600");
        let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err();
        assert!(matches!(*error.fault, Fault::Silent(_)), "{way:?}: {error}");
        std::fs::write(origin.path.join("go"), "").unwrap();
        let remote = origin.remote(way).unwrap();
        assert_eq!(origin.push(&remote, &[to("a", None, one)]), [Pushed::Pushed]);
    }
}

#[test]
fn a_hook_that_talks_for_ever_is_given_up() {
    for way in [Way::File, Way::Http] {
        let mut origin = Origin::new();
        let mut remote = origin.remote(way).unwrap();
        remote.total_timeout = Duration::from_secs(1);
        let one = origin.commit("a", None, "1");
        origin.hook("pre-receive", "for i in $(seq 100); do echo still here >&2; sleep 0.1; done");
        let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err();
        assert!(matches!(*error.fault, Fault::TooLong(_)) && error.is_transient(), "{way:?}: {error}");
    }
}

#[test]
fn an_answer_that_is_cut_off_is_no_answer_and_the_next_push_finds_out() {
    let mut origin = Origin::new();
    let remote = origin.remote(Way::Http).unwrap();
    let one = origin.commit("a", None, "1");
    origin.http.cut_answers_at(Some(20));
    let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err();
    assert!(matches!(*error.fault, Fault::Ended(_)) && error.is_transient(), "{error}");
    origin.http.cut_answers_at(None);
    assert_eq!(origin.push(&remote, &[to("a", None, one)]), [Pushed::AlreadyThere]);
}

#[test]
fn a_path_without_a_repository_or_without_git() {
    let mut origin = Origin::new();
    let one = origin.commit("a", None, "1");
    let gone = origin.local.folder.path().join("gone.git");
    let error = origin.try_push(&remote(gone.to_str().unwrap()), &[to("a", None, one)]).unwrap_err();
    assert!(error.to_string().contains("there is no repository") && !error.is_transient(), "{error}");
    assert!(error.to_string().contains("does not appear to be a git repository"), "{error}");
    let mut without = origin.remote(Way::File).unwrap();
    without.search_path = "/nowhere".into();
    let error = origin.try_push(&without, &[to("a", None, one)]).unwrap_err();
    assert!(error.to_string().contains("git is not installed here"), "{error}");
}
