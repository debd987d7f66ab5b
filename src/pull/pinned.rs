//! What the settings ask for, and what was rendered before, turned into one archive that is what it was.
//!
//! A range is resolved once: the version that the branches record for it is taken again, by its digest, from the cache
//! if it is there, so that neither a restart nor a repository that is down changes anything. The same version with
//! another digest is refused.
#![allow(clippy::disallowed_methods)] // reads the files of credentials

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address::{Address, AddressError};
use super::cache::Cache;
use super::http::client::Client;
use super::http::proxy::Proxies;
use super::http::tls::{TlsError, Trust};
use super::index::GetError;
use super::oci::digest::{self, is_digest};
use super::oci::reference::SCHEME;
use super::oci_chart::{self, Asked, Logins, PullError};
use super::repository::{self, Credentials, FetchError};
use crate::chart::semver::Version;
use crate::secrecy::file;

/// A password is a line.
const MAX_SECRET: u64 = 64 << 10;

/// What the settings say.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// `https://…`, `http://…` or `oci://…`, without credentials.
    pub repository: String,
    pub name: String,
    /// Exact, a range, a manifest's digest (registries only), or empty for the newest release.
    pub version: String,
    /// What the archive has to have, whatever was recorded.
    pub digest: Option<String>,
    /// Resolve a range anew.
    pub update: bool,
    pub username_file: Option<PathBuf>,
    pub password_file: Option<PathBuf>,
    /// Logins as `docker login` writes them, for registries.
    pub credentials_file: Option<PathBuf>,
    pub pass_credentials: bool,
    pub plain_http: bool,
    pub trust: Trust,
    pub timeout: Duration,
}

/// What was rendered before from the same repository and chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// The version that was found for the same `version` of the settings.
    pub version: Option<String>,
    /// All digests that each version had.
    pub digests: BTreeMap<String, BTreeSet<String>>,
}

impl Pins {
    /// Adds what one release recorded; `asked` is what the settings said then, `now` what they say.
    pub fn add(&mut self, asked: &str, now: &str, version: &str, digest: &str) {
        self.digests.entry(version.to_owned()).or_default().insert(digest.to_owned());
        let newer = |known: &String| match (Version::parse(version), Version::parse(known)) {
            (Ok(version), Ok(known)) => version > known,
            _ => false,
        };
        if asked == now && self.version.as_ref().is_none_or(newer) {
            self.version = Some(version.to_owned());
        }
    }
}

/// An archive, and what it is.
#[derive(Debug)]
pub struct Pulled {
    pub archive: Vec<u8>,
    /// `sha256:<hex>` of the archive.
    pub digest: String,
}

/// Why there is no archive to render.
#[derive(Debug, thiserror::Error)]
pub enum PinnedError {
    #[error("chart.repository: {0}")]
    Address(#[from] AddressError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("file {path} of credentials: {reason}; correct `{key}`")]
    Secret { key: &'static str, path: PathBuf, reason: String },
    #[error("chart repository {repository} cannot be used: {source}")]
    Repository { repository: String, source: FetchError },
    #[error("chart {name} in {repository}: {source}; correct `chart.name` or `chart.version`")]
    NotFound { name: String, repository: String, source: GetError },
    #[error(
        "chart {name} {version}, which the branches record, is not in {repository} any more; \
         set `chart.version` to one that is, or put it back"
    )]
    Gone { name: String, version: String, repository: String },
    #[error("chart {name} {version} in {repository} has no URL; ask who publishes it")]
    NoUrl { name: String, version: String, repository: String },
    #[error("chart {name}: {source}")]
    Archive { name: String, source: FetchError },
    #[error("chart {name}: {source}")]
    Registry { name: String, source: PullError },
    #[error(
        "chart {name} {version} has another digest than the index of {repository} says: {is}, not {listed}; \
         ask who publishes it"
    )]
    Listed { name: String, version: String, repository: String, listed: String, is: String },
    #[error(
        "chart {name} {version} of {repository} is not what it was: its archive has the digest {is}, and {pinned} \
         was rendered before; if the new contents are wanted, set `chart.digest` to {is}, else ask who publishes it"
    )]
    Changed { name: String, version: String, repository: String, pinned: String, is: String },
    #[error(
        "chart {name} {version} of {repository} has the digest {is}, and `chart.digest` is {wanted}; correct it"
    )]
    Unwanted { name: String, version: String, repository: String, wanted: String, is: String },
    #[error("the network cannot be used: {0}")]
    Runtime(std::io::Error),
}

