//! Servers that say no, and in which words.

use promgit::remote::push::Pushed;

use crate::origin::{Origin, WAYS, Way, to};

#[test]
fn an_update_hook_rejects_one_of_three() {
    for way in WAYS {
        let mut origin = Origin::new();
        let Some(remote) = origin.remote(way) else { continue };
        origin.hook("update", "case $1 in */b) echo \"$1 is protected: ask ops\" >&2; exit 1;; esac");
        let names = ["a", "b", "c"];
        let all = names.map(|name| to(name, None, origin.commit(name, None, "1")));
        let answers = origin.push(&remote, &all);
        let rejected = Pushed::Rejected {
            reason: "hook declined".into(),
            words: "refs/heads/b is protected: ask ops\nerror: hook declined to update refs/heads/b".into(),
        };
        assert_eq!(answers, [Pushed::Pushed, rejected, Pushed::Pushed], "{way:?}");
        assert_eq!((origin.tip("a").is_some(), origin.tip("b")), (true, None));
        origin.sound();
    }
}

#[test]
fn a_pre_receive_hook_rejects_all() {
    for way in WAYS {
        let mut origin = Origin::new();
        let Some(remote) = origin.remote(way) else { continue };
        origin.hook("pre-receive", "printf 'over \\033[31mquota\\033[0m\\n\\tbuy more\\n'; exit 1");
        let one = origin.commit("a", None, "1");
        let answers = origin.push(&remote, &[to("a", None, one)]);
        let rejected = Pushed::Rejected {
            reason: "pre-receive hook declined".into(),
            words: "over quota\nbuy more".into(),
        };
        assert_eq!(answers, [rejected], "{way:?}");
        assert_eq!(origin.tip("a"), None);
    }
}

#[test]
fn a_hook_that_talks_without_end_is_cut_in_the_middle() {
    for way in [Way::File, Way::Http] {
        let mut origin = Origin::new();
        let remote = origin.remote(way).unwrap();
        origin.hook("update", "yes 'no, no, no' | head -c 3000000 >&2; echo >&2; echo 'ask ops' >&2; exit 1");
        let one = origin.commit("a", None, "1");
        let answers = origin.push(&remote, &[to("a", None, one)]);
        let Pushed::Rejected { words, .. } = &answers[0] else { panic!("{answers:?}") };
        assert!(words.starts_with("no, no, no\nno") && words.contains(" … "), "{words}");
        assert!(
            words.contains("\nask ops\n") && words.ends_with("hook declined to update refs/heads/a"),
            "{words}"
        );
        assert!(words.chars().count() <= 2_003);
    }
}

#[test]
fn a_post_receive_hook_ends_before_the_push_does() {
    for way in WAYS {
        let mut origin = Origin::new();
        let Some(remote) = origin.remote(way) else { continue };
        origin.hook("post-receive", "sleep 0.3; touch done");
        let one = origin.commit("a", None, "1");
        assert_eq!(origin.push(&remote, &[to("a", None, one)]), [Pushed::Pushed]);
        assert!(origin.path.join("done").exists(), "{way:?}");
    }
}

#[test]
fn names_that_cannot_stand_beside_each_other() {
    let mut origin = Origin::new();
    let remote = origin.remote(Way::Http).unwrap();
    origin.git(&["config", "receive.denyDeletes", "true"]);
    let one = origin.commit("a/b", None, "1");
    origin.push(&remote, &[to("a/b", None, one)]);
    let answers = origin.push(&remote, &[to("a", None, one), to("c", None, one)]);
    let Pushed::Rejected { reason, words } = &answers[0] else { panic!("{answers:?}") };
    let both = "branch a/b is there, and no git repository holds both";
    assert!(reason.starts_with(both) && words.is_empty(), "{reason}: {words}");
    assert_eq!(answers[1], Pushed::Pushed);
}
