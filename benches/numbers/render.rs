//! One default cluster rendered, in this process and as a process, beside `helm template` on the same values.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use promgit::api::{self, PrometheusCluster};
use promgit::reconcile::inputs::Inputs;
use promgit::reconcile::prepare::{self, Prepared};
use promgit::settings::Settings;
use promgit::source::event::Key;
use promgit::template::budgets::STACK;
use promgit::yaml::document;

use crate::bed::Bed;
use crate::table::{Row, Table};
use crate::{median, milliseconds, process, support, times};

/// Enough for a median that a busy neighbour does not move.
const WARM: usize = 400;
const COLD: usize = 20;
const PROCESSES: usize = 15;

/// Adds the rows; returns the time of one `helm template` process.
pub fn measure(bed: &Bed, table: &mut Table) -> Duration {
    let (key, cluster) = simple();
    let worker = thread::Builder::new().stack_size(STACK);
    let warm = worker.spawn(move || warm(&key, &cluster)).expect("a thread").join().expect("renders");
    let values = bed.path("values.yaml");
    fs::write(&values, &warm.values).expect("a file in the bed");

    let arguments = |command: &mut Command| {
        command.arg("template").arg("simple").arg(support::root().join("charts/prometheus-cluster"));
        command.args(["--namespace", "example", "--values"]).arg(&values);
    };
    let (mut ours, mut helms) = (Vec::new(), Vec::new());
    for _ in 0..PROCESSES {
        let (mut promgit, mut helm) = (bed.promgit(), bed.helm());
        arguments(&mut promgit);
        arguments(&mut helm);
        let (our, real) = (process::run(&mut promgit), process::run(&mut helm));
        assert_eq!(our.stdout, real.stdout, "promgit and helm print the same");
        ours.push(our.took);
        helms.push(real.took);
    }
    let (our, helm) = (median(&mut ours), median(&mut helms));
    let beside = format!("helm template: {}", milliseconds(helm));
    let row = |work: &str, time: Duration, target| Row {
        work: work.into(),
        promgit: milliseconds(time),
        beside: beside.clone(),
        ratio: times(time, helm),
        target,
    };
    let fast = warm.warm <= Duration::from_millis(1) && helm >= warm.warm * 100;
    table.add(row("default cluster, warm: resource → all files", warm.warm, Some(("≤ 1 ms, ≥ 100x", fast))));
    table.add(row("the same, cold: load chart and mapping, then render", warm.cold, None));
    table.add(row("`promgit template` process, same bytes", our, Some(("≥ 4x", helm >= our * 4))));
    helm
}

struct Warm {
    warm: Duration,
    cold: Duration,
    values: Vec<u8>,
}

fn warm(key: &Key, cluster: &PrometheusCluster) -> Warm {
    let load = || Inputs::load(&Settings::default()).expect("what promgit ships loads").each.swap_remove(0);
    let prepare =
        |inputs: &Inputs| prepare::prepare(key, cluster, inputs, None).expect("the example renders");
    let cold = (0..COLD).map(|_| {
        let start = Instant::now();
        drop(prepare(&load()));
        start.elapsed()
    });
    let mut cold: Vec<Duration> = cold.collect();
    let inputs = load();
    let Prepared { files, .. } = prepare(&inputs);
    let warm = (0..WARM).map(|_| {
        let start = Instant::now();
        drop(prepare(&inputs));
        start.elapsed()
    });
    let mut warm: Vec<Duration> = warm.collect();
    Warm { warm: median(&mut warm), cold: median(&mut cold), values: files["values.yaml"].clone() }
}

fn simple() -> (Key, PrometheusCluster) {
    let text = fs::read(support::root().join("examples/simple.yaml")).expect("the example");
    let document = document::split(&text).next().expect("a document").expect("YAML");
    let cluster = api::accept(document.value).expect("a valid resource");
    (Key { namespace: "example".into(), name: "simple".into() }, cluster)
}
