//! `promgit crd`: the CustomResourceDefinition of PrometheusCluster.

use super::console::Console;
use super::exit::Exit;
use super::operation::Format;
use crate::api;

/// Print the CustomResourceDefinition of PrometheusCluster
///
/// The chart charts/promgit-crds holds the same text; installed with helm, it can be upgraded.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  promgit crd | kubectl apply --server-side -f -")]
pub struct Arguments {
    /// text is YAML
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    console.data(match arguments.output {
        Format::Text => api::crd::yaml()?,
        Format::Json => serde_json::to_string_pretty(&api::crd::definition()?.json)? + "\n",
    })?;
    Ok(Exit::Done)
}
