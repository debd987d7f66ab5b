//! Pushes by every way: what is sent, and what is left alone.

use promgit::remote::push::Pushed;

use crate::bed::{commit, put};
use crate::origin::{Origin, WAYS, Way, to};

#[test]
fn three_new_branches_then_one_change() {
    for way in WAYS {
        let mut origin = Origin::new();
        let Some(remote) = origin.remote(way) else { continue };
        let names = ["deploy/a", "deploy/b", "deploy/c"];
        let first = names.map(|name| origin.commit(name, None, "1"));
        let all = [0, 1, 2].map(|i| to(names[i], None, first[i]));
        assert_eq!(origin.push(&remote, &all), vec![Pushed::Pushed; 3], "{way:?}");
        assert_eq!(origin.push(&remote, &all), vec![Pushed::AlreadyThere; 3], "{way:?}");
        origin.check();
        let before = objects(&origin);
        let second = origin.commit("deploy/b", Some(first[1]), "2");
        assert_eq!(origin.push(&remote, &[to("deploy/b", Some(first[1]), second)]), [Pushed::Pushed]);
        // a commit, three folders and one file: what changed, and nothing else
        assert_eq!(objects(&origin) - before, 5, "{way:?}");
        origin.check();
    }
}

fn objects(origin: &Origin) -> usize {
    let count = origin.git(&["count-objects", "-v"]);
    let number =
        |name: &str| count.lines().find_map(|line| line.strip_prefix(name)?.parse::<usize>().ok()).unwrap();
    number("count: ") + number("in-pack: ")
}

#[test]
fn five_hundred_commits_behind_is_one_push() {
    let mut origin = Origin::new();
    let remote = origin.remote(Way::Http).unwrap();
    let base = origin.commit("a", None, "0");
    assert_eq!(origin.push(&remote, &[to("a", None, base)]), [Pushed::Pushed]);
    let mut tip = base;
    for round in 1..=500 {
        tip = origin.commit("a", Some(tip), &round.to_string());
    }
    origin.http.take_seen();
    assert_eq!(origin.push(&remote, &[to("a", Some(base), tip)]), [Pushed::Pushed]);
    let seen = origin.http.take_seen();
    assert_eq!(
        seen,
        [
            "GET /origin.git/info/refs?service=git-receive-pack whole",
            "POST /origin.git/git-receive-pack whole"
        ]
    );
    assert_eq!(origin.git(&["rev-list", "--count", "a"]), "501\n");
    origin.check();
}

#[test]
fn a_large_push_comes_in_chunks() {
    let mut origin = Origin::new();
    let remote = origin.remote(Way::Http).unwrap();
    let mut text = String::new();
    let mut number = 1_u64;
    for _ in 0..200_000 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.push_str(&format!("{number:x}"));
    }
    let tip = commit(&mut origin.store, "a", None, vec![put("big", &text)]);
    assert_eq!(origin.push(&remote, &[to("a", None, tip)]), [Pushed::Pushed]);
    assert!(origin.http.take_seen()[1].ends_with(" chunked"));
    origin.check();
}

#[test]
fn a_moved_branch_is_left_alone_and_the_others_go_on() {
    for way in WAYS {
        let mut origin = Origin::new();
        let Some(remote) = origin.remote(way) else { continue };
        let (a, b) = (origin.commit("a", None, "1"), origin.commit("b", None, "1"));
        origin.push(&remote, &[to("a", None, a), to("b", None, b)]);
        let theirs = origin.theirs("a", "x");
        let (a2, b2) = (origin.commit("a", Some(a), "2"), origin.commit("b", Some(b), "2"));
        let answers = origin.push(&remote, &[to("a", Some(a), a2), to("b", Some(b), b2)]);
        assert_eq!(answers, [Pushed::Moved { found: Some(theirs) }, Pushed::Pushed], "{way:?}");
        assert_eq!((origin.tip("a"), origin.tip("b")), (Some(theirs), Some(b2)));
        origin.sound();
    }
}

#[test]
fn what_does_not_descend_is_never_sent() {
    let mut origin = Origin::new();
    let remote = origin.remote(Way::File).unwrap();
    let one = origin.commit("a", None, "1");
    let two = origin.commit("a", Some(one), "2");
    let other = origin.commit("b", None, "other");
    origin.push(&remote, &[to("a", None, two)]);
    // back, and aside, whatever is believed
    for new in [one, other] {
        for expected in [None, Some(one), Some(two)] {
            let answers = origin.push(&remote, &[to("a", expected, new)]);
            assert_eq!(answers, [Pushed::Moved { found: Some(two) }]);
        }
    }
    assert_eq!(origin.tip("a"), Some(two));
}

