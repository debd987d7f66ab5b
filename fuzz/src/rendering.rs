//! A chart and values to what a render prints or says, made twice and compared.

use std::sync::Arc;

use promgit::chart::Chart;
use promgit::chart::model::File;
use promgit::render::capabilities::Capabilities;
use promgit::render::policy::Policy;
use promgit::render::release::Release;
use promgit::render::{Output, Prepared, Request, engine, text};
use promgit::template::budgets::{Limits, on_deep_stack};
use promgit::template::frozen::Frozen;

/// Enough for every construct, and spent in milliseconds.
const STEPS: u64 = 20_000;
const OUTPUT: usize = 1 << 20;

/// The files of a chart, with a `Chart.yaml` named `app` if they have none.
pub fn files<'d>(parts: impl IntoIterator<Item = (&'d str, &'d [u8])>) -> Vec<File> {
    let mut files: Vec<File> =
        parts.into_iter().map(|(name, data)| File { name: name.into(), data: data.into() }).collect();
    if !files.iter().any(|file| &*file.name == "Chart.yaml") {
        let data = "apiVersion: v2\nname: app\nversion: 1.0.0\n".into();
        files.insert(0, File { name: "Chart.yaml".into(), data });
    }
    files
}

/// Renders on a stack as deep as the agent's, twice: by one prepared chart, and by one that is prepared anew.
pub fn twice(chart: Arc<Chart>, values: &Frozen) -> Result<Vec<u8>, String> {
    on_deep_stack(|| {
        let first = once(&Prepared::new(chart.clone()), values);
        let second = once(&Prepared::new(chart), values);
        assert_eq!(first, second, "two renders of the same chart and values differ");
        first
    })
    .expect("a thread")
}

fn once(chart: &Prepared, values: &Frozen) -> Result<Vec<u8>, String> {
    let release = Release { name: "one".into(), namespace: "default".into(), revision: 1, is_upgrade: false };
    let request = Request {
        chart,
        values: values.clone(),
        release,
        capabilities: Capabilities::default(),
        policy: Policy::hermetic(),
        skip_schema: false,
        outside: promgit::render::outside::Outside::default(),
        verbose: false,
    };
    let limits = Limits { steps: STEPS, output: OUTPUT, ..Limits::deep() };
    engine::render(request, limits).map(|output| printed(&output)).map_err(|error| error.to_string())
}

/// All that a render gives, as one text.
fn printed(output: &Output) -> Vec<u8> {
    let mut all = text::all(output, true, &output.hooks);
    all.extend_from_slice(&output.notes);
    for warning in &output.warnings {
        all.extend_from_slice(warning.to_string().as_bytes());
    }
    all
}
