//! A rendered release turned into the files of its cluster's folder.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::names::{self, Identity, ObjectId};
use super::record::{Capabilities, ChartRef, Item, Record};
use super::secrets::{self, SecretInGit};
use super::stub::{self, DigestKey, STUBS, Secrets};
use super::text::{self, TextError};
use crate::chart::digest;

/// Path below the cluster's folder → bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

pub const CLUSTER: &str = "cluster.yaml";
pub const VALUES: &str = "values.yaml";
pub const RELEASE: &str = "release.yaml";
pub const KUSTOMIZATION: &str = "kustomization.yaml";
pub const MANIFESTS: &str = "manifests";
pub const HOOKS: &str = "hooks";
pub const CRDS: &str = "crds";

/// What is ours at the top of a cluster's folder; anything else there is somebody's and survives.
pub const OWN: &[&str] = &[CLUSTER, VALUES, RELEASE, KUSTOMIZATION, MANIFESTS, HOOKS, CRDS, STUBS];

/// What one reconcile wants the folder to hold.
pub struct Deployment<'a> {
    /// Namespace of the cluster, and of its branch.
    pub namespace: &'a str,
    pub name: &'a str,
    /// The resource as asked for: defaulted spec, no status, no managed fields.
    pub cluster: &'a Json,
    /// The text of `values.yaml` and its digest.
    pub values: &'a str,
    pub values_digest: &'a str,
    pub chart: ChartRef,
    pub renderer: &'a str,
    pub capabilities: Capabilities,
    /// When the lock of its random values was made; empty where none was drawn and no Secret has a digest by it.
    pub locked_at: String,
    /// Of the digests of Secrets; `None`: a Secret with values is refused until there is one.
    pub digest_key: Option<DigestKey>,
    /// Custom resource definitions: applied first, never pruned (their deletion deletes users' data).
    pub crds: Vec<Object>,
    /// In apply order.
    pub manifests: Vec<Object>,
    /// Helm hooks, in Helm's order.
    pub hooks: Vec<Object>,
}

/// One rendered object.
#[derive(Clone, Debug)]
pub struct Object {
    pub identity: Identity,
    /// Exactly as rendered.
    pub text: String,
    /// The same, parsed.
    pub json: Json,
}

/// Why a render does not become a commit.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error(
        "the chart {chart} rendered no object for {cluster}, and an empty release would delete what runs; \
         check the values that switch its parts off, or delete the resource"
    )]
    Empty { cluster: String, chart: String },
    #[error(
        "the chart {chart} rendered {object} twice for {cluster}, and kustomize takes no object twice; \
         correct the chart, or the values that name the second one"
    )]
    Twice { cluster: String, chart: String, object: String },
    #[error(transparent)]
    Secret(#[from] SecretInGit),
    /// Mended by another render with the lock of the release.
    #[error("the chart renders Secret/{0} with values, and there is no key for their digests")]
    WantsKey(String),
    #[error(transparent)]
    Text(#[from] TextError),
}

/// What a deployment becomes.
pub struct Folder {
    pub files: Files,
    /// What is applied and only has a stub there.
    pub secrets: Secrets,
    /// Paths of all objects below the folder, in the order in which `manifestDigest` takes them.
    pub order: Vec<String>,
}

/// All of the folder. Pure: the same deployment gives the same bytes.
pub fn folder(deployment: &Deployment<'_>) -> Result<Folder, FolderError> {
    if deployment.manifests.is_empty() {
        let cluster = format!("{}/{}", deployment.namespace, deployment.name);
        return Err(FolderError::Empty { cluster, chart: deployment.chart.name.clone() });
    }
    once(deployment)?;
    let objects = deployment.crds.iter().chain(&deployment.manifests).chain(&deployment.hooks);
    secrets::check(objects.map(|object| &object.json))?;
    let mut secrets = BTreeMap::new();
    let mut placed = |folder, objects| placed(folder, objects, deployment.digest_key.as_ref(), &mut secrets);
    let crds = placed(CRDS, &deployment.crds)?;
    let manifests = placed(MANIFESTS, &deployment.manifests)?;
    let hooks = placed(HOOKS, &deployment.hooks)?;
    let all: Vec<_> = crds.iter().chain(&manifests).chain(&hooks).cloned().collect();
    let applied: Vec<_> =
        crds.iter().chain(&manifests).filter(|file| !file.path.starts_with(STUBS)).cloned().collect();
    let cluster = text::yaml(CLUSTER, deployment.cluster)?;
    let record = record(deployment, &cluster, &manifests, &all);

    let mut files = Files::new();
    files.insert(CLUSTER.into(), cluster.into_bytes());
    files.insert(VALUES.into(), deployment.values.as_bytes().to_vec());
    files.insert(RELEASE.into(), record.to_yaml()?.into_bytes());
    let listed = applied.iter().map(|file| (file.path.as_str(), file.identity.namespace.as_str()));
    files.insert(KUSTOMIZATION.into(), kustomization(deployment.namespace, listed)?.into_bytes());
    let order = all.iter().map(|file| file.path.clone()).collect();
    for File { path, text, .. } in all {
        files.insert(path, text.into_owned().into_bytes());
    }
    Ok(Folder { files, secrets: Secrets::from(secrets), order })
}

/// What is applied of a deployment, in that order.
pub fn applied(deployment: &Deployment<'_>) -> Vec<ObjectId> {
    let all = deployment.crds.iter().chain(&deployment.manifests);
    all.map(|object| object.identity.object(deployment.namespace)).collect()
}

/// Refuses an object that is applied twice. Its API version may differ, its group not.
fn once(deployment: &Deployment<'_>) -> Result<(), FolderError> {
    let mut seen = BTreeSet::new();
    for object in applied(deployment) {
        let title = object.to_string();
        if !seen.insert(object) {
            let cluster = format!("{}/{}", deployment.namespace, deployment.name);
            let chart = deployment.chart.name.clone();
            return Err(FolderError::Twice { cluster, chart, object: title });
        }
    }
    Ok(())
}

/// An object's file.
#[derive(Clone)]
struct File<'a> {
    /// Below the cluster's folder.
    path: String,
    identity: &'a Identity,
    text: Cow<'a, str>,
}

