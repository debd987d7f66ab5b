//! `oci://…` and a version turned into a pulled chart (Helm `ValidateReference`, `pkg/registry/client.go`).

use std::path::PathBuf;

use super::http::client::Client;
use super::oci::credentials::{self, CredentialsError};
use super::oci::error::RegistryError;
use super::oci::manifest::{self, Pulled};
use super::oci::reference::{Reference, ReferenceError};
use super::oci::registry::Registry;
use super::oci::tags;
use crate::chart::semver::Version;
use crate::template::quote::quote;

/// What is wanted of a registry.
pub struct Asked<'a> {
    /// `oci://host/path`, with a tag and a digest perhaps.
    pub name: &'a str,
    /// Exact, a range, or empty for the newest release.
    pub version: &'a str,
    pub plain: bool,
}

/// How a registry is convinced.
pub enum Logins<'a> {
    /// User and password, whatever the host.
    Own(String, String),
    /// Files as `docker login` writes them; the first with the host wins.
    Files(&'a [PathBuf]),
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    pub place: Reference,
    pub pulled: Pulled,
}

/// Why nothing was pulled. Displays as Helm says it.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Logins(#[from] CredentialsError),
}

/// Finds the version and fetches its archive.
pub async fn pull(client: &Client, asked: &Asked<'_>, logins: &Logins<'_>) -> Result<Found, PullError> {
    let place = Reference::parse(asked.name).map_err(RegistryError::from)?;
    let registry = Registry::new(client, place.clone(), asked.plain, login(logins, place.host())?);
    let place = choose(&registry, asked).await?;
    let pulled = manifest::pull(&registry, &place).await?;
    Ok(Found { place, pulled })
}

fn login(logins: &Logins<'_>, host: &str) -> Result<Option<(String, String)>, CredentialsError> {
    match logins {
        Logins::Own(user, password) => Ok(Some((user.clone(), password.clone()))),
        Logins::Files(files) => {
            for file in *files {
                if let Some(found) = credentials::find(file, host)? {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        }
    }
}

/// The tag or digest to fetch (`ValidateReference`).
async fn choose(registry: &Registry<'_>, asked: &Asked<'_>) -> Result<Reference, RegistryError> {
    let named = &registry.place;
    let tag = named.tag.clone().unwrap_or_default();
    let version = if asked.version.is_empty() { tag.clone() } else { asked.version.to_owned() };
    if !tag.is_empty() && tag != version {
        return Err(RegistryError::Mismatch { version, tag });
    }
    if let Some(digest) = &named.digest {
        // A tag need not be there; if it is, it has to be the same.
        if !version.is_empty()
            && let Some(is) = manifest::resolve(registry, &version.replace('+', "_")).await
            && is != *digest
        {
            return Err(RegistryError::DigestMismatch { is, wanted: digest.clone() });
        }
        return Ok(Reference { tag: None, ..named.clone() });
    }
    if Version::parse(&version).is_ok() {
        return Ok(named.at_version(&version));
    }
    // Helm reads the tag as it is written once more.
    if let Some((_, written)) = asked.name.rsplit_once(':').filter(|(_, written)| written.contains('+')) {
        return Err(ReferenceError::Tag(quote(written.as_bytes())).into());
    }
    let tags = tags::versions(registry).await?;
    if tags.is_empty() {
        return Err(RegistryError::NoTags(asked.name.to_owned()));
    }
    Ok(named.at_version(&tags::matching(&tags, &version)?))
}

impl Found {
    /// What Helm says of a chart that it pulled.
    pub fn said(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.pulled.legacy {
            lines.push("Warning: chart media type application/tar+gzip is deprecated".to_owned());
        }
        lines.push(format!("Pulled: {}", self.place));
        lines.push(format!("Digest: {}", self.pulled.manifest_digest));
        if self.place.to_string().contains('_') {
            lines.push(format!("{} contains an underscore.", self.place));
            lines.push(UNDERSCORE.to_owned());
        }
        lines
    }
}

/// Helm's `registryUnderscoreMessage`.
const UNDERSCORE: &str = "
OCI artifact references (e.g. tags) do not support the plus sign (+). To support
storing semantic versions, Helm adopts the convention of changing plus (+) to
an underscore (_) in chart version tags when pushing to a registry and back to
a plus (+) when pulling from a registry.";
