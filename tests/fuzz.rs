//! The fuzz targets of `fuzz/` on the toolchain of the project: every file of their corpus, and as it is changed at random.
//!
//! `make fuzz` searches, and this holds what it found. `PROMGIT_FUZZ_RUNS` is the number of changed inputs a file,
//! `PROMGIT_FUZZ_SEED` the seed of the changes.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "fuzz/change.rs"]
mod change;
#[path = "support/random.rs"]
mod random;
mod support;
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use random::Random;

/// Changed inputs a file: all targets together take some seconds in a debug build.
const RUNS: u64 = 12;

#[test]
fn archive() {
    smoke("archive");
}

#[test]
fn chart() {
    smoke("chart");
}

#[test]
fn delta() {
    smoke("delta");
}

#[test]
fn index() {
    smoke("index");
}

#[test]
fn mapping() {
    smoke("mapping");
}

#[test]
fn prometheus() {
    smoke("prometheus");
}

#[test]
fn record() {
    smoke("record");
}

#[test]
fn regex() {
    smoke("regex");
}

#[test]
fn remote() {
    smoke("remote");
}

#[test]
fn resource() {
    smoke("resource");
}

#[test]
fn schema() {
    smoke("schema");
}

#[test]
fn semver() {
    smoke("semver");
}

#[test]
fn template() {
    smoke("template");
}

#[test]
fn values() {
    smoke("values");
}

#[test]
fn yaml() {
    smoke("yaml");
}

#[test]
fn every_target_has_a_corpus_a_program_and_a_test() {
    let known: BTreeSet<_> = targets::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let fuzz = support::root().join("fuzz");
    let stems = |folder: &str| names(&fuzz.join(folder)).map(|path| stem(&path)).collect::<BTreeSet<_>>();
    assert_eq!(stems("corpus"), known, "fuzz/corpus");
    assert_eq!(stems("fuzz_targets"), known, "fuzz/fuzz_targets");
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).expect("fuzz/Cargo.toml");
    let own = include_str!("fuzz.rs");
    for name in known {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "fuzz/Cargo.toml has no {name}");
        assert!(own.contains(&format!("smoke(\"{name}\")")), "no test runs {name}");
    }
}

#[test]
fn a_target_that_panics_is_told_with_its_input() {
    let refuse: targets::Target = |data| assert!(!data.starts_with(b"bad"), "refused");
    assert_eq!(tried(refuse, b"good"), Ok(()));
    assert_eq!(tried(refuse, b"bad\0"), Err("refused".to_owned()));
}

/// Every file of the corpus of a target, as it is and changed.
fn smoke(name: &str) {
    let (_, run) = targets::TARGETS.iter().find(|(target, _)| *target == name).expect("a target");
    let files: Vec<_> = names(&support::root().join("fuzz/corpus").join(name)).collect();
    assert!(!files.is_empty(), "{name} has no corpus");
    let texts: Vec<_> = files.iter().map(|file| std::fs::read(file).expect("a readable file")).collect();
    let (runs, seed) = (number("PROMGIT_FUZZ_RUNS", RUNS), number("PROMGIT_FUZZ_SEED", 1));
    let mut random = Random(seed);
    let mut failed = Vec::new();
    for (file, text) in files.iter().zip(&texts) {
        for turn in 0..=runs {
            let input = if turn == 0 { text.clone() } else { change::change(text, &texts, &mut random) };
            if let Err(why) = tried(*run, &input) {
                let (file, input) = (file.display(), input.escape_ascii());
                failed.push(format!("{file}, seed {seed}, turn {turn}: {why}\n  printf '{input}'"));
            }
        }
    }
    assert!(failed.is_empty(), "{} inputs fail:\n{}", failed.len(), failed.join("\n"));
}

/// Runs a target and catches what it says when it panics. What it works on, it made itself.
fn tried(run: targets::Target, input: &[u8]) -> Result<(), String> {
    std::panic::catch_unwind(|| run(input)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

fn number(variable: &str, otherwise: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// What lies in a folder, sorted.
fn names(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths: BTreeSet<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.into_iter()
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("a name").to_string_lossy().into_owned()
}
