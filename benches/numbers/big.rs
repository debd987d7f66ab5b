//! Big charts rendered as a process and in this one, beside `helm template` on the same chart; same bytes.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use promgit::chart::load;
use promgit::render::capabilities::Capabilities;
use promgit::render::outside::Outside;
use promgit::render::policy::{Hermetic, Policy};
use promgit::render::release::Release;
use promgit::render::{self, Prepared, Request, engine, text};
use promgit::template::budgets::{Limits, STACK};
use promgit::template::frozen::Frozen;

use crate::bed::Bed;
use crate::process::{self, Ended, mebibytes};
use crate::table::{Row, Table};
use crate::{charts, median, milliseconds, times};

/// Enough for a median that a busy neighbour does not move.
const WARM: usize = 60;
const PROCESSES: usize = 11;

/// Resident memory of a render of the big chart, in KiB.
const MAX_MEMORY: u64 = 64 << 10;

/// Adds the rows.
pub fn measure(bed: &Bed, table: &mut Table) {
    let prometheus = bed.folder("prometheus-like");
    charts::prometheus_like(&prometheus);
    one(bed, table, "chart with 5 subcharts", &prometheus);
    let stack = bed.folder("stack-like");
    charts::stack_like(&stack);
    one(bed, table, "operator's stack", &stack);
}

fn one(bed: &Bed, table: &mut Table, name: &str, chart: &Path) {
    let (mut ours, mut helms) = (Vec::new(), Vec::new());
    let (mut most, mut printed) = (0, 0);
    for _ in 0..PROCESSES {
        let (our, helm) = (run(bed.promgit(), chart), run(bed.helm(), chart));
        assert_eq!(our.stdout, helm.stdout, "promgit and helm print the same");
        printed = our.stdout.len();
        most = most.max(our.most);
        ours.push(our.took);
        helms.push(helm.took);
    }
    let (cold, helm, warm) = (median(&mut ours), median(&mut helms), warm(chart));
    let size = format!("{name} ({:.1} MB, prints {} KB)", size(chart) as f64 / 1e6, printed / 1000);
    let beside = format!("helm template: {}", milliseconds(helm));
    let row = |work: String, time: Duration, target| Row {
        work,
        promgit: milliseconds(time),
        beside: beside.clone(),
        ratio: times(time, helm),
        target,
    };
    table.add(row(format!("{size}, process"), cold, Some(("≥ 4x", helm >= cold * 4))));
    table.add(row("the same, warm: chart loaded".into(), warm, Some(("≥ 12x", helm >= warm * 12))));
    table.add(Row {
        work: "the same, most resident memory of the process".into(),
        promgit: mebibytes(most),
        target: Some(("≤ 64 MiB", most <= MAX_MEMORY)),
        ..Row::default()
    });
}

fn run(mut command: Command, chart: &Path) -> Ended {
    process::run(command.args(["template", "main"]).arg(chart).args(["--namespace", "monitoring"]))
}

/// The time of a render whose chart is loaded and parsed, up to the text that helm prints.
fn warm(chart: &Path) -> Duration {
    let chart = load::path(chart).expect("the chart loads");
    let prepared = render::prepare(Arc::new(chart));
    let worker = thread::Builder::new().stack_size(STACK);
    thread::scope(|scope| {
        let times = worker.spawn_scoped(scope, || {
            rendered(&prepared);
            let mut times: Vec<Duration> = (0..WARM).map(|_| rendered(&prepared)).collect();
            median(&mut times)
        });
        times.expect("a thread").join().expect("renders")
    })
}

fn rendered(chart: &Prepared) -> Duration {
    let start = Instant::now();
    let release =
        Release { name: "main".into(), namespace: "monitoring".into(), revision: 1, is_upgrade: false };
    let request = Request {
        chart,
        values: Frozen::empty(),
        release,
        capabilities: Capabilities::default(),
        policy: Policy::Hermetic(Hermetic::default()),
        outside: Outside::default(),
        skip_schema: false,
        verbose: false,
    };
    let output = engine::render(request, Limits::deep()).expect("the chart renders");
    std::hint::black_box(text::all(&output, false, &output.hooks));
    start.elapsed()
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| match entry.metadata().expect("what is there") {
            data if data.is_dir() => size(&entry.path()),
            data => data.len(),
        })
        .sum()
}
