//! A cluster and a user of a kubeconfig turned into what makes them unusable
//! (`k8s.io/client-go/tools/clientcmd/validation.go`). The texts are clientcmd's.
#![allow(clippy::disallowed_methods)] // opens the files that they name

use std::fs::File;

use kube::config::{AuthInfo, Cluster, ExecConfig};
use secrecy::ExposeSecret as _;

use crate::pull::address::{Address, redact};
use crate::pull::http::fault::system;
use crate::template::quote::quote;

/// The oldest form of plugins; where it is given, they are asked for nothing new.
const OLD_PLUGIN: &str = "client.authentication.k8s.io/v1beta1";

/// All that is wrong, in clientcmd's order; each of the two is called by its name.
pub fn complaints(cluster: (&str, &Cluster), user: (&str, &AuthInfo)) -> Vec<String> {
    let mut said = certificate(user.0, user.1);
    if let Some(exec) = &user.1.exec {
        said.extend(plugin(user.0, user.1, exec));
    }
    said.extend(who(user.0, user.1));
    said.extend(server(cluster.0, cluster.1));
    said
}

fn certificate(name: &str, user: &AuthInfo) -> Vec<String> {
    let key = user.client_key_data.as_ref().map(|key| key.expose_secret().to_owned());
    let [file, data] = [&user.client_certificate, &user.client_certificate_data].map(given);
    let [key_file, key_data] = [&user.client_key, &key].map(given);
    if (file, data) == (None, None) {
        return Vec::new();
    }
    let mut said = Vec::new();
    if file.and(data).is_some() {
        said.push(format!(
            "client-cert-data and client-cert are both specified for {name}. client-cert-data will override."
        ));
    }
    if key_file.and(key_data).is_some() {
        said.push(format!(
            "client-key-data and client-key are both specified for {name}; client-key-data will override"
        ));
    }
    if key_file.or(key_data).is_none() {
        said.push(format!(
            "client-key-data or client-key must be specified for {name} to use the clientCert authentication method."
        ));
    }
    said.extend(file.and_then(|path| unreadable("client-cert", path, name)));
    said.extend(key_file.and_then(|path| unreadable("client-key", path, name)));
    said
}

fn plugin(name: &str, user: &AuthInfo, exec: &ExecConfig) -> Vec<String> {
    let mut said = Vec::new();
    if user.auth_provider.is_some() {
        said.push(format!("authProvider cannot be provided in combination with an exec plugin for {name}"));
    }
    let must = |what: &str| format!("{what} must be specified for {name} to use exec authentication plugin");
    let [command, version] = [&exec.command, &exec.api_version].map(given);
    if command.is_none() {
        said.push(must("command"));
    }
    if version.is_none() {
        said.push(must("apiVersion"));
    }
    let unnamed = |variable: &&std::collections::HashMap<String, String>| {
        variable.get("name").is_none_or(String::is_empty)
    };
    said.extend(exec.env.iter().flatten().filter(unnamed).map(|_| must("env variable name")));
    if exec.interactive_mode.is_none() && version != Some(OLD_PLUGIN) {
        said.push(must("interactiveMode"));
    }
    said
}

fn who(name: &str, user: &AuthInfo) -> Vec<String> {
    let mut said = Vec::new();
    let holds = |secret: &Option<secrecy::SecretString>| {
        secret.as_ref().is_some_and(|secret| !secret.expose_secret().is_empty())
    };
    if holds(&user.token) && (given(&user.username).is_some() || holds(&user.password)) {
        said.push(format!(
            "more than one authentication method found for {name}; found [token basicAuth], only one is allowed"
        ));
    }
    let more = [
        given(&user.impersonate_uid).is_some(),
        user.impersonate_groups.as_ref().is_some_and(|groups| !groups.is_empty()),
        user.impersonate_user_extra.as_ref().is_some_and(|extra| !extra.is_empty()),
    ];
    if more.contains(&true) && given(&user.impersonate).is_none() {
        said.push(format!("requesting uid, groups or user-extra for {name} without impersonating a user"));
    }
    said
}

fn server(name: &str, cluster: &Cluster) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(proxy) = given(&cluster.proxy_url)
        && let Err(reason) = proxy_scheme(proxy)
    {
        let [proxy, name] = [&*redact(proxy), name].map(|text| quote(text.as_bytes()));
        said.push(format!("invalid 'proxy-url' {proxy} for cluster {name}: {reason}"));
    }
    let [file, data] = [&cluster.certificate_authority, &cluster.certificate_authority_data].map(given);
    if file.and(data).is_some() {
        said.push(format!(
            "certificate-authority-data and certificate-authority are both specified for {name}. \
             certificate-authority-data will override."
        ));
    }
    said.extend(file.and_then(|path| unreadable("certificate-authority", path, name)));
    said
}

fn proxy_scheme(proxy: &str) -> Result<(), String> {
    let parsed = Address::parse(proxy).map_err(|_| format!("could not parse: {}", redact(proxy)))?;
    match &*parsed.scheme {
        "http" | "https" | "socks5" => Ok(()),
        other => {
            let other = quote(other.as_bytes());
            Err(format!("unsupported scheme {other}, must be http, https, or socks5"))
        }
    }
}

fn unreadable(what: &str, path: &str, name: &str) -> Option<String> {
    let reason = system(&File::open(path).err()?);
    Some(format!("unable to read {what} {path} for {name} due to open {path}: {reason}"))
}

/// A text that is not empty: for clientcmd the others are not there.
pub fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}
