//! Speed and memory of the release binary, beside `helm` and `git` in the same run, as one table: `make bench`.
//!
//! Wall time, medians; `docs/performance.md` says what the rows mean and keeps the last numbers.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement runs processes, reads the clock, prints, and stops at the first surprise"
)]

mod agent;
mod bed;
mod big;
mod charts;
mod delivery;
mod fleet;
mod git_cli;
mod ledger;
mod ledger_child;
mod machine;
mod memory;
mod process;
mod pushes;
mod render;
mod saves;
mod table;

#[path = "../../tests/support/bed.rs"]
mod control_plane;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use bed::Bed;
use table::Table;

fn main() {
    // A process of its own, whose memory and system calls are looked at.
    if ledger_child::run() {
        return;
    }
    println!("{}", machine::facts());
    let bed = Bed::new();
    let mut table = Table::default();
    // One part alone: `cargo bench --bench numbers -- ledger`.
    let only = |part: &str| std::env::args().any(|word| word == part);
    if only("charts") {
        big::measure(&bed, &mut table);
        return println!("{table}");
    }
    if only("ledger") {
        ledger::measure(&bed, &mut table);
        pushes::measure(&bed, &mut table);
        return println!("{table}");
    }
    if only("delivery") {
        delivery::measure(&bed, &mut table);
        return println!("{table}");
    }
    let helm = render::measure(&bed, &mut table);
    big::measure(&bed, &mut table);
    fleet::measure(&bed, &mut table, helm);
    saves::measure(&bed, &mut table);
    memory::measure(&bed, &mut table);
    ledger::measure(&bed, &mut table);
    pushes::measure(&bed, &mut table);
    delivery::measure(&bed, &mut table);
    println!("{table}");
}

/// Milliseconds with as many digits as are worth reading.
fn milliseconds(time: Duration) -> String {
    let value = time.as_secs_f64() * 1e3;
    match value {
        0.0..10.0 => format!("{value:.2} ms"),
        10.0..1000.0 => format!("{value:.0} ms"),
        _ => format!("{:.2} s", value / 1e3),
    }
}

/// The value below which `share` of all values lie; sorts them.
fn quantile(values: &mut [Duration], share: f64) -> Duration {
    values.sort_unstable();
    let at = (values.len() as f64 * share).ceil() as usize;
    values[at.clamp(1, values.len()) - 1]
}

fn median(values: &mut [Duration]) -> Duration {
    quantile(values, 0.5)
}

fn times(faster: Duration, slower: Duration) -> String {
    format!("{:.1}x", slower.as_secs_f64() / faster.as_secs_f64())
}
