//! Flags that `helm template` has, and that change nothing in what is rendered, or ask for a cluster.

use clap::Args;

use crate::template::quote::quote;

use super::parse::parse_bool;

/// What flags with a value mean where none is written.
pub const BARE: [(&str, &str); 2] = [("dry-run", "unset"), ("wait", "watcher")];

/// What the parser of Helm says to a flag of former times (`MarkDeprecated`).
pub const DEPRECATED: [(&str, &str); 5] = [
    ("atomic", "use --rollback-on-failure instead"),
    ("force", "use --force-replace instead"),
    ("hide-notes", "this flag has no effect for 'helm template' and will be removed in Helm 5"),
    ("render-subchart-notes", "this flag has no effect for 'helm template' and will be removed in Helm 5"),
    ("validate", "use '--dry-run=server' instead"),
];

/// Accepted, so that a command line for Helm needs no change. Most are hidden in the help.
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
    pub burst_limit: Option<String>,
    #[arg(long, hide = true)]
    pub qps: Option<String>,
    #[arg(long, hide = true)]
    pub content_cache: Option<String>,
    #[arg(long, hide = true)]
    pub post_renderer_args: Vec<String>,
    #[arg(long, hide = true)]
    pub atomic: bool,
    #[arg(long, hide = true)]
    pub force: bool,
    #[arg(long, hide = true)]
    pub hide_notes: bool,
    #[arg(long, hide = true)]
    pub render_subchart_notes: bool,
    /// The old word for `--dry-run=server`.
    #[arg(long, hide = true)]
    pub validate: bool,
    /// `server`: let the chart look into the cluster, and say what an installation would stumble over [default: client]
    #[arg(long, value_name = "WHERE")]
    pub dry_run: Option<String>,
    /// Let the chart ask DNS (getHostByName)
    #[arg(long)]
    pub enable_dns: bool,
    /// Refused: see [`HelmsError::PostRenderer`].
    #[arg(long, hide = true)]
    pub post_renderer: Option<String>,
}

/// Why a flag cannot be had. All texts but that of the post-renderer are Helm's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelmsError {
    /// The texts of `spf13/cobra`.
    #[error(
        "if any flags in the group [{} {}] are set none of the others can be; [{} {}] were all set",
        .0[0], .0[1], .0.iter().min().unwrap_or(&""), .0.iter().max().unwrap_or(&"")
    )]
    Together([&'static str; 2]),
    #[error(
        "--post-renderer runs a plugin of helm, which promgit does not; pipe the output through the program"
    )]
    PostRenderer,
    #[error("invalid dry-run value ({}). Must be \"server\" or \"client\"", quote(.0.as_bytes()))]
    NoDryRun(String),
    #[error("invalid dry-run value ({}). Must be \"none\", \"server\", or \"client\"", quote(.0.as_bytes()))]
    DryRun(String),
}

/// Where a render happens.
#[derive(Debug, PartialEq, Eq)]
pub struct Strategy {
    pub asks_server: bool,
    pub warning: Option<String>,
}

impl HelmsFlags {
    /// Refuses flags that cannot stand together.
    pub fn together(&self) -> Result<(), HelmsError> {
        for (both, names) in [
            (self.force && self.force_conflicts, ["force", "force-conflicts"]),
            (self.force_replace && self.force_conflicts, ["force-replace", "force-conflicts"]),
            (self.validate && self.dry_run.is_some(), ["validate", "dry-run"]),
        ] {
            if both {
                return Err(HelmsError::Together(names));
            }
        }
        Ok(())
    }

    /// Where to render, and what Helm warns of (`cmdGetDryRunFlagStrategy`).
    pub fn strategy(&self) -> Result<Strategy, HelmsError> {
        if self.post_renderer.as_deref().is_some_and(|name| !name.is_empty()) {
            return Err(HelmsError::PostRenderer);
        }
        let value = self.dry_run.as_deref().unwrap_or("client");
        let warning = match value {
            "client" | "server" => None,
            "unset" => {
                Some("--dry-run is deprecated and should be replaced with '--dry-run=client'".to_owned())
            }
            _ => match parse_bool(value) {
                Some(true) => Some(format!(
                    "boolean '--dry-run={value}' flag is deprecated and must be replaced with '--dry-run=client'"
                )),
                Some(false) => return Err(HelmsError::NoDryRun(value.to_owned())),
                None if value == "none" => return Err(HelmsError::NoDryRun(value.to_owned())),
                None => return Err(HelmsError::DryRun(value.to_owned())),
            },
        };
        Ok(Strategy { asks_server: value == "server" || self.validate, warning })
    }
}
