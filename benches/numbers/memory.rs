//! Resident memory of an agent that waits, and the size of its binary.

use std::fs;

use crate::agent::Agent;
use crate::bed::{Bed, save};
use crate::milliseconds;
use crate::process::mebibytes;
use crate::table::{Row, Table};

/// Adds the rows. Needs the fleet's folder and repository.
pub fn measure(bed: &Bed, table: &mut Table) {
    let agent = Agent::start(bed, &bed.path("fleet"), &bed.path("fleet.git"));
    let [now, most] = ["VmRSS", "VmHWM"].map(|key| agent.memory(key));
    table.add(Row {
        work: "running agent, 1000 clusters, restarted".into(),
        promgit: format!("{}, at most {}", mebibytes(now), mebibytes(most)),
        beside: format!("ready after {}", milliseconds(agent.ready)),
        target: Some(("≤ 64 MiB", most <= 64 << 10)),
        ..Row::default()
    });
    drop(agent);
    let few = bed.folder("few");
    (0..5).for_each(|number| save(&few, number, 1));
    let agent = Agent::start(bed, &few, &bed.folder("few.git"));
    let now = agent.memory("VmRSS");
    table.add(Row {
        work: "idle agent, 5 clusters".into(),
        promgit: mebibytes(now),
        target: Some(("≤ 25 MiB", now <= 25 << 10)),
        ..Row::default()
    });
    let bytes = fs::metadata(env!("CARGO_BIN_EXE_promgit")).expect("the binary").len();
    table.add(Row {
        work: "binary, stripped".into(),
        promgit: format!("{:.1} MB", bytes as f64 / 1e6),
        target: Some(("≤ 20 MB", bytes <= 20_000_000)),
        ..Row::default()
    });
}
