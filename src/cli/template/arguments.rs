//! The flags of `promgit template`: Helm's.

use std::path::PathBuf;

use clap::Args;

use super::access::{AccessFlags, variable};
use super::chart::ChartFlags;
use super::helms::HelmsFlags;
use super::parse::parse_bool;
use super::server::Check;
use super::values::ValueFlags;

/// Render a chart, byte for byte as `helm template` does
///
/// NAME is the release's name and may be left out; CHART is a chart folder, a .tgz, the URL of one, a chart of a registry
/// (oci://…), a name in the repository of --repo, or REPOSITORY/NAME of a repository that helm knows.
///
/// The flags and their meaning are Helm's. Only --dry-run=server asks a cluster, and nothing is changed there. Knows no PrometheusCluster: for these see `promgit render`.
#[derive(Args, Clone, Debug)]
#[command(
    disable_version_flag = true,
    override_usage = "promgit template [OPTIONS] [NAME] CHART",
    after_help = "\
Examples:
  promgit template charts/prometheus-cluster
  promgit template simple charts/prometheus-cluster -n example --set replicas=2
  promgit template simple ./chart-1.0.0.tgz -f values.yaml -s templates/service.yaml
  promgit template simple prometheus --repo https://charts.example.com --version ^25
  promgit template simple oci://registry.example.com/charts/prometheus --version 25.1.0"
)]
pub struct Arguments {
    // One list, because Helm has words of its own for too many; clap would show it as `<[NAME] CHART>...`.
    #[arg(hide = true)]
    pub names: Vec<String>,
    #[command(flatten)]
    pub access: AccessFlags,
    #[command(flatten)]
    pub values: ValueFlags,
    #[command(flatten)]
    pub chart: ChartFlags,
    /// Print the CRDs of the chart too
    #[arg(long)]
    pub include_crds: bool,
    /// Accepted for Helm's sake; `template` never installs CRDs
    #[arg(long, hide = true)]
    pub skip_crds: bool,
    /// Do not check the values against the chart's schema
    #[arg(long)]
    pub skip_schema_validation: bool,
    /// Print only what comes from these templates (`templates/*.yaml`)
    #[arg(short, long, value_name = "TEMPLATE")]
    pub show_only: Vec<String>,
    /// Leave out hooks
    #[arg(long)]
    pub no_hooks: bool,
    /// Leave out test hooks
    #[arg(long)]
    pub skip_tests: bool,
    /// Set .Release.IsUpgrade instead of .Release.IsInstall
    #[arg(long)]
    pub is_upgrade: bool,
    /// Kubernetes version for .Capabilities.KubeVersion
    #[arg(long, value_name = "VERSION")]
    pub kube_version: Option<String>,
    /// Further API versions for .Capabilities.APIVersions
    #[arg(short, long, value_name = "VERSION")]
    pub api_versions: Vec<String>,
    /// A template that names the release
    #[arg(long, value_name = "TEMPLATE")]
    pub name_template: Option<String>,
    /// Refuses a name; without one the release is called `release-name`
    #[arg(short, long)]
    pub generate_name: bool,
    /// Write the manifests to files in this folder instead of stdout
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Put the release's name into the path of the output folder
    #[arg(long)]
    pub release_name: bool,
    /// Print what was rendered even if it is no valid YAML, and log what is done
    #[arg(long)]
    pub debug: bool,
    #[command(flatten)]
    pub helms: HelmsFlags,
}

impl Arguments {
    /// `--debug`, or Helm's variable for it.
    pub fn is_verbose(&self) -> bool {
        self.debug || parse_bool(&variable("HELM_DEBUG")) == Some(true)
    }

    /// How a cluster looks at what was rendered.
    pub fn check(&self) -> Check {
        Check { with_crds: self.include_crds, takes_ownership: self.helms.take_ownership }
    }
}
