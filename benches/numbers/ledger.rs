//! What a commit costs in the ledger, from its files in memory until it is durable: time, fsyncs, disk, memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use promgit::git::account::packed;

use crate::bed::{Bed, MANY, save};
use crate::git_cli::{self, Files, Worktree};
use crate::ledger_child::{self, Writer};
use crate::process::{self, mebibytes};
use crate::table::{Row, Table};
use crate::{median, milliseconds, quantile};

const ROUNDS: usize = 5;
/// Commits that the git command line is asked for.
const SAMPLE: usize = 60;
/// Commits on each branch of a repository that is old.
const AGE: usize = 100;
/// Branches and rounds of the agent's own commits.
const OWN: usize = 20;
const OWN_ROUNDS: usize = 20;
/// Single changes, and the pause between two of them.
const CHANGES: usize = 300;
const PAUSE: Duration = Duration::from_millis(15);
/// Flushes of these sizes are counted.
const SIZES: [usize; 5] = [1, 2, 9, 100, MANY];

/// Adds the rows.
pub fn measure(bed: &Bed, table: &mut Table) {
    many(bed, table);
    let old = bed.folder("old.git");
    age(bed, &old, table);
    own_commits(bed, table);
    let [empty, aged] = in_turns([&bed.folder("empty.git"), &old]);
    table.add(single("one change, idle: received → durable", empty, None));
    let work = format!("the same in a repository of {} commits on {MANY} branches", MANY * AGE);
    table.add(single(&work, aged, Some(empty)));
    fsyncs(bed, &old, table);
}