type Placed<'a> = [File<'a>];

/// The files of objects. In the place of a Secret with values stands its stub; its text goes into `secrets`.
fn placed<'a>(
    folder: &str,
    objects: &'a [Object],
    key: Option<&DigestKey>,
    secrets: &mut BTreeMap<String, String>,
) -> Result<Vec<File<'a>>, FolderError> {
    let identities: Vec<Identity> = objects.iter().map(|object| object.identity.clone()).collect();
    let mut files = Vec::new();
    for (name, Object { identity, text, json }) in names::file_names(&identities).into_iter().zip(objects) {
        files.push(match stub::has_values(json) {
            false => File { path: format!("{folder}/{name}"), identity, text: text.into() },
            true => {
                let key = key.ok_or_else(|| FolderError::WantsKey(identity.name.clone()))?;
                let path = match folder {
                    MANIFESTS => format!("{STUBS}/{name}"),
                    folder => format!("{STUBS}/{folder}-{name}"),
                };
                secrets.insert(path.clone(), text.clone());
                File { path, identity, text: stub::text(json, key)?.into() }
            }
        });
    }
    Ok(files)
}

fn record(deployment: &Deployment<'_>, cluster: &str, manifests: &Placed<'_>, all: &Placed<'_>) -> Record {
    Record {
        chart: deployment.chart.clone(),
        cluster_digest: digest(cluster.as_bytes()),
        values_digest: deployment.values_digest.to_string(),
        manifest_digest: digest_of(all.iter().map(|file| (file.path.as_str(), file.text.as_bytes()))),
        renderer: deployment.renderer.to_string(),
        capabilities: deployment.capabilities.clone(),
        locked_at: deployment.locked_at.clone(),
        inventory: manifests.iter().map(|file| item(&file.path, file.identity)).collect(),
    }
}

fn item(file: &str, identity: &Identity) -> Item {
    let Identity { api_version, kind, namespace, name } = identity.clone();
    Item { api_version, kind, namespace, name, file: file.to_string() }
}

/// `sha256:<hex>` over `<path> NUL <text> NUL` of every object, so that neither can imitate the other.
pub fn digest_of<'a>(objects: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hash = Sha256::new();
    for (path, text) in objects {
        for part in [path.as_bytes(), text] {
            hash.update(part);
            hash.update([0]);
        }
    }
    digest::written(&hash.finalize())
}

/// `sha256:<hex>` over a file, as `release.yaml` records it.
pub fn digest(bytes: &[u8]) -> String {
    digest::written(&Sha256::digest(bytes))
}

/// Lists the files of what is applied, each with the namespace that its object names, in that order. `namespace` is added where an
/// object names none and no object names another one (kustomize would move those too).
pub fn kustomization<'a>(
    namespace: &str,
    applied: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<String, TextError> {
    let (paths, namespaces): (Vec<&str>, BTreeSet<&str>) = applied.unzip();
    let own = |named: &&str| named.is_empty() || *named == namespace;
    let mut data = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "sortOptions": {"order": "fifo"},
        "resources": paths,
    });
    if namespaces.contains("") && namespaces.iter().all(own) {
        data["namespace"] = json!(namespace);
    }
    text::yaml(KUSTOMIZATION, &data)
}
