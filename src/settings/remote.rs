//! The git server that branches are pushed to, and whether these settings fit together.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::duration::{self, Span};
use super::text;

/// Where branches go beside the agent's own repository. Credentials are in files, which are read anew for every push.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Remote {
    /// `https://host/path`, `ssh://user@host/path`, `user@host:path` or `/path`; `None`: no remote.
    #[serde(deserialize_with = "text::optional_line")]
    pub url: Option<String>,
    pub push: Push,
    #[serde(deserialize_with = "text::optional_path")]
    pub username_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::optional_path")]
    pub password_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::optional_path")]
    pub token_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::optional_path")]
    pub ca_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::optional_path")]
    pub ssh_key_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::optional_path")]
    pub ssh_passphrase_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::optional_path")]
    pub ssh_known_hosts_file: Option<PathBuf>,
    /// Of a whole push or fetch.
    #[serde(deserialize_with = "duration::download")]
    pub timeout: Span,
}

/// What a push means for the change that it brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Push {
    /// Nothing is reported or applied before the remote has the commit. The default: who looks after a change looks at the
    /// remote, and a server that refuses a commit (protection, a hook) is to refuse what it describes, too.
    #[default]
    Required,
    /// The change goes on at once, and the remote has it as soon as it can.
    Async,
    /// The remote is read at the start and never written.
    Never,
}

impl Default for Remote {
    fn default() -> Self {
        Remote {
            url: None,
            push: Push::Required,
            username_file: None,
            password_file: None,
            token_file: None,
            ca_file: None,
            ssh_key_file: None,
            ssh_passphrase_file: None,
            ssh_known_hosts_file: None,
            timeout: Span::milliseconds(300_000),
        }
    }
}

/// Why the settings of the remote contradict each other.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum RemoteError {
    #[error("remote.{0} is set and remote.url is not; set remote.url, or leave remote.{0} out")]
    NoUrl(&'static str),
    #[error("remote.{0} is set and remote.{1} is not; set both or none")]
    Half(&'static str, &'static str),
    #[error("remote.tokenFile and remote.passwordFile are both set; leave one of them out")]
    TwoLogins,
    #[error("remote.sshPassphraseFile is set and remote.sshKeyFile is not; name the key that it opens")]
    NoKey,
}

impl Remote {
    /// Reads nothing.
    pub fn check(&self) -> Result<(), RemoteError> {
        let set = self.files().into_iter().find_map(|(_, key, path)| path.map(|_| short(key)));
        if let (None, Some(key)) = (&self.url, set) {
            return Err(RemoteError::NoUrl(key));
        }
        match (&self.username_file, &self.password_file, &self.token_file) {
            (Some(_), None, _) => Err(RemoteError::Half("usernameFile", "passwordFile")),
            (None, Some(_), _) => Err(RemoteError::Half("passwordFile", "usernameFile")),
            (_, Some(_), Some(_)) => Err(RemoteError::TwoLogins),
            _ if self.ssh_passphrase_file.is_some() && self.ssh_key_file.is_none() => Err(RemoteError::NoKey),
            _ => Ok(()),
        }
    }

    /// The files that these settings name: what each is, its key, its path.
    pub fn files(&self) -> [(&'static str, &'static str, Option<&PathBuf>); 7] {
        [
            ("user of the remote", "remote.usernameFile", self.username_file.as_ref()),
            ("password of the remote", "remote.passwordFile", self.password_file.as_ref()),
            ("token of the remote", "remote.tokenFile", self.token_file.as_ref()),
            ("certificates of the remote", "remote.caFile", self.ca_file.as_ref()),
            ("SSH key", "remote.sshKeyFile", self.ssh_key_file.as_ref()),
            ("passphrase of the SSH key", "remote.sshPassphraseFile", self.ssh_passphrase_file.as_ref()),
            ("list of known hosts", "remote.sshKnownHostsFile", self.ssh_known_hosts_file.as_ref()),
        ]
    }
}

fn short(key: &'static str) -> &'static str {
    key.trim_start_matches("remote.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_whole_or_not_there() {
        for (text, expected) in [
            ("{}", None),
            ("{url: /a, push: async}", None),
            ("{url: /a, usernameFile: u, passwordFile: p}", None),
            ("{url: /a, tokenFile: t}", None),
            ("{tokenFile: t}", Some("remote.tokenFile is set and remote.url is not")),
            ("{url: /a, passwordFile: p}", Some("remote.passwordFile is set and remote.usernameFile is not")),
            ("{url: /a, usernameFile: u}", Some("remote.usernameFile is set and remote.passwordFile is not")),
            ("{url: /a, usernameFile: u, passwordFile: p, tokenFile: t}", Some("both set")),
            ("{url: /a, sshPassphraseFile: p}", Some("name the key that it opens")),
        ] {
            let remote: Remote = serde_yaml::from_str(text).unwrap();
            let error = remote.check().err().map(|error| error.to_string());
            match expected {
                None => assert_eq!(error, None, "{text}"),
                Some(words) => {
                    assert!(error.as_deref().is_some_and(|is| is.contains(words)), "{text}: {error:?}")
                }
            }
        }
    }
}
