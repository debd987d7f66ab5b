//! `promgit crd`: the CustomResourceDefinition of PrometheusCluster.

use super::console::Console;
use super::exit::Exit;
use crate::api;

/// Print the CustomResourceDefinition of PrometheusCluster
///
/// The same text is the chart charts/promgit-crds, which is the better way to install it.
#[derive(clap::Args)]
pub struct Arguments {}

pub fn run(_: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    console.data(api::crd::yaml()?)?;
    Ok(Exit::Done)
}
