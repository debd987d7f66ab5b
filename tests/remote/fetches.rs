//! Fetches: into an empty repository, on top of what is there, whole or the tips only.

use promgit::git::adopt::{Adopted, adopt};
use promgit::git::{Oid, history};
use promgit::remote::fetch::{Depth, deepen, fetch, tips};
use promgit::remote::push::Pushed;

use crate::bed::{Bed, commit, put};
use crate::origin::{Origin, WAYS, Way, to};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// An origin with history that the local repository does not have.
fn with_history(commits: usize) -> Origin {
    let mut origin = Origin::new();
    let remote = origin.remote(Way::File).unwrap();
    let mut all = Vec::new();
    for branch in ["deploy/a", "deploy/b", "other"] {
        let mut tip = None;
        for round in 0..commits {
            tip = Some(origin.commit(branch, tip, &round.to_string()));
        }
        all.push(to(branch, None, tip.unwrap()));
    }
    assert_eq!(origin.push(&remote, &all), vec![Pushed::Pushed; 3]);
    let path = origin.path.clone();
    drop(std::mem::replace(&mut origin.store, Bed::new().open()));
    std::fs::remove_dir_all(&origin.local.repo).unwrap();
    origin.store = origin.local.open();
    origin.git(&["gc", "-q"]);
    assert!(path.exists());
    origin
}

#[test]
fn an_empty_repository_goes_on_from_the_tips() {
    for way in WAYS {
        for depth in [Depth::Tip, Depth::Whole] {
            let mut origin = with_history(20);
            let Some(remote) = origin.remote(way) else { continue };
            let mut known = tips(&remote).unwrap();
            known.retain(|branch, _| branch.starts_with("deploy/"));
            assert_eq!(known.keys().map(String::as_str).collect::<Vec<_>>(), ["deploy/a", "deploy/b"]);
            let mut reader = origin.store.reader().unwrap();
            let branches: Vec<String> = known.keys().cloned().chain(["deploy/none".to_owned()]).collect();
            let got = fetch(&remote, &mut reader, &branches, depth).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(got, known);
            let list: Vec<(String, Oid)> = got.into_iter().collect();
            let adopted = adopt(&mut origin.store, &list).unwrap();
            assert!(adopted.iter().all(|one| matches!(one, Ok(Adopted::Created))), "{adopted:?}");
            let again: Vec<_> = adopt(&mut origin.store, &list).unwrap();
            assert!(again.iter().all(|one| matches!(one, Ok(Adopted::Unchanged { .. }))), "{again:?}");
            goes_on(&mut origin, &remote, known["deploy/a"], depth);
        }
    }
}

/// Commits and pushes on top; our reader, git's log and fsck, and a second fetch get along with what is there.
fn goes_on(origin: &mut Origin, remote: &promgit::remote::settings::Remote, base: Oid, depth: Depth) {
    let tip = origin.commit("deploy/a", Some(base), "on top");
    assert_eq!(origin.push(remote, &[to("deploy/a", Some(base), tip)]), [Pushed::Pushed]);
    let expected = if depth == Depth::Tip { 2 } else { 21 };
    let reader = origin.store.reader().unwrap();
    let log = history::log(&reader, Some(tip), "").collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(log.len(), expected);
    assert_eq!(origin.local.git(&["log", "--format=%H", "deploy/a"]).lines().count(), expected);
    assert_eq!(origin.git(&["rev-list", "--count", "deploy/a"]), "21\n");
    origin.sound();
    // opened anew, as after a restart
    drop(reader);
    drop(std::mem::replace(&mut origin.store, Bed::new().open()));
    origin.store = origin.local.open();
    let theirs = origin.theirs("deploy/a", "theirs");
    let mut reader = origin.store.reader().unwrap();
    let got = fetch(remote, &mut reader, &names(&["deploy/a", "other"]), depth).unwrap();
    assert_eq!(got["deploy/a"], theirs);
    let list: Vec<(String, Oid)> = got.into_iter().collect();
    let adopted = adopt(&mut origin.store, &list).unwrap();
    assert!(matches!(adopted[0], Ok(Adopted::Forwarded { old }) if old == tip), "{adopted:?}");
    let next = origin.commit("deploy/a", Some(theirs), "on theirs");
    assert_eq!(origin.push(remote, &[to("deploy/a", Some(theirs), next)]), [Pushed::Pushed]);
    assert_eq!(origin.local.git(&["show", "deploy/a:theirs"]), "theirs\n");
    origin.check_branches(&["deploy/a", "deploy/b", "other"]);
}

