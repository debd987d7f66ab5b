//! A thousand clusters in a thousand namespaces: first time, one field each changed, nothing changed.

use std::path::Path;
use std::time::Duration;

use crate::bed::{Bed, MANY, save};
use crate::git_cli::{self, Worktree};
use crate::process::{self, Ended, mebibytes};
use crate::table::{Row, Table};
use crate::{median, milliseconds, times};

const ROUNDS: usize = 3;
/// Commits that the git command line is asked for; its time grows with their number.
const SAMPLE: usize = 60;

/// Adds the rows. `helm`: the time of one `helm template`, which the comparison with git alone leaves out.
pub fn measure(bed: &Bed, table: &mut Table, helm: Duration) {
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        all.push(self::round(bed, round + 1 == ROUNDS));
    }
    let column = |which: fn(&Round) -> &Ended| {
        let mut times: Vec<Duration> = all.iter().map(|round| which(round).took).collect();
        let most = all.iter().map(|round| which(round).most).max().unwrap_or(0);
        (median(&mut times), most)
    };
    let (first, most) = column(|round| &round.first);
    let (changed, most_changed) = column(|round| &round.changed);
    let (same, most_same) = column(|round| &round.same);
    let (git_first, git_changed) = all.iter().find_map(|round| round.git).expect("git was asked");

    let row = |work: String, time: Duration, git: Duration| Row {
        work,
        promgit: milliseconds(time),
        beside: format!("git command line, {SAMPLE} commits extrapolated: {}", milliseconds(git)),
        ratio: times(time, git),
        ..Row::default()
    };
    let limit = |limit: u64, words, time: Duration| Some((words, time <= Duration::from_secs(limit)));
    let work = format!("{MANY} clusters, empty → committed");
    table.add(Row { target: limit(10, "≤ 10 s", first), ..row(work, first, git_first) });
    let both = git_first + helm * MANY as u32;
    table.add(Row {
        work: "the same".into(),
        promgit: milliseconds(first),
        beside: format!("`helm template` each, then git: {}", milliseconds(both)),
        ratio: times(first, both),
        target: None,
    });
    let work = format!("{MANY} clusters, one field each changed");
    table.add(Row { target: limit(5, "≤ 5 s", changed), ..row(work, changed, git_changed) });
    table.add(Row {
        work: format!("restart with {MANY} unchanged, 0 commits"),
        promgit: milliseconds(same),
        target: limit(2, "≤ 2 s", same),
        ..Row::default()
    });
    let memory = |work: &str, most: u64| Row {
        work: format!("most resident memory, {MANY} clusters, {work}"),
        promgit: mebibytes(most),
        target: Some(("≤ 64 MiB", most <= 64 << 10)),
        ..Row::default()
    };
    table.add(memory("first time", most));
    table.add(memory("changed", most_changed));
    table.add(memory("unchanged", most_same));
}

struct Round {
    first: Ended,
    changed: Ended,
    same: Ended,
    /// Times of the git command line, extrapolated.
    git: Option<(Duration, Duration)>,
}

/// One life of a repository. It stays, for those who measure a running agent.
fn round(bed: &Bed, ask_git: bool) -> Round {
    let (folder, repository) = (bed.folder("fleet"), bed.folder("fleet.git"));
    (0..MANY).for_each(|number| save(&folder, number, 1));
    let first = once(bed, &folder, &repository, MANY);
    let before = git_cli::tips(&repository, SAMPLE);
    (0..MANY).for_each(|number| save(&folder, number, 2));
    let changed = once(bed, &folder, &repository, MANY);
    let after = git_cli::tips(&repository, SAMPLE);
    let same = once(bed, &folder, &repository, 0);
    let git = ask_git.then(|| {
        let worktree = Worktree::new(bed);
        let full = |time: Duration| time.mul_f64(MANY as f64 / SAMPLE as f64);
        (full(worktree.commit(&before, true)), full(worktree.commit(&after, false)))
    });
    Round { first, changed, same, git }
}

fn once(bed: &Bed, folder: &Path, repository: &Path, commits: usize) -> Ended {
    let ended = process::run(bed.agent(folder, repository).arg("--once"));
    assert_eq!(ended.stdout.lines().count(), commits, "one line for each commit");
    ended
}
