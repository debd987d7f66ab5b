//! Folders of charts turned into a table of how far `promgit template` equals the real helm: `make parity CHARTS=DIR`.
//!
//! Asked are the release binary and helm, as processes, so that a panic or a full stack shows as what it is.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a comparison runs processes, reads folders, waits, and prints"
)]

mod ask;
mod charts;
mod masks;
mod report;
mod verdict;

#[path = "../../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use charts::Case;
use report::Report;

const USAGE: &str = "usage: make parity CHARTS=DIR [ARGS='--include-crds …']  (ARGS go to both programs)";

fn main() -> ExitCode {
    let (folders, flags) = arguments();
    let cases: Vec<Case> = folders.iter().flat_map(|folder| charts::below(folder)).collect();
    if cases.is_empty() {
        eprintln!("{USAGE}\nno chart below {folders:?}");
        return ExitCode::from(2);
    }
    let report = Mutex::new(Report::new(cases.len()));
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = ask::both(case, &flags);
                    report.lock().expect("no worker panicked").add(case, verdict);
                }
            });
        }
    });
    let report = report.into_inner().expect("no worker panicked");
    println!("{report}");
    if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Folders (and charts), and from the first flag on what both programs are given. `cargo bench` adds a flag of its own.
fn arguments() -> (Vec<PathBuf>, Vec<String>) {
    let all: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let flags = all.iter().position(|argument| argument.starts_with('-')).unwrap_or(all.len());
    let folders = all[..flags].iter().map(|folder| {
        let folder = PathBuf::from(folder);
        folder.canonicalize().unwrap_or(folder)
    });
    (folders.collect(), all[flags..].to_vec())
}
