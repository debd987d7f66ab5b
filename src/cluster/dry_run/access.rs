//! Helm's flags and the user's kubeconfig turned into a way to an API server, and into the namespace that is meant
//! (`k8s.io/client-go/tools/clientcmd`, as `pkg/cli/environment.go` sets it up).
#![allow(clippy::disallowed_methods)] // KUBECONFIG, the files that it lists, and what a pod is given

use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{AuthInfo, Cluster, Context, Kubeconfig};

use super::ask::Server;
use super::kubeconfig::{self, FileError};
use super::{client, usable};
use crate::source::cluster::words::root_cause;

/// Where there is no kubeconfig, as in kubectl.
const NOWHERE: &str = "http://localhost:8080";
/// The account of a pod.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const DEFAULT: &str = "default";

/// Helm's flags about the cluster; an empty text is none.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub kubeconfig: String,
    pub context: String,
    pub namespace: String,
    pub server: String,
    pub token: String,
    pub user: String,
    pub groups: Vec<String>,
    pub ca_file: String,
    pub insecure: bool,
    pub tls_server_name: String,
}

/// Why there is no way to a server, in the words of clientcmd.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error("stat {0}: no such file or directory")]
    Missing(String),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("invalid configuration: context was not found for specified context: {0}")]
    Current(String),
    #[error("context \"{0}\" does not exist")]
    Context(String),
    #[error("invalid configuration: {0}")]
    Invalid(String),
    #[error("{0}")]
    Client(String),
}

impl Access {
    /// The namespace that is meant: the flag's, the context's, the pod's, or `default`.
    pub fn namespace(&self) -> String {
        if !self.namespace.is_empty() {
            return self.namespace.clone();
        }
        let Ok(file) = self.load() else { return DEFAULT.to_owned() };
        let context = match self.context_of(&file) {
            Ok(context) => context,
            Err(_) => return DEFAULT.to_owned(),
        };
        let named = context.and_then(|context| context.namespace).filter(|name| !name.is_empty());
        named.or_else(pods_namespace).unwrap_or_else(|| DEFAULT.to_owned())
    }

    /// Sets up a client. Nothing is asked of the server yet.
    pub fn server(&self) -> Result<Server, AccessError> {
        let file = self.load()?;
        let context = self.context_of(&file)?;
        let is_told = !self.server.is_empty() || context.is_some();
        let server = match Config::incluster() {
            Ok(config) if !is_told => client::of_pod(config),
            _ => {
                let (cluster, user) = self.merged(&file, context.unwrap_or_default())?;
                client::of_cluster(&cluster, user)
            }
        };
        server.map_err(AccessError::Client)
    }

    /// All files as one; no file is an empty one.
    fn load(&self) -> Result<Kubeconfig, AccessError> {
        if !self.kubeconfig.is_empty() {
            let path = Path::new(&self.kubeconfig);
            return match path.exists() {
                true => Ok(kubeconfig::load(path)?),
                false => Err(AccessError::Missing(self.kubeconfig.clone())),
            };
        }
        let mut merged = Kubeconfig::default();
        for path in listed().iter().filter(|path| path.exists()) {
            let failed = |error| FileError { path: path.clone(), reason: root_cause(&error) };
            merged = merged.merge(kubeconfig::load(path)?).map_err(failed)?;
        }
        Ok(merged)
    }

    /// The context that is meant; none if nothing names one.
    fn context_of(&self, file: &Kubeconfig) -> Result<Option<Context>, AccessError> {
        let current = file.current_context.as_deref().unwrap_or_default();
        let name = if self.context.is_empty() { current } else { &self.context };
        if name.is_empty() {
            return Ok(None);
        }
        match file.contexts.iter().find(|context| context.name == name) {
            Some(found) => Ok(Some(found.context.clone().unwrap_or_default())),
            None if self.context.is_empty() => Err(AccessError::Current(name.to_owned())),
            None => Err(AccessError::Context(name.to_owned())),
        }
    }

    /// Cluster and user of a context, with the flags in them.
    fn merged(&self, file: &Kubeconfig, context: Context) -> Result<(Cluster, AuthInfo), AccessError> {
        let cluster = file.clusters.iter().find(|cluster| cluster.name == context.cluster);
        let cluster = self.cluster(cluster.and_then(|named| named.cluster.clone()).unwrap_or_default());
        let name = context.user.unwrap_or_default();
        let user = file.auth_infos.iter().find(|user| user.name == name);
        let user = self.user(user.and_then(|named| named.auth_info.clone()).unwrap_or_default());
        let wrong = usable::complaints((&context.cluster, &cluster), (&name, &user));
        match &*wrong {
            [] => Ok((cluster, user)),
            [one] => Err(AccessError::Invalid(one.clone())),
            several => Err(AccessError::Invalid(format!("[{}]", several.join(", ")))),
        }
    }

    /// Flags win; naming a server or an authority drops what belongs to the other one (`DirectClientConfig.getCluster`).
    fn cluster(&self, mut cluster: Cluster) -> Cluster {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        cluster.server = given(&self.server).or(cluster.server).or_else(|| Some(NOWHERE.to_owned()));
        if self.insecure || !self.ca_file.is_empty() {
            cluster.insecure_skip_tls_verify = Some(self.insecure);
            cluster.certificate_authority = given(&self.ca_file);
            cluster.certificate_authority_data = None;
        }
        if !self.tls_server_name.is_empty() || !self.server.is_empty() {
            cluster.tls_server_name = given(&self.tls_server_name);
        }
        cluster
    }

    fn user(&self, mut user: AuthInfo) -> AuthInfo {
        if !self.token.is_empty() {
            user.token = Some(self.token.clone().into());
            user.token_file = None;
        }
        if !self.user.is_empty() {
            user.impersonate = Some(self.user.clone());
        }
        if !self.groups.is_empty() {
            user.impersonate_groups = Some(self.groups.clone());
        }
        user
    }
}

/// The files of `KUBECONFIG`, or the one in the home folder.
fn listed() -> Vec<PathBuf> {
    match std::env::var_os("KUBECONFIG").filter(|list| !list.is_empty()) {
        Some(list) => std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => {
            std::env::var_os("HOME").map(|home| Path::new(&home).join(".kube/config")).into_iter().collect()
        }
    }
}

/// The namespace of the pod that this runs in; none outside of one (`inClusterClientConfig.Namespace`).
fn pods_namespace() -> Option<String> {
    let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    variable("KUBERNETES_SERVICE_HOST").and(variable("KUBERNETES_SERVICE_PORT"))?;
    if !Path::new(ACCOUNT).join("token").is_file() {
        return None;
    }
    let file = || std::fs::read_to_string(Path::new(ACCOUNT).join("namespace")).ok();
    variable("POD_NAMESPACE").or_else(file).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}
