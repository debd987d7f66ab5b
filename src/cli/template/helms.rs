//! Flags that `helm template` has, and that change nothing in what is rendered, or need a cluster.

use clap::Args;

use crate::template::quote::quote;

/// What flags with a value mean where none is written.
pub const BARE: [(&str, &str); 2] = [("dry-run", "unset"), ("wait", "watcher")];

/// Accepted, so that a command line for Helm needs no change. All are hidden in the help.
#[derive(Args, Clone, Debug, Default)]
pub struct HelmsFlags {
    #[arg(long, hide = true)]
    pub create_namespace: bool,
    #[arg(long, hide = true)]
    pub dependency_update: bool,
    #[arg(long, hide = true)]
    pub disable_openapi_validation: bool,
    #[arg(long, hide = true)]
    pub force_conflicts: bool,
    #[arg(long, hide = true)]
    pub force_replace: bool,
    #[arg(long, hide = true)]
    pub replace: bool,
    #[arg(long, hide = true)]
    pub rollback_on_failure: bool,
    #[arg(long, hide = true)]
    pub server_side: bool,
    #[arg(long, hide = true)]
    pub take_ownership: bool,
    #[arg(long, hide = true)]
    pub wait_for_jobs: bool,
    #[arg(long, hide = true)]
    pub wait: Option<String>,
    #[arg(long, hide = true)]
    pub description: Option<String>,
    #[arg(short, long, hide = true)]
    pub labels: Vec<String>,
    #[arg(long, hide = true)]
    pub timeout: Option<String>,
    #[arg(long, hide = true)]
    pub color: Option<String>,
    #[arg(long, hide = true)]
    pub colour: Option<String>,
    #[arg(long, hide = true)]
    pub kube_context: Option<String>,
    #[arg(long, hide = true)]
    pub kubeconfig: Option<String>,
    #[arg(long, hide = true)]
    pub kube_apiserver: Option<String>,
    #[arg(long, hide = true)]
    pub kube_as_group: Vec<String>,
    #[arg(long, hide = true)]
    pub kube_as_user: Option<String>,
    #[arg(long, hide = true)]
    pub kube_ca_file: Option<String>,
    #[arg(long, hide = true)]
    pub kube_insecure_skip_tls_verify: bool,
    #[arg(long, hide = true)]
    pub kube_tls_server_name: Option<String>,
    #[arg(long, hide = true)]
    pub kube_token: Option<String>,
    #[arg(long, hide = true)]
    pub burst_limit: Option<String>,
    #[arg(long, hide = true)]
    pub qps: Option<String>,
    #[arg(long, hide = true)]
    pub content_cache: Option<String>,
    #[arg(long, hide = true)]
    pub post_renderer_args: Vec<String>,
    /// Refused: see [`HelmsError::Cluster`].
    #[arg(long, hide = true)]
    pub validate: bool,
    /// `client` is what happens anyway.
    #[arg(long, hide = true)]
    pub dry_run: Option<String>,
    /// Refused: see [`HelmsError::PostRenderer`].
    #[arg(long, hide = true)]
    pub post_renderer: Option<String>,
    /// Refused: see [`HelmsError::Dns`].
    #[arg(long, hide = true)]
    pub enable_dns: bool,
}

/// Why a flag cannot be had. The last two texts are Helm's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelmsError {
    /// The texts of `spf13/cobra`.
    #[error(
        "if any flags in the group [{} {}] are set none of the others can be; [{} {}] were all set",
        .0[0], .0[1], .0[1], .0[0]
    )]
    Together([&'static str; 2]),
    #[error("{0} needs a cluster, and promgit template asks none; leave it out, or run helm template {0}")]
    Cluster(&'static str),
    #[error(
        "--post-renderer runs a plugin of helm, which promgit does not; pipe the output through the program"
    )]
    PostRenderer,
    #[error(
        "--enable-dns would make the output depend on the network; set what the chart looks up as a value"
    )]
    Dns,
    #[error("invalid dry-run value ({}). Must be \"server\" or \"client\"", quote(.0.as_bytes()))]
    NoDryRun(String),
    #[error("invalid dry-run value ({}). Must be \"none\", \"server\", or \"client\"", quote(.0.as_bytes()))]
    DryRun(String),
}

impl HelmsFlags {
    /// Refuses what cannot be done, and gives back what Helm warns of (`cmdGetDryRunFlagStrategy`).
    pub fn check(&self) -> Result<Option<String>, HelmsError> {
        for (both, names) in [
            (self.force_replace && self.force_conflicts, ["force-replace", "force-conflicts"]),
            (self.validate && self.dry_run.is_some(), ["validate", "dry-run"]),
        ] {
            if both {
                return Err(HelmsError::Together(names));
            }
        }
        if self.validate {
            return Err(HelmsError::Cluster("--validate"));
        }
        if self.post_renderer.as_deref().is_some_and(|name| !name.is_empty()) {
            return Err(HelmsError::PostRenderer);
        }
        if self.enable_dns {
            return Err(HelmsError::Dns);
        }
        let Some(value) = self.dry_run.as_deref() else { return Ok(None) };
        match value {
            "client" => Ok(None),
            "server" => Err(HelmsError::Cluster("--dry-run=server")),
            "unset" => {
                Ok(Some("--dry-run is deprecated and should be replaced with '--dry-run=client'".to_owned()))
            }
            "none" | "0" | "f" | "F" | "false" | "FALSE" | "False" => {
                Err(HelmsError::NoDryRun(value.to_owned()))
            }
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Some(format!(
                "boolean '--dry-run={value}' flag is deprecated and must be replaced with '--dry-run=client'"
            ))),
            _ => Err(HelmsError::DryRun(value.to_owned())),
        }
    }
}
