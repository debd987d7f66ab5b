//! Numbers, by hand: `cargo test --release --test remote speed -- --ignored --nocapture --test-threads 1`.

use std::time::{Duration, Instant};

use promgit::git::{Batch, Oid};
use promgit::remote::push::Pushed;

use crate::bed::{all_moved, made, put, spec};
use crate::origin::{Origin, Way, to};

/// Commits on each of so many branches, on both sides.
fn fill(origin: &mut Origin, branches: usize, commits: usize) -> Vec<Option<Oid>> {
    let remote = origin.remote(Way::File).unwrap();
    let mut tips = vec![None; branches];
    for round in 0..commits {
        let mut batch = Batch::begin(&mut origin.store).unwrap();
        for (i, tip) in tips.iter_mut().enumerate() {
            let edits = vec![
                put("one/values.yaml", &format!("{i}")),
                put("one/manifests/x.yaml", &format!("{round} {i}")),
            ];
            *tip = Some(made(batch.commit(&spec(&format!("deploy/ns{i:04}"), *tip, edits)).unwrap()));
        }
        all_moved(&batch.flush().unwrap());
        if promgit::git::consolidate::is_due(&origin.store).unwrap() {
            promgit::git::consolidate::run(&mut origin.store).unwrap();
        }
    }
    let all: Vec<_> =
        (0..branches).map(|i| to(&format!("deploy/ns{i:04}"), None, tips[i].unwrap())).collect();
    if !all.is_empty() {
        let start = Instant::now();
        assert_eq!(origin.push(&remote, &all), vec![Pushed::Pushed; branches]);
        println!("  first push of {} commits by path: {:?}", branches * commits, start.elapsed());
    }
    tips
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[test]
#[ignore = "measures"]
fn one_change_to_a_remote() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (branches, commits) = (number("BRANCHES", 200), number("COMMITS", 100));
    for (branches, commits) in [(0, 0), (branches, commits)] {
        let mut origin = Origin::new();
        println!("{branches} branches with {commits} commits each");
        let tips = fill(&mut origin, branches, commits);
        for way in [Way::Http, Way::File, Way::Ssh] {
            let Some(remote) = origin.remote(way) else { continue };
            let branch = format!("deploy/ns{:04}", way as usize);
            let mut tip = tips.get(way as usize).copied().flatten();
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for round in 0..21 {
                let next = origin.commit(&branch, tip, &format!("r{round}"));
                let start = Instant::now();
                assert_eq!(origin.push(&remote, &[to(&branch, tip, next)]), [Pushed::Pushed]);
                ours.push(start.elapsed());
                tip = Some(next);
            }
            for round in 0..21 {
                let next = origin.commit(&branch, tip, &format!("g{round}"));
                let (url, ssh) = address(&origin, way);
                let mut command = origin.local.command(&origin.local.repo, &["push", "-q", &url, &branch]);
                let start = Instant::now();
                assert!(command.env("GIT_SSH_COMMAND", ssh).status().unwrap().success());
                theirs.push(start.elapsed());
                tip = Some(next);
            }
            println!("  {way:?}: p50 {:?}; git push: p50 {:?}", median(ours), median(theirs));
        }
    }
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

#[test]
#[ignore = "measures"]
fn memory_of_a_thousand_new_branches() {
    let high = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        status.lines().find(|line| line.starts_with("VmHWM")).unwrap().to_owned()
    };
    let mut origin = Origin::new();
    let remote = origin.remote(Way::File).unwrap();
    let mut batch = Batch::begin(&mut origin.store).unwrap();
    let mut all = Vec::new();
    for i in 0..1000 {
        let name = format!("deploy/ns{i:04}");
        let file = |j| {
            let text: String = (0..40).map(|line| format!("field{line}: value of {i} {j}\n")).collect();
            put(&format!("one/manifests/{j}.yaml"), &text)
        };
        let tip = made(batch.commit(&spec(&name, None, (0..9).map(file).collect())).unwrap());
        all.push(to(&name, None, tip));
    }
    all_moved(&batch.flush().unwrap());
    println!("before: {}", high());
    let start = Instant::now();
    assert_eq!(origin.push(&remote, &all), vec![Pushed::Pushed; 1000]);
    println!("after: {}, took {:?}", high(), start.elapsed());
}
