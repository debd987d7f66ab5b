//! Helm's own `repositories.yaml` turned into the repositories that a user has added (Helm `pkg/repo/v1/repo.go`).
#![allow(clippy::disallowed_methods)] // reads helm's configuration

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::http::fault::system;

/// A file of a user's repositories has some hundred bytes a repository.
const MAX_FILE: u64 = 1 << 20;

/// A repository that `helm repo add` wrote down.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Repository {
    pub name: String,
    pub url: String,
    pub username: String,
    pub password: String,
    pub cert_file: PathBuf,
    pub key_file: PathBuf,
    pub ca_file: PathBuf,
    #[serde(rename = "insecure_skip_tls_verify")]
    pub insecure: bool,
    #[serde(rename = "pass_credentials_all")]
    pub pass_credentials: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    repositories: Vec<Repository>,
}

/// Why the file is of no use; the texts are Helm's. Nothing is said of its contents: it may hold passwords.
#[derive(Debug, thiserror::Error)]
pub enum RepositoriesError {
    #[error("couldn't load repositories file ({path}): {verb} {path}: {reason}")]
    Read { path: PathBuf, verb: &'static str, reason: String },
    #[error("repositories file {0} is not what `helm repo add` writes")]
    Content(PathBuf),
    #[error("repo {0} not found")]
    NotFound(String),
    #[error("no URL found for repository {0}")]
    NoUrl(String),
}

/// All repositories, in order; a file that is not there has none.
pub fn load(path: &Path) -> Result<Vec<Repository>, RepositoriesError> {
    let mut text = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            let verb = if error.kind() == io::ErrorKind::IsADirectory { "read" } else { "open" };
            return Err(RepositoriesError::Read { path: path.into(), verb, reason: system(&error) });
        }
        Ok(_) if text.iter().all(u8::is_ascii_whitespace) => return Ok(Vec::new()),
        Ok(_) => {}
    }
    let file: File = serde_yaml::from_slice(&text).map_err(|_| RepositoriesError::Content(path.into()))?;
    Ok(file.repositories)
}

/// The repository of this name.
pub fn by_name<'a>(repositories: &'a [Repository], name: &str) -> Result<&'a Repository, RepositoriesError> {
    let found = repositories.iter().find(|repository| repository.name == name);
    let found = found.ok_or_else(|| RepositoriesError::NotFound(name.to_owned()))?;
    if found.url.is_empty() { Err(RepositoriesError::NoUrl(name.to_owned())) } else { Ok(found) }
}