/// The archive to render: the recorded one where there is one.
pub fn pull(source: &Source, pins: &Pins, proxies: Proxies, cache: &Cache) -> Result<Pulled, PinnedError> {
    let pinned = pins.version.as_deref().filter(|_| !source.update);
    if let Some(found) = pinned.and_then(|version| kept(source, pins, version, cache)) {
        return Ok(found);
    }
    match fetch(source, pins, pinned, proxies) {
        Ok(found) => {
            if let Err(error) = cache.put(&found.archive) {
                tracing::warn!(%error, cache = %cache.root().display(), "the chart is not kept for the next start; set chart.cache");
            }
            Ok(found)
        }
        // Asked for news, an agent that gets none goes on with what it has.
        Err(error) if source.update && error.is_outage() => {
            let kept = pins.version.as_deref().and_then(|version| kept(source, pins, version, cache));
            let found = kept.ok_or_else(|| error.to_string());
            if found.is_ok() {
                tracing::warn!(%error, "the chart that was rendered before is kept");
            }
            found.map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

fn kept(source: &Source, pins: &Pins, version: &str, cache: &Cache) -> Option<Pulled> {
    let digests = pins.digests.get(version).into_iter().flatten();
    let wanted = |digest: &&String| source.digest.as_ref().is_none_or(|wanted| wanted == *digest);
    digests.filter(wanted).find_map(|digest| of_cache(cache, digest))
}

fn of_cache(cache: &Cache, digest: &str) -> Option<Pulled> {
    cache.get(digest).map(|archive| Pulled { archive, digest: digest.to_owned() })
}

/// What the repository has, checked.
fn fetch(
    source: &Source,
    pins: &Pins,
    pinned: Option<&str>,
    proxies: Proxies,
) -> Result<Pulled, PinnedError> {
    if let Some(path) = source.trust.ca_file.as_deref() {
        // Helm would trust the system's authorities instead.
        not_empty("chart.caFile", path)?;
    }
    let client = Client::new(&source.trust, proxies, source.timeout)?;
    let credentials = credentials(source)?;
    let work = async {
        match source.repository.starts_with(SCHEME) {
            true => of_registry(source, pinned, &client, credentials).await,
            false => of_repository(source, pinned, &client, &credentials).await,
        }
    };
    let (version, archive) = super::wait::wait(work).map_err(PinnedError::Runtime)??;
    let is = digest::of(&archive);
    check(source, pins, &version, &is)?;
    Ok(Pulled { archive, digest: is })
}

fn check(source: &Source, pins: &Pins, version: &str, is: &str) -> Result<(), PinnedError> {
    let Source { name, repository, .. } = source.clone();
    let (version, is) = (version.to_owned(), is.to_owned());
    match (&source.digest, pins.digests.get(&version)) {
        (Some(wanted), _) if *wanted == is => Ok(()),
        (Some(wanted), _) => {
            Err(PinnedError::Unwanted { name, version, repository, wanted: wanted.clone(), is })
        }
        (None, Some(known)) if !known.contains(&is) => {
            let pinned = known.iter().cloned().collect::<Vec<_>>().join(" or ");
            Err(PinnedError::Changed { name, version, repository, pinned, is })
        }
        (None, _) => Ok(()),
    }
}

async fn of_repository(
    source: &Source,
    pinned: Option<&str>,
    client: &Client,
    credentials: &Credentials,
) -> Result<(String, Vec<u8>), PinnedError> {
    let Source { name, repository, .. } = source.clone();
    let base = Address::parse(&source.repository)?;
    let unusable = |source| PinnedError::Repository { repository: repository.clone(), source };
    let index = repository::index(client, &base, credentials).await.map_err(unusable)?;
    for warning in &index.warnings {
        tracing::debug!(%warning, "an entry of the index is left out");
    }
    let found = index.get(&name, pinned.unwrap_or(&source.version));
    if let Some(pinned) = pinned
        && !found.as_ref().is_ok_and(|(entry, _)| entry.version == pinned)
    {
        return Err(PinnedError::Gone { name, version: pinned.to_owned(), repository });
    }
    let (entry, near) = found.map_err(|source| {
        let (name, repository) = (name.clone(), repository.clone());
        PinnedError::NotFound { name, repository, source }
    })?;
    let version = entry.version.clone();
    if near.is_some() {
        tracing::warn!(
            chart = name,
            asked = source.version,
            found = version,
            "the exact version is not there; the nearest is taken"
        );
    }
    let Some(reference) = entry.urls.first() else {
        return Err(PinnedError::NoUrl { name, version, repository });
    };
    let failed = |source| PinnedError::Archive { name: name.clone(), source };
    let address = repository::resolve(&base, reference).map_err(failed)?;
    let archive = repository::archive(client, &base, &address, credentials).await.map_err(failed)?;
    let listed = format!("sha256:{}", entry.digest.rsplit(':').next().unwrap_or_default());
    let is = digest::of(&archive);
    // Some repositories list no digest, and some one of another kind.
    if is_digest(&listed) && listed != is {
        return Err(PinnedError::Listed { name, version, repository, listed, is });
    }
    Ok((version, archive))
}

async fn of_registry(
    source: &Source,
    pinned: Option<&str>,
    client: &Client,
    credentials: Credentials,
) -> Result<(String, Vec<u8>), PinnedError> {
    let Source { name, repository, plain_http, .. } = source;
    let place = format!("{}/{name}", repository.trim_end_matches('/'));
    let (place, version) = match is_digest(&source.version) {
        true => (format!("{place}@{}", source.version), ""),
        false => (place, pinned.unwrap_or(&source.version)),
    };
    let asked = Asked { name: &place, version, plain: *plain_http };
    let files: Vec<PathBuf> = source.credentials_file.iter().cloned().collect();
    let Credentials { username, password, .. } = credentials;
    let logins = match username.is_empty() {
        false => Logins::Own(username, password),
        true => Logins::Files(&files),
    };
    let found = oci_chart::pull(client, &asked, &logins).await.map_err(|error| match (pinned, error) {
        (Some(pinned), PullError::Registry(error)) if error.is_not_found() => {
            let (name, version, repository) = (name.clone(), pinned.to_owned(), repository.clone());
            PinnedError::Gone { name, version, repository }
        }
        (_, source) => PinnedError::Registry { name: place.clone(), source },
    })?;
    // A tag is a version with another sign; a digest says of which version it is only inside of the archive.
    let version = found.place.tag.as_deref().unwrap_or_default().replace('_', "+");
    Ok((version, found.pulled.archive))
}

fn credentials(source: &Source) -> Result<Credentials, PinnedError> {
    let read =
        |key, path: &Option<PathBuf>| path.as_deref().map_or(Ok(String::new()), |path| secret(key, path));
    Ok(Credentials {
        username: read("chart.usernameFile", &source.username_file)?,
        password: read("chart.passwordFile", &source.password_file)?,
        pass_to_all: source.pass_credentials,
    })
}

fn not_empty(key: &'static str, path: &Path) -> Result<(), PinnedError> {
    let wrong = |reason: String| PinnedError::Secret { key, path: path.into(), reason };
    match std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len() {
        0 => Err(wrong("it is empty".to_owned())),
        _ => Ok(()),
    }
}

/// The first line: editors and `kubectl create secret --from-file` leave the end of a line behind it.
fn secret(key: &'static str, path: &Path) -> Result<String, PinnedError> {
    let wrong = |reason: String| PinnedError::Secret { key, path: path.into(), reason };
    let read = file::read(path, MAX_SECRET).map_err(|error| wrong(error.to_string()))?;
    let text = String::from_utf8(read).map_err(|_| wrong("it is no text in UTF-8".to_owned()))?;
    let line = text.trim_end_matches(['\r', '\n']);
    match line.is_empty() || line.contains(['\r', '\n']) {
        true => Err(wrong("it does not hold one line".to_owned())),
        false => Ok(line.to_owned()),
    }
}

impl PinnedError {
    /// The same question may be answered later: the repository is down, not wrong.
    pub fn is_outage(&self) -> bool {
        let of_fetch = |error: &FetchError| match error {
            FetchError::Fault(_) => true,
            FetchError::Status { code, .. } => code.is_server_error() || code.as_u16() == 429,
            FetchError::Index(_) | FetchError::Reference { .. } => false,
        };
        match self {
            PinnedError::Repository { source, .. } | PinnedError::Archive { source, .. } => of_fetch(source),
            PinnedError::Registry { source: PullError::Registry(error), .. } => error.is_outage(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_version_of_the_same_range_is_pinned() {
        let mut pins = Pins::default();
        pins.add("^1", "^1", "1.9.0", "sha256:a");
        pins.add("^1", "^1", "1.10.0", "sha256:b");
        pins.add("^1", "^1", "1.2.0", "sha256:c");
        pins.add("^2", "^1", "2.0.0", "sha256:d");
        assert_eq!(pins.version.as_deref(), Some("1.10.0"));
        assert_eq!(pins.digests["2.0.0"], BTreeSet::from(["sha256:d".to_owned()]));
    }
}
