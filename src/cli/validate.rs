//! `promgit validate`: says what is wrong with resource files, and nothing when nothing is.

use super::console::Console;
use super::exit::Exit;
use super::operation::{self, FileArguments, Format, SettingsArguments};
use super::problem::Problem;
use super::shown;
use crate::reconcile::inputs::{All, Inputs};
use crate::settings::load::Flags;
use crate::source::event::Observed;

/// Check resources: schema, rules, chart values, Prometheus configuration
///
/// Prints nothing and exits with 0 when all is good; else one line a problem (file:line: cluster: message)
/// on standard error, and 1.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  promgit validate -f examples
  promgit validate -f examples/simple.yaml examples/rules.yaml
  kubectl get proms -A -o yaml | promgit validate -f -")]
pub struct Arguments {
    #[command(flatten)]
    files: FileArguments,
    /// json prints the problems as one list to standard output
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(flatten)]
    settings: SettingsArguments,
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let settings = arguments.settings.load(Flags::default())?;
    let resources = arguments.files.read()?;
    let inputs = Inputs::load(&settings)?;
    let mut problems = resources.problems;
    problems.extend(operation::deep(|| Ok(problems_of(&resources.clusters, &inputs)))?);
    match arguments.output {
        Format::Text => problems.iter().for_each(|problem| console.note(problem)),
        Format::Json => console.data(serde_json::to_string_pretty(&problems)? + "\n")?,
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failed })
}

fn problems_of(clusters: &[Observed], inputs: &All) -> Vec<Problem> {
    let check = |observed: &Observed| {
        // Placeholders are as good as any other values here.
        let error = shown::prepare(observed, inputs.of(&observed.key.namespace), None).err()?;
        Some(Problem::with(observed, error))
    };
    clusters.iter().filter_map(check).collect()
}
