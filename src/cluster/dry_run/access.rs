//! Helm's flags and the user's kubeconfig turned into a way to an API server, and into the namespace that is meant
//! (`k8s.io/client-go/tools/clientcmd`, as `pkg/cli/environment.go` sets it up).
#![allow(clippy::disallowed_methods)] // KUBECONFIG, the files that it lists, and what a pod is given

use std::io::Read as _;
use std::path::{Path, PathBuf};

use kube::config::{AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::config::{NamedAuthInfo, NamedCluster, NamedContext};
use kube::{Client, Config};
use secrecy::ExposeSecret as _;

use super::ask::{Server, credentials_words};
use crate::pull::address::redact;
use crate::pull::http::fault::system;
use crate::source::cluster::words::root_cause;
use crate::yaml::read;

/// Where there is no kubeconfig, as in kubectl.
const NOWHERE: &str = "http://localhost:8080";
/// The account of a pod.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const DEFAULT: &str = "default";
/// What is put together from flags and the kubeconfig.
const MERGED: &str = "promgit-template";
/// What only Helm says of its own files.
const CONVERTING: &str = "error converting YAML to JSON: ";
/// No kubeconfig is larger: one with certificates of a thousand clusters has 8 MB.
const MAX_FILE: u64 = 32 << 20;

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
    #[error("error loading config file \"{path}\": {reason}", path = .path.display())]
    File { path: PathBuf, reason: String },
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
    pub async fn server(&self) -> Result<Server, AccessError> {
        let file = self.load()?;
        let context = self.context_of(&file)?;
        let is_told = !self.server.is_empty() || context.is_some();
        let config = match Config::incluster() {
            Ok(config) if !is_told => config,
            _ => {
                let options =
                    KubeConfigOptions { context: Some(MERGED.to_owned()), ..KubeConfigOptions::default() };
                let merged = self.merged(&file, context)?;
                let config = Config::from_custom_kubeconfig(merged, &options).await;
                config.map_err(|error| AccessError::Invalid(root_cause(&error)))?
            }
        };
        let url = redact(config.cluster_url.to_string().trim_end_matches('/'));
        check_token(&config)?;
        let client = Client::try_from(config).map_err(|error| AccessError::Client(client_words(&error)))?;
        Ok(Server::new(client, url))
    }

    /// All files as one; no file is an empty one.
    fn load(&self) -> Result<Kubeconfig, AccessError> {
        if !self.kubeconfig.is_empty() {
            let path = Path::new(&self.kubeconfig);
            return match path.exists() {
                true => parse(path),
                false => Err(AccessError::Missing(self.kubeconfig.clone())),
            };
        }
        let mut merged = Kubeconfig::default();
        for path in listed().iter().filter(|path| path.exists()) {
            let failed =
                |error: KubeconfigError| AccessError::File { path: path.clone(), reason: root_cause(&error) };
            merged = merged.merge(parse(path)?).map_err(failed)?;
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
        let found = file.contexts.iter().find(|context| context.name == name);
        let found = found.ok_or_else(|| AccessError::Context(name.to_owned()))?;
        Ok(Some(found.context.clone().unwrap_or_default()))
    }

    /// A kubeconfig of one context, with the flags in it.
    fn merged(&self, file: &Kubeconfig, context: Option<Context>) -> Result<Kubeconfig, AccessError> {
        let context = context.unwrap_or_default();
        let cluster = file.clusters.iter().find(|cluster| cluster.name == context.cluster);
        let cluster = self.cluster(cluster.and_then(|named| named.cluster.clone()).unwrap_or_default());
        let authority = cluster.certificate_authority.as_deref().unwrap_or_default();
        if !authority.is_empty()
            && let Err(error) = std::fs::File::open(authority)
        {
            let (name, reason) = (&context.cluster, system(&error));
            return Err(AccessError::Invalid(format!(
                "unable to read certificate-authority {authority} for {name} due to open {authority}: {reason}"
            )));
        }
        let user = file.auth_infos.iter().find(|user| Some(&user.name) == context.user.as_ref());
        let user = self.user(user.and_then(|named| named.auth_info.clone()).unwrap_or_default());
        let name = || MERGED.to_owned();
        let context = Context { cluster: name(), user: Some(name()), ..Context::default() };
        Ok(Kubeconfig {
            clusters: vec![NamedCluster { name: name(), cluster: Some(cluster), ..NamedCluster::default() }],
            auth_infos: vec![NamedAuthInfo {
                name: name(),
                auth_info: Some(user),
                ..NamedAuthInfo::default()
            }],
            contexts: vec![NamedContext { name: name(), context: Some(context), ..NamedContext::default() }],
            current_context: Some(name()),
            ..Kubeconfig::default()
        })
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

fn parse(path: &Path) -> Result<Kubeconfig, AccessError> {
    let failed = |reason| AccessError::File { path: path.to_owned(), reason };
    let mut text = Vec::new();
    let opened = std::fs::File::open(path).map_err(|error| failed(system(&error)))?;
    opened.take(MAX_FILE).read_to_end(&mut text).map_err(|error| failed(system(&error)))?;
    // For the words of go-yaml; the types are those of the client.
    if let Err(error) = read::value(&text) {
        let said = error.to_string();
        return Err(failed(said.strip_prefix(CONVERTING).unwrap_or(&said).to_owned()));
    }
    if text.trim_ascii().is_empty() {
        return Ok(Kubeconfig::default());
    }
    Kubeconfig::read_from(path).map_err(|error| failed(words(&error)))
}

/// The client ends the process on a token that no header can hold.
fn check_token(config: &Config) -> Result<(), AccessError> {
    let token = config.auth_info.token.as_ref().map(|token| token.expose_secret()).unwrap_or_default();
    match token.trim().bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        true => Err(AccessError::Client("net/http: invalid header field value for \"Authorization\"".into())),
        false => Ok(()),
    }
}

/// Why there is no client, without what a plugin printed and without a password of a proxy's address.
fn client_words(error: &kube::Error) -> String {
    match credentials_words(error) {
        Some(words) => words,
        None => root_cause(error).split(' ').map(redact).collect::<Vec<_>>().join(" "),
    }
}

/// The first line: a parser shows the place below it, and a token could stand there.
fn words(error: &KubeconfigError) -> String {
    root_cause(error).lines().next().unwrap_or_default().to_owned()
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
