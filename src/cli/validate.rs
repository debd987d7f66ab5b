//! `promgit validate`: says what is wrong with resource files, and nothing when nothing is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::console::Console;
use super::exit::Exit;
use super::operation::{self, SettingsArguments};
use crate::reconcile::inputs::Inputs;
use crate::reconcile::prepare;
use crate::settings::load::Flags;
use crate::source::event::{Key, Observed};

/// Check resources: schema, rules, chart values, Prometheus configuration
///
/// Prints nothing when all is good.
#[derive(clap::Args)]
pub struct Arguments {
    /// File or folder with PrometheusClusters; - reads standard input
    #[arg(short = 'f', long = "file", value_name = "FILE", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    settings: SettingsArguments,
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let settings = arguments.settings.load(Flags::default())?;
    let (clusters, refused) = operation::resources(&arguments.files, console)?;
    operation::some(&clusters, refused)?;
    let inputs = Inputs::load(&settings)?;
    let mut problems = twice(&clusters);
    problems.extend(operation::deep(|| Ok(problems_of(&clusters, &inputs)))?);
    for problem in &problems {
        console.note(problem);
    }
    Ok(if refused + problems.len() == 0 { Exit::Done } else { Exit::Failed })
}

fn problems_of(clusters: &[Observed], inputs: &Inputs) -> Vec<String> {
    let check = |observed: &Observed| prepare::prepare(&observed.key, &observed.cluster, inputs).err();
    let located = |observed: &Observed| {
        check(observed).map(|error| format!("{}: {}: {error}", observed.origin, observed.key))
    };
    clusters.iter().filter_map(located).collect()
}

/// The same cluster in two documents: the agent would take neither.
fn twice(clusters: &[Observed]) -> Vec<String> {
    let mut seen: BTreeMap<&Key, &Observed> = BTreeMap::new();
    let mut problems = Vec::new();
    for observed in clusters {
        if let Some(first) = seen.insert(&observed.key, observed) {
            let (at, key) = (&observed.origin, &observed.key);
            problems.push(format!(
                "{at}: PrometheusCluster {key} is defined at {} too; keep one of them",
                first.origin
            ));
        }
    }
    problems
}
