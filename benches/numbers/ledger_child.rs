//! A repository filled or flushed once by a process that does nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;

use promgit::git::{Batch, CommitSpec, Edit, Oid, Options, Outcome, Signature, Store, consolidate};

use crate::bed::Bed;

/// What the process is to do: `fill 100`, `flush 9`, `merge`.
const ROLE: &str = "PROMGIT_BENCH_ROLE";
const REPOSITORY: &str = "PROMGIT_BENCH_REPOSITORY";

/// Files of a cluster, as the shipped chart makes them.
const FILES: usize = 9;
/// Lines of one of them.
const LINES: usize = 40;

/// This program as a process that does that.
pub fn command(bed: &Bed, repository: &Path, role: &str) -> Command {
    let program = std::env::current_exe().expect("this program");
    let mut command = crate::support::hermetic(program, &bed.path("."));
    command.env(ROLE, role).env(REPOSITORY, repository);
    command
}

/// Does what this process was started for; false where it was started by a person.
pub fn run() -> bool {
    let Ok(role) = std::env::var(ROLE) else { return false };
    let path = PathBuf::from(std::env::var_os(REPOSITORY).expect("a repository"));
    let mut writer = Writer::open(&path);
    match role.split_once(' ') {
        Some(("fill", rounds)) => {
            for round in 0..rounds.parse().expect("a number") {
                writer.flush(0..crate::bed::MANY, round, if round == 0 { FILES } else { 1 });
                writer.tidy();
            }
        }
        Some(("flush", branches)) => {
            let round = std::process::id() as usize;
            writer.flush(0..branches.parse().expect("a number"), round, 1);
        }
        _ => drop(consolidate::all(&mut writer.store).expect("a merge")),
    }
    true
}

/// A repository and its tips.
pub struct Writer {
    pub store: Store,
    tips: Vec<Option<Oid>>,
}

impl Writer {
    pub fn open(path: &Path) -> Writer {
        let store = Store::open(path, &Options::default()).expect("the repository opens");
        let known = store.reader().expect("a reader").branches("").expect("branches");
        let tips = (0..crate::bed::MANY).map(|number| known.get(&branch(number)).copied()).collect();
        Writer { store, tips }
    }

    /// A commit on each of these branches, durable together. `files`: how many are others than in other rounds.
    pub fn flush(&mut self, branches: impl Iterator<Item = usize>, round: usize, files: usize) {
        let mut batch = Batch::begin(&mut self.store).expect("a batch");
        for number in branches {
            let tip = &mut self.tips[number];
            let spec = spec(number, *tip, round, if tip.is_none() { FILES } else { files });
            match batch.commit(&spec).expect("a commit") {
                Outcome::Committed(oid) => *tip = Some(oid),
                Outcome::Unchanged => panic!("nothing changed"),
            }
        }
        let updates = batch.flush().expect("a flush");
        assert!(updates.iter().all(|update| update.result.is_ok()), "{updates:?}");
    }

    /// What the agent does between flushes.
    pub fn tidy(&mut self) {
        if consolidate::is_due(&self.store).expect("packs") {
            consolidate::run(&mut self.store).expect("a consolidation");
        }
    }
}

pub fn branch(number: usize) -> String {
    format!("deploy/{}", crate::bed::namespace(number))
}

/// The `count` first files of a branch as they are in a round.
fn edits(number: usize, round: usize, count: usize) -> Vec<Edit> {
    let file = |file: usize| {
        let lines = (0..LINES).map(|line| format!("field{line}: value of {number} {file} {round}\n"));
        let bytes = lines.collect::<String>().into_bytes();
        Edit::Put { path: format!("main/manifests/object{file}.yaml"), bytes }
    };
    (0..count).map(file).collect()
}

fn spec(number: usize, expected: Option<Oid>, round: usize, files: usize) -> CommitSpec {
    let seconds = 1_700_000_000 + i64::try_from(round).unwrap_or(0);
    let who = Signature { name: "promgit".into(), email: "promgit@localhost".into(), seconds, offset: 0 };
    CommitSpec {
        branch: branch(number),
        expected,
        edits: edits(number, round, files),
        message: format!("main: change {round}\n\nCluster: {number}/main\nGeneration: {round}\n"),
        author: who.clone(),
        committer: who,
        signer: None,
    }
}
