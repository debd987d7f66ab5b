//! A file of Docker's or Helm's registry logins turned into the user and password for a host.
#![allow(clippy::disallowed_methods)] // reads the file that the user names

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// A file of logins has some hundred bytes a host.
const MAX_FILE: u64 = 1 << 20;

/// What `docker login`, `helm registry login` and a Secret `kubernetes.io/dockerconfigjson` hold.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Login>,
}

#[derive(Default, Deserialize)]
struct Login {
    /// base64 of `user:password`
    #[serde(default)]
    auth: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

/// Why a file of logins is of no use. Says nothing of its contents.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    #[error(
        "credentials file {path}: {reason}; name a file that `docker login` or `helm registry login` wrote"
    )]
    Read { path: PathBuf, reason: String },
    #[error("credentials file {0} is not the JSON that `docker login` writes")]
    Content(PathBuf),
}

/// The login for a host. A file that is not there has none.
pub fn find(path: &Path, host: &str) -> Result<Option<(String, String)>, CredentialsError> {
    let mut text = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut text));
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(CredentialsError::Read { path: path.into(), reason: error.to_string() }),
        Ok(_) => {}
    }
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    // The reader's own words may quote a secret.
    let file: File = serde_json::from_slice(&text).map_err(|_| CredentialsError::Content(path.into()))?;
    let key = |written: &str| hostname(written) == host_key(host);
    let login = file.auths.into_iter().find(|(written, _)| key(written)).map(|(_, login)| login);
    Ok(login.and_then(decode))
}

fn decode(login: Login) -> Option<(String, String)> {
    let written = STANDARD.decode(login.auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = written.as_deref().and_then(|text| text.split_once(':'));
    let pair = pair.map(|(user, password)| (user.to_owned(), password.trim_end_matches('\0').to_owned()));
    let (user, password) = pair.unwrap_or((login.username, login.password));
    (!user.is_empty() && !password.is_empty()).then_some((user, password))
}

/// `https://index.docker.io/v1/` is how Docker writes its own registry.
fn host_key(host: &str) -> &str {
    if matches!(host, "docker.io" | "registry-1.docker.io") { "index.docker.io" } else { host }
}

/// Without scheme and path, as keys are written by old versions of Docker.
fn hostname(written: &str) -> &str {
    let written = written.trim_start_matches("http://").trim_start_matches("https://");
    written.split('/').next().unwrap_or(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_found_by_host() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let auth = STANDARD.encode("ann:s:cret");
        let text = format!(
            r#"{{"auths": {{"h:5000": {{"auth": "{auth}"}}, "https://index.docker.io/v1/": {{"username": "u", "password": "p"}},
                "empty": {{}}}}, "credsStore": "desktop"}}"#
        );
        std::fs::write(&path, text).unwrap();
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(find(&path, "h:5000").unwrap(), pair("ann", "s:cret"));
        assert_eq!(find(&path, "docker.io").unwrap(), pair("u", "p"));
        assert_eq!(find(&path, "empty").unwrap(), None);
        assert_eq!(find(&path, "h").unwrap(), None);
        assert_eq!(find(&folder.path().join("none"), "h").unwrap(), None);
        std::fs::write(&path, r#"{"auths": {"h": {"auth": 5, "password": "s:cret"}}}"#).unwrap();
        let error = find(&path, "h").unwrap_err().to_string();
        assert!(!error.contains("s:cret") && error.contains("docker login"), "{error}");
    }
}
