//! The flags that say which cluster is meant, and Helm's variables behind them, turned into a way to it
//! (Helm `pkg/cli/environment.go`).
#![allow(clippy::disallowed_methods)] // reads the environment

use clap::Args;

use super::parse::parse_bool;
use crate::cluster::dry_run::access::Access;

/// Which cluster. Without `--dry-run=server` nothing but the namespace of its context is read.
#[derive(Args, Clone, Debug, Default)]
pub struct AccessFlags {
    /// Namespace of the release [default: $HELM_NAMESPACE, that of the current context, or default]
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// The kubeconfig [default: those of $KUBECONFIG, or ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// The context of the kubeconfig [default: $HELM_KUBECONTEXT, or its current one]
    #[arg(long, value_name = "CONTEXT")]
    pub kube_context: Option<String>,
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
}

impl AccessFlags {
    /// Flags, or else the variables that Helm reads.
    pub fn access(&self) -> Access {
        let text = |flag: &Option<String>, name| flag.clone().unwrap_or_else(|| variable(name));
        let groups = variable("HELM_KUBEASGROUPS");
        let groups = groups.trim_matches([',', ' ']).split(',').filter(|group| !group.is_empty());
        Access {
            kubeconfig: self.kubeconfig.clone().unwrap_or_default(),
            context: text(&self.kube_context, "HELM_KUBECONTEXT"),
            namespace: text(&self.namespace, "HELM_NAMESPACE"),
            server: text(&self.kube_apiserver, "HELM_KUBEAPISERVER"),
            token: text(&self.kube_token, "HELM_KUBETOKEN"),
            user: text(&self.kube_as_user, "HELM_KUBEASUSER"),
            groups: match &*self.kube_as_group {
                [] => groups.map(str::to_owned).collect(),
                given => given.to_vec(),
            },
            ca_file: text(&self.kube_ca_file, "HELM_KUBECAFILE"),
            insecure: self.kube_insecure_skip_tls_verify
                || parse_bool(&variable("HELM_KUBEINSECURE_SKIP_TLS_VERIFY")) == Some(true),
            tls_server_name: text(&self.kube_tls_server_name, "HELM_KUBETLS_SERVER_NAME"),
        }
    }
}

/// A variable of the process; empty where it is not set.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