impl Origin {
    fn check_branches(&self, branches: &[&str]) {
        self.sound();
        for branch in branches {
            assert_eq!(self.tip(branch), self.local.tip(branch), "{branch}");
        }
    }
}

#[test]
fn a_branch_that_went_apart_is_left_alone() {
    let mut origin = Origin::new();
    let remote = origin.remote(Way::File).unwrap();
    let base = origin.commit("a", None, "1");
    origin.push(&remote, &[to("a", None, base)]);
    let theirs = origin.theirs("a", "x");
    let ours = origin.commit("a", Some(base), "2");
    let got = fetch(&remote, &mut origin.store.reader().unwrap(), &names(&["a"]), Depth::Tip).unwrap();
    assert_eq!(got["a"], theirs);
    let adopted = adopt(&mut origin.store, &[("a".to_owned(), theirs)]).unwrap();
    assert!(matches!(adopted[0], Ok(Adopted::Diverged { found }) if found == ours), "{adopted:?}");
    assert_eq!(origin.local.tip("a"), Some(ours));
    // their objects are here now: who plans on top of them can
    let tip = commit(&mut origin.store, "replanned", None, vec![put("x", "1")]);
    assert!(origin.store.reader().unwrap().commit(theirs).is_ok() && tip != ours);
    origin.sound();
}

#[test]
fn a_fetch_that_is_cut_off_leaves_nothing() {
    let mut origin = with_history(50);
    let remote = origin.remote(Way::Http).unwrap();
    for cut in [0, 3, 40, 60, 500] {
        origin.http.cut_answers_at(Some(cut));
        let result = fetch(&remote, &mut origin.store.reader().unwrap(), &names(&["deploy/a"]), Depth::Whole);
        let error = result.unwrap_err();
        assert!(error.is_transient(), "{cut}: {error}");
        let left: Vec<_> =
            walkdir::WalkDir::new(origin.local.repo.join("objects")).into_iter().flatten().collect();
        assert!(left.iter().all(|entry| entry.file_type().is_dir()), "{left:?}");
    }
    origin.http.cut_answers_at(None);
    let got = fetch(&remote, &mut origin.store.reader().unwrap(), &names(&["deploy/a"]), Depth::Whole);
    assert_eq!(got.unwrap().len(), 1);
}

#[test]
fn a_history_that_began_at_its_tip_is_fetched_deeper() {
    for way in WAYS {
        let mut origin = with_history(20);
        let Some(remote) = origin.remote(way) else { continue };
        let branches = names(&["deploy/a", "deploy/b"]);
        let mut reader = origin.store.reader().unwrap();
        let got = fetch(&remote, &mut reader, &branches, Depth::Tip).unwrap();
        let list: Vec<(String, Oid)> = got.into_iter().collect();
        adopt(&mut origin.store, &list).unwrap();
        let count = |origin: &Origin, branch: &str| origin.local.git(&["rev-list", "--count", branch]);
        for (commits, expected) in [(1, "1\n"), (5, "5\n"), (19, "19\n"), (100, "20\n"), (100, "20\n")] {
            deepen(&remote, &mut reader, &branches[..1], commits)
                .unwrap_or_else(|error| panic!("{way:?}: {error}"));
            assert_eq!(count(&origin, "deploy/a"), expected, "{way:?} {commits}");
            assert_eq!(count(&origin, "deploy/b"), "1\n", "{way:?} {commits}");
            origin.sound();
            let log = history::log(&reader, Some(list[0].1), "").collect::<Result<Vec<_>, _>>().unwrap();
            assert_eq!(format!("{}\n", log.len()), expected, "{way:?} {commits}");
        }
        deepen(&remote, &mut reader, &branches, 100).unwrap();
        assert!(reader.shallow().is_empty(), "{way:?}");
        origin.sound();
    }
}
