//! One file saved → its commit durable, with an agent that runs.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::agent::Agent;
use crate::bed::{Bed, MANY, save};
use crate::table::{Row, Table};
use crate::{milliseconds, quantile};

const SAVES: usize = 100;
/// The pauses between saves differ, so that they do not fall into step with the agent's own waiting.
const PAUSES: [u64; 7] = [40, 51, 67, 83, 102, 129, 150];

/// Adds the rows. Needs the fleet's folder and repository.
pub fn measure(bed: &Bed, table: &mut Table) {
    let few = bed.folder("few");
    (0..5).for_each(|number| save(&few, number, 1));
    let agent = Agent::start(bed, &few, &bed.folder("few.git"));
    row(table, "5 clusters", &agent, &few, 5);
    drop(agent);
    let agent = Agent::start(bed, &bed.path("fleet"), &bed.path("fleet.git"));
    row(table, "1000 clusters", &agent, &bed.path("fleet"), MANY);
}

fn row(table: &mut Table, clusters: &str, agent: &Agent, folder: &Path, count: usize) {
    let mut times: Vec<Duration> = (0..SAVES)
        .map(|round| {
            sleep(Duration::from_millis(PAUSES[round % PAUSES.len()]));
            let replicas = 3 + round;
            let start = Instant::now();
            save(folder, round * 7 % count, replicas);
            agent.commit(&format!("→ {replicas}")).duration_since(start)
        })
        .collect();
    let [half, most] = [0.5, 0.99].map(|share| quantile(&mut times, share));
    let met = half <= Duration::from_millis(250) && most <= Duration::from_secs(1);
    table.add(Row {
        work: format!("one file saved → commit durable, {clusters}"),
        promgit: format!("p50 {}, p99 {}", milliseconds(half), milliseconds(most)),
        target: Some(("p50 ≤ 250 ms, p99 ≤ 1 s", met)),
        ..Row::default()
    });
}