#[test]
fn a_server_that_is_behind_catches_up() {
    let mut origin = Origin::new();
    let remote = origin.remote(Way::File).unwrap();
    let one = origin.commit("a", None, "1");
    let two = origin.commit("a", Some(one), "2");
    let three = origin.commit("a", Some(two), "3");
    origin.push(&remote, &[to("a", None, one)]);
    // heard to be at two, it stands at one: somebody took two off
    let moved = Pushed::Moved { found: Some(one) };
    assert_eq!(origin.push(&remote, &[to("a", Some(two), three)]), [moved]);
    assert_eq!(origin.tip("a"), Some(one));
    // believed nowhere, it stands at one, which is known here
    assert_eq!(origin.push(&remote, &[to("a", None, two)]), [Pushed::Pushed]);
    // heard to be at one, it stands at two
    assert_eq!(origin.push(&remote, &[to("a", Some(one), three)]), [Pushed::Pushed]);
    assert_eq!(origin.push(&remote, &[to("a", None, three)]), [Pushed::AlreadyThere]);
    origin.check();
}

#[test]
fn a_branch_that_was_deleted_there_is_moved() {
    for way in WAYS {
        let mut origin = Origin::new();
        let Some(remote) = origin.remote(way) else { continue };
        let one = origin.commit("a", None, "1");
        origin.push(&remote, &[to("a", None, one)]);
        origin.git(&["update-ref", "-d", "refs/heads/a"]);
        let two = origin.commit("a", Some(one), "2");
        assert_eq!(origin.push(&remote, &[to("a", Some(one), two)]), [Pushed::Moved { found: None }]);
        assert_eq!(origin.tip("a"), None);
        // who decides to have it again says so
        assert_eq!(origin.push(&remote, &[to("a", None, two)]), [Pushed::Pushed]);
        origin.check();
    }
}

#[test]
fn merges_of_others_travel_too() {
    let mut origin = Origin::new();
    let remote = origin.remote(Way::Http).unwrap();
    let base = origin.commit("a", None, "1");
    origin.push(&remote, &[to("a", None, base)]);
    let clone = origin.local.clone("a");
    for (branch, file) in [("side", "x"), ("a", "y")] {
        origin.local.git_in(&clone, &["checkout", "-q", "-B", branch, &base.to_string()]);
        std::fs::write(clone.join(file), file).unwrap();
        origin.local.git_in(&clone, &["add", "."]);
        origin.local.git_in(&clone, &["commit", "-qm", file]);
    }
    origin.local.git_in(&clone, &["merge", "-q", "--no-edit", "side"]);
    origin.local.git_in(&clone, &["push", "-q", "origin", "a"]);
    let merge = origin.local.tip("a").unwrap();
    let tip = origin.commit("a", Some(merge), "2");
    assert_eq!(origin.push(&remote, &[to("a", Some(base), tip)]), [Pushed::Pushed]);
    assert_eq!(origin.git(&["rev-list", "--count", "a"]), "5\n");
    origin.check();
}

#[test]
fn a_thousand_branches_go_together() {
    let mut origin = Origin::new();
    let remote = origin.remote(Way::Http).unwrap();
    let names: Vec<String> = (0..1000).map(|i| format!("deploy/ns{i:04}")).collect();
    let mut batch = promgit::git::Batch::begin(&mut origin.store).unwrap();
    let mut all = Vec::new();
    for name in &names {
        let edits = (0..9).map(|i| put(&format!("one/manifests/{i}.yaml"), &format!("{name} {i}"))).collect();
        all.push(to(
            name,
            None,
            crate::bed::made(batch.commit(&crate::bed::spec(name, None, edits)).unwrap()),
        ));
    }
    crate::bed::all_moved(&batch.flush().unwrap());
    assert_eq!(origin.push(&remote, &all), vec![Pushed::Pushed; 1000]);
    origin.check();
}

#[test]
fn a_bad_name_stops_the_push_before_it_begins() {
    let mut origin = Origin::new();
    let remote = origin.remote(Way::File).unwrap();
    let one = origin.commit("a", None, "1");
    let error = origin.try_push(&remote, &[to("a", None, one), to("a b", None, one)]).unwrap_err();
    assert!(error.to_string().contains("\"a b\" is not a branch name"), "{error}");
    assert_eq!(origin.tip("a"), None);
}