/// A thousand commits in one flush, beside git.
fn many(bed: &Bed, table: &mut Table) {
    let (mut first, mut later) = (Vec::new(), Vec::new());
    let mut git = None;
    for round in 0..ROUNDS {
        let repository = bed.folder("ledger.git");
        let mut writer = Writer::open(&repository);
        first.push(timed(|| writer.flush(0..MANY, 0, usize::MAX)));
        let before = git_cli::tips(&repository, SAMPLE);
        later.push(timed(|| writer.flush(0..MANY, 1, 1)));
        if round == 0 {
            let after = git_cli::tips(&repository, SAMPLE);
            let worktree = Worktree::new(bed);
            git = Some((worktree.commit(&before, true), worktree.commit(&changed(&before, &after), false)));
        }
    }
    let git = git.expect("git was asked");
    let work = format!("{MANY} new branches x 9 files, durable");
    table.add(rate(work, median(&mut first), git.0, ("≥ 1,400 commits/s, ≥ 25x", 1400.0, 25.0)));
    let work = format!("one changed file on each of {MANY} branches, durable");
    table.add(rate(work, median(&mut later), git.1, ("≥ 5,000 commits/s, ≥ 50x", 5000.0, 50.0)));
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Of each branch the files that differ.
fn changed(before: &[Files], after: &[Files]) -> Vec<Files> {
    let differs = |old: &Files, new: &Files| -> Files {
        let new = new.iter().filter(|(path, bytes)| old.get(*path) != Some(bytes));
        new.map(|(path, bytes)| (path.clone(), bytes.clone())).collect::<BTreeMap<_, _>>()
    };
    before.iter().zip(after).map(|(old, new)| differs(old, new)).collect()
}

fn rate(work: String, ours: Duration, git: Duration, target: (&'static str, f64, f64)) -> Row {
    let per_second = |count: usize, time: Duration| count as f64 / time.as_secs_f64();
    let (ours, git) = (per_second(MANY, ours), per_second(SAMPLE, git));
    let (words, least, ratio) = target;
    Row {
        work,
        promgit: format!("{ours:.0} commits/s"),
        beside: format!("git command line, {SAMPLE} commits: {git:.0} commits/s"),
        ratio: format!("{:.0}x", ours / git),
        target: Some((words, ours >= least && ours / git >= ratio)),
    }
}

/// p50 and p99 of single changes of branches, in both repositories by turns: what else the machine does hits both.
fn in_turns(repositories: [&Path; 2]) -> [(Duration, Duration); 2] {
    let mut writers = repositories.map(Writer::open);
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..CHANGES {
        for (writer, times) in writers.iter_mut().zip(&mut times) {
            sleep(PAUSE);
            times.push(timed(|| writer.flush([round * 7 % MANY].into_iter(), 1000 + round, 1)));
            writer.tidy();
        }
    }
    times.map(|mut times| (quantile(&mut times, 0.5), quantile(&mut times, 0.99)))
}

fn single(work: &str, times: (Duration, Duration), than: Option<(Duration, Duration)>) -> Row {
    let (half, most) = times;
    let limit = Duration::from_millis(10);
    let (ratio, target) = match than {
        None => (String::new(), ("p50 ≤ 10 ms", half <= limit)),
        Some((empty, _)) => {
            let ratio = half.as_secs_f64() / empty.as_secs_f64();
            (format!("{ratio:.2}x the empty one"), ("≤ 1.2x", ratio <= 1.2))
        }
    };
    let promgit = format!("p50 {}, p99 {}", milliseconds(half), milliseconds(most));
    Row { work: work.into(), promgit, ratio, target: Some(target), ..Row::default() }
}

/// Makes an old repository, and adds what it takes.
fn age(bed: &Bed, repository: &Path, table: &mut Table) {
    let filled = process::run(&mut ledger_child::command(bed, repository, &format!("fill {AGE}")));
    let (packs, _) = packed(repository).expect("packs");
    let merged = process::run(&mut ledger_child::command(bed, repository, "merge"));
    let (_, bytes) = packed(repository).expect("packs");
    let each = bytes as f64 / (MANY * AGE) as f64 / 1024.0;
    let most = filled.most.max(merged.most);
    table.add(Row {
        work: format!(
            "{MANY} branches x {AGE} commits of one changed file: disk of a commit after consolidation"
        ),
        promgit: format!("{each:.2} KB"),
        beside: format!("{packs} packs before"),
        target: Some(("≤ 2 KB", each <= 2.0)),
        ..Row::default()
    });
    table.add(Row {
        work: "the same, most resident memory of who writes and who consolidates all".into(),
        promgit: format!("{}, {}", mebibytes(filled.most), mebibytes(merged.most)),
        beside: format!("took {}, {}", milliseconds(filled.took), milliseconds(merged.took)),
        target: Some(("≤ 64 MiB", most <= 64 << 10)),
        ..Row::default()
    });
}

/// What a commit of the agent takes, in which five files change: as the agent packs it, and as git does.
fn own_commits(bed: &Bed, table: &mut Table) {
    let (folder, repository) = (bed.folder("own"), bed.folder("own.git"));
    for round in 0..OWN_ROUNDS {
        (0..OWN).for_each(|number| save(&folder, number, 1 + round));
        process::run(bed.agent(&folder, &repository).arg("--once"));
    }
    process::run(&mut ledger_child::command(bed, &repository, "merge"));
    let each = |bytes: u64| bytes as f64 / (OWN * OWN_ROUNDS) as f64 / 1024.0;
    let (_, bytes) = packed(&repository).expect("packs");
    process::run(bed.git(&repository).args(["repack", "-adfq", "--depth=50", "--window=250"]));
    let (_, deltas) = packed(&repository).expect("packs");
    table.add(Row {
        work: format!("{OWN} branches x {OWN_ROUNDS} commits of the agent, `replicas` changed: the same"),
        promgit: format!("{:.2} KB", each(bytes)),
        beside: format!("`git repack`, window 250: {:.2} KB", each(deltas)),
        ratio: format!("{:.1}x", deltas as f64 / bytes as f64),
        target: Some(("≤ 2 KB", each(bytes) <= 2.0)),
    });
}

/// Counts the system calls that wait for the disk.
fn fsyncs(bed: &Bed, repository: &Path, table: &mut Table) {
    let calls = "trace=fsync,fdatasync,sync_file_range,syncfs,sync,msync";
    let counts: Option<Vec<usize>> = SIZES
        .iter()
        .map(|size| {
            let child = ledger_child::command(bed, repository, &format!("flush {size}"));
            let log = bed.path("calls");
            let mut strace = Command::new("strace");
            strace.args(["-f", "-qq", "-e", calls, "-e", "signal=none", "-o"]).arg(&log);
            strace.arg(child.get_program());
            strace.envs(child.get_envs().filter_map(|(key, value)| Some((key, value?))));
            let done = strace.status().ok()?;
            assert!(done.success(), "strace");
            let log = std::fs::read_to_string(log).expect("the calls");
            Some(log.lines().filter(|line| line.contains("sync") && line.contains('(')).count())
        })
        .collect();
    let Some(counts) = counts else { return eprintln!("strace is missing: fsyncs are not counted") };
    let most = counts.iter().max().copied().unwrap_or(0);
    let list = |numbers: &[usize]| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    table.add(Row {
        work: format!("fsyncs of a flush of {} commits", list(&SIZES)),
        promgit: list(&counts),
        target: Some(("≤ 6", most <= 6)),
        ..Row::default()
    });
}
