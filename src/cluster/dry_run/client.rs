//! A cluster and a user of a kubeconfig turned into a server that can be asked
//! (`k8s.io/client-go/rest`, `tools/clientcmd/client_config.go`).
#![allow(clippy::disallowed_methods)] // reads the file of an authority

use std::fs::File;
use std::io::Read as _;

use http::Uri;
use kube::config::{AuthInfo, Cluster, ExecAuthCluster, ExecConfig};
use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::ExposeSecret as _;

use super::ask::Server;
use super::credentials;
use super::usable::given;
use crate::cluster::proxy;
use crate::pull::address::redact;
use crate::pull::http::fault::system;
use crate::render::functions::base::decode64;
use crate::source::cluster::words::root_cause;

/// The authorities of a system, all together, are 300 KB.
const MAX_AUTHORITY: u64 = 8 << 20;

/// What a pod is given: the account's token, and the proxy of the environment.
pub fn of_pod(mut config: Config) -> Result<Server, String> {
    config.proxy_url = proxy::of(&config.cluster_url, None)?;
    connected(config)
}

/// What a kubeconfig names. The client's own way from there to a configuration compares `NO_PROXY` with the address of
/// the proxy, not of the server, refuses what Go passes over in it, and goes through a proxy to loopback.
pub fn of_cluster(cluster: &Cluster, user: AuthInfo) -> Result<Server, String> {
    let server = cluster.server.as_deref().unwrap_or_default();
    let url: Uri = server.parse().map_err(|error| format!("{} is no address: {error}", redact(server)))?;
    let mut config = Config::new(url);
    config.auth_info = credentials::of_user(user, !server.starts_with("http://"))?;
    if let Some(plugin) = config.auth_info.exec.as_mut().filter(|plugin| plugin.provide_cluster_info) {
        plugin.cluster = Some(ExecAuthCluster::try_from(cluster).map_err(|error| root_cause(&error))?);
    }
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or_default();
    config.root_cert = authority(cluster)?;
    config.tls_server_name.clone_from(&cluster.tls_server_name);
    config.proxy_url = proxy::of(&config.cluster_url, given(&cluster.proxy_url))?;
    connected(config)
}

fn connected(config: Config) -> Result<Server, String> {
    let url = shown(&config.cluster_url);
    let proxy = config.proxy_url.as_ref().map(shown);
    check_token(&config)?;
    let plugin = config.auth_info.exec.clone();
    let client = Client::try_from(config).map_err(|error| words(&error, &url, plugin.as_ref()))?;
    Ok(Server::new(client, url, proxy))
}

fn shown(url: &Uri) -> String {
    redact(url.to_string().trim_end_matches('/'))
}

/// The certificates that the server's has to come from; none: those of the system.
fn authority(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, String> {
    let (file, data) = (given(&cluster.certificate_authority), given(&cluster.certificate_authority_data));
    let text = match (data, file) {
        (Some(data), _) => decode64(data.as_bytes()).map_err(|error| error.to_string())?,
        (None, Some(path)) => read(path)?,
        (None, None) => return Ok(None),
    };
    let found: Vec<Vec<u8>> =
        CertificateDer::pem_slice_iter(&text).flatten().map(|certificate| certificate.to_vec()).collect();
    match found.is_empty() {
        true => Err("unable to load root certificates: unable to parse bytes as PEM block".to_owned()),
        false => Ok(Some(found)),
    }
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let failed = |error| format!("open {path}: {}", system(&error));
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_AUTHORITY + 1).read_to_end(&mut text).map_err(failed)?;
    match text.len() as u64 > MAX_AUTHORITY {
        true => Err(format!("{path} is larger than {} MiB; name fewer authorities", MAX_AUTHORITY >> 20)),
        false => Ok(text),
    }
}

/// The proxy that the cluster names, or the one of the environment.
/// The client ends the process on a token that no header can hold.
fn check_token(config: &Config) -> Result<(), String> {
    let token = config.auth_info.token.as_ref().map(|token| token.expose_secret()).unwrap_or_default();
    match token.trim().bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        true => Err("net/http: invalid header field value for \"Authorization\"".to_owned()),
        false => Ok(()),
    }
}

/// Why there is no client, without what a plugin printed and without a password of an address.
fn words(error: &kube::Error, url: &str, plugin: Option<&ExecConfig>) -> String {
    match credentials::words(error, plugin) {
        // Helm asks for this first, and runs a plugin when it does.
        Some(words) => format!("Get \"{url}/version\": {words}"),
        None => root_cause(error).split(' ').map(redact).collect::<Vec<_>>().join(" "),
    }
}
