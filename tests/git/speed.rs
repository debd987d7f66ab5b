//! Numbers, by hand: `cargo test --release --test git speed -- --ignored --nocapture`.

use std::time::Instant;

use promgit::git::{Batch, consolidate};

use crate::bed::{Bed, all_moved, made, put, spec};

const BRANCHES: usize = 1000;

fn edits(branch: usize, round: usize, changed: usize) -> Vec<promgit::git::Edit> {
    let file = |i: usize| {
        let round = if i < changed { round } else { 0 };
        let text: String =
            (0..40).map(|line| format!("field{line}: value of {branch} {i} {round}\n")).collect();
        put(&format!("simple/manifests/object{i}.yaml"), &text)
    };
    (0..8).map(file).collect()
}

#[test]
#[ignore = "measures"]
fn a_thousand_branches() {
    let bed = Bed::new();
    let mut store = bed.open();
    let mut tips = vec![None; BRANCHES];
    for (round, what) in ["first", "later (8 files)", "later (8 files)", "later (1 file)"].iter().enumerate()
    {
        let start = Instant::now();
        let changed = if what.contains('1') { 1 } else { 8 };
        let mut batch = Batch::begin(&mut store).unwrap();
        for (i, tip) in tips.iter_mut().enumerate() {
            let spec = spec(&format!("deploy/ns{i}"), *tip, edits(i, round, changed));
            *tip = Some(made(batch.commit(&spec).unwrap()));
        }
        let staged = start.elapsed();
        all_moved(&batch.flush().unwrap());
        let took = start.elapsed();
        println!(
            "{what}: {:.0} commits/s, staged {staged:?}, flushed {took:?}",
            BRANCHES as f64 / took.as_secs_f64()
        );
    }
    println!(
        "{}",
        std::fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .find(|l| l.starts_with("VmHWM"))
            .unwrap()
    );
    bed.check();
}

#[test]
#[ignore = "measures"]
fn one_commit_at_a_time() {
    let bed = Bed::new();
    let mut store = bed.open();
    let mut tip = None;
    let mut times = Vec::new();
    for round in 0..300 {
        let start = Instant::now();
        let mut batch = Batch::begin(&mut store).unwrap();
        tip = Some(made(batch.commit(&spec("deploy/a", tip, edits(0, round, 1))).unwrap()));
        all_moved(&batch.flush().unwrap());
        if consolidate::is_due(&store).unwrap() {
            consolidate::run(&mut store).unwrap();
        }
        times.push(start.elapsed());
    }
    times.sort();
    println!("one at a time: p50 {:?}, p99 {:?}, max {:?}", times[150], times[297], times[299]);
    bed.check();
}
