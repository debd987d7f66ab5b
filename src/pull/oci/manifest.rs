//! A reference turned into the archive that its manifest names, every digest checked (Helm `pkg/registry/client.go`).

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Deserialize;

use super::super::http::client::Answer;
use super::super::http::send::Limit;
use super::digest;
use super::error::{RegistryError, refusal};
use super::reference::Reference;
use super::registry::Registry;
use crate::chart::load::MAX_ARCHIVE;

/// What the specification wants a registry to take at least, and oras-go takes at most.
const MAX_MANIFEST: Limit = Limit { bytes: 4 << 20, what: "manifest" };
/// What `what` of a layer is.
const ARCHIVE: Limit = Limit { bytes: MAX_ARCHIVE, what: "chart" };

const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// What Helm 3.0 wrote.
const LEGACY_LAYER: &str = "application/tar+gzip";

const MANIFESTS: &str = "application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, application/vnd.oci.artifact.manifest.v1+json";

/// The part of a manifest that says where the chart is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    #[serde(default)]
    config: Descriptor,
    #[serde(default)]
    layers: Vec<Descriptor>,
    /// Of an index.
    #[serde(default)]
    manifests: Option<Vec<serde::de::IgnoredAny>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    size: u64,
}

/// What a registry gave.
#[derive(Debug)]
pub struct Pulled {
    pub archive: Vec<u8>,
    /// Of the manifest: what a reference by digest names.
    pub manifest_digest: String,
    /// The layer has the media type that Helm 3.0 wrote.
    pub legacy: bool,
}

/// The digest that a tag stands for; none where there is no such tag.
pub async fn resolve(registry: &Registry<'_>, tag: &str) -> Option<String> {
    let answer = manifest(registry, tag).await.ok()?;
    Some(digest::of(&answer.body))
}

/// Fetches manifest and layer.
pub async fn pull(registry: &Registry<'_>, place: &Reference) -> Result<Pulled, RegistryError> {
    let selector = place.selector().unwrap_or_default();
    let answer = manifest(registry, selector).await.map_err(|error| error.during("FetchReference"))?;
    let manifest_digest = digest::of(&answer.body);
    if let Some(wanted) = place.digest.as_ref().filter(|wanted| **wanted != manifest_digest) {
        return Err(RegistryError::Contents { digest: wanted.clone(), is: manifest_digest });
    }
    let manifest = read(&answer)?;
    if manifest.config.media_type != CONFIG {
        return Err(RegistryError::NoConfig(CONFIG));
    }
    let layer = manifest.layers.iter().rfind(|layer| [LAYER, LEGACY_LAYER].contains(&&*layer.media_type));
    let layer = layer.ok_or(RegistryError::NoLayer(LAYER))?;
    let archive = blob(registry, layer).await?;
    Ok(Pulled { archive, manifest_digest, legacy: layer.media_type == LEGACY_LAYER })
}

async fn manifest(registry: &Registry<'_>, selector: &str) -> Result<Answer, RegistryError> {
    let address = registry.address(&format!("manifests/{selector}"))?;
    let answer = registry.get(&address, MANIFESTS, MAX_MANIFEST).await?;
    match answer.status {
        StatusCode::OK => Ok(answer),
        StatusCode::NOT_FOUND => {
            let sign = if digest::is_digest(selector) { '@' } else { ':' };
            let Reference { registry, repository, .. } = &registry.place;
            Err(RegistryError::NotFound(format!("{registry}/{repository}{sign}{selector}")))
        }
        _ => Err(refusal(&answer)),
    }
}

fn read(answer: &Answer) -> Result<Manifest, RegistryError> {
    let address = answer.address.to_string();
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let manifest: Manifest = serde_json::from_slice(&answer.body)
        .map_err(|error| RegistryError::Manifest { address: address.clone(), reason: error.to_string() })?;
    match manifest.manifests.is_some() || kind.contains("image.index") || kind.contains("manifest.list") {
        true => Err(RegistryError::Index(address)),
        false => Ok(manifest),
    }
}

async fn blob(registry: &Registry<'_>, layer: &Descriptor) -> Result<Vec<u8>, RegistryError> {
    let Descriptor { digest, size, .. } = layer;
    let name = format!("{}@{digest}", registry.place.repository);
    if !digest::is_digest(digest) {
        let reason = format!("{digest:?} is no digest of sha256");
        return Err(RegistryError::Manifest { address: name, reason });
    }
    if *size > MAX_ARCHIVE as u64 {
        return Err(RegistryError::TooLarge { name, size: *size, limit: MAX_ARCHIVE });
    }
    let address = registry.address(&format!("blobs/{digest}"))?;
    let fetched = registry.get(&address, "*/*", ARCHIVE).await.map_err(|error| error.during("Fetch"))?;
    match fetched.status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Err(RegistryError::NotFound(digest.clone()).during("Fetch")),
        _ => return Err(refusal(&fetched).during("Fetch")),
    }
    let is = digest::of(&fetched.body);
    match is == *digest {
        true => Ok(fetched.body),
        false => Err(RegistryError::Contents { digest: digest.clone(), is }),
    }
}
