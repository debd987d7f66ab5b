//! What a kubeconfig knows of a user turned into what a client can show a server, or into why there is nothing to show
//! (`k8s.io/client-go/tools/clientcmd/client_config.go`, `plugin/pkg/client/auth`).
#![allow(clippy::disallowed_methods)] // reads the file of a token

use std::error::Error;
use std::fs::File;
use std::io::{self, Read as _};

use kube::client::AuthError;
use kube::config::{AuthInfo, ExecConfig};
use secrecy::{ExposeSecret as _, SecretString};

use super::usable::given;
use crate::pull::http::fault::system;
use crate::template::quote::quote;

/// Tokens of service accounts have 2 KiB, and servers take no header above 1 MiB.
const MAX_TOKEN: u64 = 1 << 20;

/// The forms of plugins that there are.
const PLUGINS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// Providers that client-go had, and those that it has.
const GONE: [&str; 2] = ["azure", "gcp"];
const KNOWN: &str = "oidc";

/// Leaves only what is used: over plain HTTP no credentials at all, and no parts that are empty.
pub fn of_user(mut user: AuthInfo, is_secure: bool) -> Result<AuthInfo, String> {
    if !is_secure {
        return Ok(AuthInfo {
            impersonate: user.impersonate,
            impersonate_uid: user.impersonate_uid,
            impersonate_groups: user.impersonate_groups,
            impersonate_user_extra: user.impersonate_user_extra,
            ..AuthInfo::default()
        });
    }
    user.token = user.token.filter(|token| !token.expose_secret().is_empty());
    let file = user.token_file.take().filter(|path| !path.is_empty());
    if let (None, Some(path)) = (&user.token, file) {
        user.token = Some(token(&path)?);
    }
    if given(&user.client_certificate).or(given(&user.client_certificate_data)).is_none() {
        (user.client_key, user.client_key_data) = (None, None);
    } else {
        // A plugin is not asked for what is there.
        user.exec = None;
    }
    if let Some(provider) = &user.auth_provider {
        let name = quote(provider.name.as_bytes());
        match &*provider.name {
            KNOWN => {}
            known if GONE.contains(&known) => {
                return Err(format!("the auth provider {name} is gone; name its plugin under `exec`"));
            }
            _ => return Err(format!("no Auth Provider found for name {name}")),
        }
    }
    let version = user.exec.as_ref().and_then(|exec| given(&exec.api_version)).unwrap_or(PLUGINS[0]);
    match PLUGINS.contains(&version) {
        true => Ok(user),
        false => Err(format!("exec plugin: invalid apiVersion {}", quote(version.as_bytes()))),
    }
}

/// The token of a file. A render does not last so long that it would have to be read again.
fn token(path: &str) -> Result<SecretString, String> {
    let failed = |error: io::Error| format!("open {path}: {}", system(&error));
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_TOKEN + 1).read_to_string(&mut text).map_err(failed)?;
    match text.len() as u64 > MAX_TOKEN {
        true => Err(format!("{path} holds more than {MAX_TOKEN} bytes; name a file that holds a token only")),
        false => Ok(SecretString::from(text.trim())),
    }
}

/// What is said where a way to credentials fails: never what a plugin printed or was called with, which may be a token.
pub fn words(error: &kube::Error, plugin: Option<&ExecConfig>) -> Option<String> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<AuthError>() {
            return Some(format!("getting credentials: {}", plugin_words(error, plugin)));
        }
        next = error.source();
    }
    None
}

fn plugin_words(error: &AuthError, plugin: Option<&ExecConfig>) -> String {
    let command = plugin.and_then(|plugin| given(&plugin.command)).unwrap_or("of the plugin");
    match error {
        AuthError::AuthExecStart(error) if command.contains('/') => {
            format!("exec: fork/exec {command}: {}", system(error))
        }
        AuthError::AuthExecStart(_) => {
            let hint = plugin.and_then(|plugin| given(&plugin.install_hint)).map(harmless);
            let hint = hint.map_or_else(String::new, |hint| format!("\n\n{hint}"));
            format!("exec: executable {command} not found{hint}")
        }
        AuthError::AuthExecRun { out, .. } => {
            let code = out.status.code().unwrap_or(-1);
            format!("exec: executable {command} failed with exit code {code}")
        }
        AuthError::AuthExecParse(_) => "exec: what the plugin printed is no ExecCredential".to_owned(),
        AuthError::ExecPluginFailed => "exec plugin didn't return a status field".to_owned(),
        _ => "what the kubeconfig names for the user gives none; try it with kubectl".to_owned(),
    }
}

/// Without what would change the terminal (`cleanANSIEscapeCodes`).
fn harmless(text: &str) -> String {
    let shown = |c: char| match c.is_control() && !('\t'..='\r').contains(&c) {
        true => format!("U+{:04X}", u32::from(c)),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{ExitStatus, Output};

    use super::*;

    #[test]
    fn what_a_plugin_printed_is_not_told() {
        let status = ExitStatus::from_raw(1 << 8);
        let out =
            Output { status, stdout: b"{\"token\": \"hunter2\"}".to_vec(), stderr: b"hunter2".to_vec() };
        let error = AuthError::AuthExecRun { cmd: "plugin --password hunter2".into(), out: Box::new(out) };
        let plugin = ExecConfig {
            command: Some("plugin".to_owned()),
            args: Some(vec!["hunter2".to_owned()]),
            ..ExecConfig::default()
        };
        let told = words(&kube::Error::Auth(error), Some(&plugin));
        let wanted = "getting credentials: exec: executable plugin failed with exit code 1";
        assert_eq!(told.as_deref(), Some(wanted));
    }

    #[test]
    fn hints_do_not_write_on_the_terminal() {
        assert_eq!(harmless("a\n\u{1b}[1mb"), "a\nU+001B[1mb");
    }
}
