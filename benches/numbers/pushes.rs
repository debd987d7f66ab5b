//! One change until it is on a git server, and what the first push of a thousand branches takes, beside `git push`.

use std::time::{Duration, Instant};

use promgit::git::{Batch, Oid, Outcome, consolidate};
use promgit::remote::push::{BranchPush, Pushed};

#[path = "../../tests/git/bed.rs"]
#[allow(clippy::duplicate_mod)]
mod bed;
#[path = "../../tests/support/git_http.rs"]
mod git_http;
#[path = "../../tests/remote/origin.rs"]
#[allow(dead_code)]
mod origin;
#[path = "../../tests/remote/sshd.rs"]
#[allow(dead_code)]
mod sshd;

use origin::{Origin, WAYS, Way, to};

use crate::bed::{Bed, MANY};
use crate::table::{Row, Table};
use crate::{median, milliseconds, times};

const PUSHES: usize = 21;
/// The bigger of the two repositories that changes are pushed from and to.
const BRANCHES: usize = 200;
const COMMITS: usize = 100;

/// Adds the rows.
pub fn measure(_: &Bed, table: &mut Table) {
    for (branches, commits) in [(0, 0), (BRANCHES, COMMITS)] {
        let mut origin = Origin::new();
        let tips = fill(&mut origin, branches, commits);
        for way in WAYS {
            let tip = tips.get(way as usize).copied().flatten();
            if let Some((ours, git)) = one_change(&mut origin, way, tip) {
                table.add(row(way, branches * commits, ours, git));
            }
        }
    }
    first(table);
}

fn row(way: Way, commits: usize, ours: Duration, git: Duration) -> Row {
    let where_to =
        if commits == 0 { "an empty remote".into() } else { format!("a remote of {commits} commits") };
    let limit = Duration::from_millis(150);
    Row {
        work: format!("one change, idle: received → durable → on {where_to}, {way:?}"),
        promgit: format!("p50 {}", milliseconds(ours)),
        beside: format!("`git push` alone: p50 {}", milliseconds(git)),
        ratio: times(ours, git),
        target: (way == Way::Http).then_some(("p50 ≤ 150 ms", ours <= limit)),
    }
}

/// Commits on each of so many branches, on both sides.
fn fill(origin: &mut Origin, branches: usize, commits: usize) -> Vec<Option<Oid>> {
    let mut tips = vec![None; branches];
    for round in 0..commits {
        let mut batch = Batch::begin(&mut origin.store).expect("a batch");
        for (number, tip) in tips.iter_mut().enumerate() {
            let name = branch(number);
            let edits = origin::files(&name, &format!("{round} {number}"));
            *tip = Some(made(batch.commit(&bed::spec(&name, *tip, edits)).expect("a commit")));
        }
        bed::all_moved(&batch.flush().expect("a flush"));
        if consolidate::is_due(&origin.store).expect("packs") {
            consolidate::run(&mut origin.store).expect("a consolidation");
        }
    }
    if branches > 0 {
        let all: Vec<_> =
            (0..branches).map(|number| to(&branch(number), None, tips[number].expect("a tip"))).collect();
        push_all(origin, &all);
    }
    tips
}

fn branch(number: usize) -> String {
    format!("deploy/ns{number:04}")
}

fn made(outcome: Outcome) -> Oid {
    bed::made(outcome)
}

fn push_all(origin: &mut Origin, all: &[BranchPush]) {
    let remote = origin.remote(Way::File).expect("a path");
    assert_eq!(origin.push(&remote, all), vec![Pushed::Pushed; all.len()]);
}

/// Medians of commit and push by promgit, and of `git push` of a commit that is there.
fn one_change(origin: &mut Origin, way: Way, mut tip: Option<Oid>) -> Option<(Duration, Duration)> {
    let remote = origin.remote(way)?;
    let branch = branch(way as usize);
    let (mut ours, mut git) = (Vec::new(), Vec::new());
    for round in 0..PUSHES {
        let start = Instant::now();
        let next = origin.commit(&branch, tip, &format!("r{round}"));
        assert_eq!(origin.push(&remote, &[to(&branch, tip, next)]), [Pushed::Pushed]);
        ours.push(start.elapsed());
        let after = origin.commit(&branch, Some(next), &format!("g{round}"));
        let (url, ssh) = address(origin, way);
        let mut command = origin.local.command(&origin.local.repo, &["push", "-q", &url, &branch]);
        let start = Instant::now();
        assert!(command.env("GIT_SSH_COMMAND", ssh).status().expect("git").success());
        git.push(start.elapsed());
        tip = Some(after);
    }
    Some((median(&mut ours), median(&mut git)))
}

/// As git wants it.
fn address(origin: &Origin, way: Way) -> (String, String) {
    let path = origin.path.display();
    match (way, &origin.sshd) {
        (Way::Http, _) => (origin.http.url("/origin.git"), String::new()),
        (Way::Ssh, Some(sshd)) => {
            let folder = sshd.folder.display();
            let ssh = format!(
                "ssh -i {folder}/key -o UserKnownHostsFile={folder}/known_hosts -o IdentitiesOnly=yes"
            );
            (format!("ssh://root@127.0.0.1:{}{path}", sshd.port), ssh)
        }
        _ => (path.to_string(), String::new()),
    }
}

/// A thousand new branches in one push.
fn first(table: &mut Table) {
    let mut origin = Origin::new();
    fill_once(&mut origin);
    let all: Vec<_> = {
        let reader = origin.store.reader().expect("a reader");
        let tips = reader.branches("").expect("branches");
        tips.into_iter().map(|(name, tip)| to(&name, None, tip)).collect()
    };
    let start = Instant::now();
    push_all(&mut origin, &all);
    let ours = start.elapsed();
    let second = origin.path.with_file_name("second.git");
    origin
        .local
        .git_in(origin.local.folder.path(), &["init", "-q", "--bare", second.to_str().expect("a path")]);
    let start = Instant::now();
    origin.local.git(&["push", "-q", second.to_str().expect("a path"), "refs/heads/*:refs/heads/*"]);
    let git = start.elapsed();
    table.add(Row {
        work: format!("first push of {MANY} new branches x 9 files, File"),
        promgit: milliseconds(ours),
        beside: format!("`git push`: {}", milliseconds(git)),
        ratio: times(ours, git),
        target: None,
    });
}

fn fill_once(origin: &mut Origin) {
    let mut batch = Batch::begin(&mut origin.store).expect("a batch");
    for number in 0..MANY {
        let file = |file| {
            let text: String =
                (0..40).map(|line| format!("field{line}: value of {number} {file}\n")).collect();
            bed::put(&format!("one/manifests/{file}.yaml"), &text)
        };
        made(batch.commit(&bed::spec(&branch(number), None, (0..9).map(file).collect())).expect("a commit"));
    }
    bed::all_moved(&batch.flush().expect("a flush"));
}
