//! A resource turned into the files of its folder: values → render → ledger. Pure.

use serde_json::{Map, Value as Json, json};

use super::inputs::Inputs;
use crate::api::{PrometheusCluster, annotations};
use crate::ledger::folder::{self, Deployment, Files, FolderError, Object};
use crate::ledger::names::{Identity, ObjectId};
use crate::ledger::root::Row;
use crate::prometheus::{config, credentials, keys, rules};
use crate::render::manifests::Manifest;
use crate::render::policy::Policy;
use crate::render::release::Release;
use crate::render::{self, RenderError, Request};
use crate::source::event::Key;
use crate::template::budgets::Limits;
use crate::template::frozen::Frozen;
use crate::template::value::Value;
use crate::values::compose::{self, ComposeError};
use crate::values::mapping::Subject;
use crate::values::text;
use crate::yaml::convert;
use crate::yaml::read::{self, ReadError};

/// Whose output the manifests equal; see `ledger::record::Record::renderer`.
pub const RENDERER: &str = "helm 4.3.1";

/// A cluster ready to be compared with its branch.
#[derive(Debug)]
pub struct Prepared {
    pub key: Key,
    /// `cluster.yaml` as JSON.
    pub cluster: Json,
    pub files: Files,
    /// What is applied of it.
    pub objects: Vec<ObjectId>,
    /// Its line in the branch's README.
    pub row: Row,
    /// What the chart warned about.
    pub warnings: Vec<String>,
}

/// Why a resource does not become files. All of them are the user's, the chart's or the mapping's to mend.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// All problems of the configuration and the rule files.
    #[error("{0}")]
    Prometheus(String),
    #[error(transparent)]
    Values(#[from] ComposeError),
    #[error("values of {key} cannot be written: {reason}")]
    Text { key: Key, reason: String },
    #[error("{chart}: {source}")]
    Render { chart: String, source: Box<RenderError> },
    #[error("{path}: {source}")]
    Manifest { path: String, source: ReadError },
    #[error("{path}: a manifest is not an object with apiVersion, kind and metadata.name; correct the chart")]
    NoObject { path: String },
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// Renders a resource. Must run on a thread with a deep stack (`template::budgets`).
pub fn prepare(key: &Key, cluster: &PrometheusCluster, inputs: &Inputs) -> Result<Prepared, PrepareError> {
    let asked = as_asked(key, cluster);
    check_prometheus(cluster)?;
    let values = values(key, &asked, inputs)?;
    let failed = |reason: String| PrepareError::Text { key: key.clone(), reason };
    let written = text::to_yaml(&values).map_err(|error| failed(error.to_string()))?;
    let written = String::from_utf8(written).map_err(|error| failed(error.to_string()))?;
    let output = render(key, &values, inputs)?;
    let crds = output.crds.iter().map(|crd| object(&crd.path, &crd.data));
    let hooks = output.hooks.iter().map(|hook| manifest(&hook.manifest));
    let manifests = output.manifests.iter().map(manifest);
    let deployment = Deployment {
        namespace: &key.namespace,
        name: &key.name,
        cluster: &asked,
        values: &written,
        values_digest: &text::digest(written.as_bytes()),
        chart: inputs.chart_ref.clone(),
        renderer: RENDERER,
        capabilities: inputs.recorded.clone(),
        crds: crds.filter_map(Result::transpose).collect::<Result<_, _>>()?,
        manifests: manifests.filter_map(Result::transpose).collect::<Result<_, _>>()?,
        hooks: hooks.filter_map(Result::transpose).collect::<Result<_, _>>()?,
    };
    check_rendered(deployment.manifests.iter().chain(&deployment.hooks))?;
    let files = folder::files(&deployment)?;
    let objects = folder::applied(&deployment);
    let row = Row::of(&asked, &inputs.chart_ref);
    let warnings = output.warnings.iter().map(ToString::to_string).collect();
    Ok(Prepared { key: key.clone(), cluster: asked, files, objects, row, warnings })
}

/// The resource as `cluster.yaml` keeps it: what was asked for, and nothing that an API server or another
/// tool added. Annotations that ask for an action, not for a state, are left out: they change no deployment.
fn as_asked(key: &Key, cluster: &PrometheusCluster) -> Json {
    const LEFT_OUT: &[&str] = &[
        "kubectl.kubernetes.io/last-applied-configuration",
        annotations::RECONCILE_AT,
        annotations::REQUESTED_BY,
    ];
    let mut metadata = Map::from_iter([
        ("name".to_string(), json!(key.name)),
        ("namespace".to_string(), json!(key.namespace)),
    ]);
    if let Some(labels) = cluster.metadata.labels.as_ref().filter(|labels| !labels.is_empty()) {
        metadata.insert("labels".into(), json!(labels));
    }
    let kept =
        cluster.metadata.annotations.iter().flatten().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    let kept: Map<String, Json> = kept.map(|(name, text)| (name.clone(), json!(text))).collect();
    if !kept.is_empty() {
        metadata.insert("annotations".into(), Json::Object(kept));
    }
    json!({
        "apiVersion": "promgit.dev/v1alpha1",
        "kind": "PrometheusCluster",
        "metadata": metadata,
        "spec": cluster.spec,
    })
}

/// What Prometheus would refuse, and what git must not see.
fn check_prometheus(cluster: &PrometheusCluster) -> Result<(), PrepareError> {
    let spec = &cluster.spec;
    // The tables of keys are those of one release; another one may know more.
    let strict =
        spec.image.is_none() && spec.version.as_deref().is_none_or(|version| version == keys::VERSION);
    let mut problems = Vec::new();
    if let Some(text) = &spec.config {
        let found = config::check(text, strict).into_iter().chain(credentials::check(text));
        problems.extend(found.map(|problem| format!("spec.config: {problem}")));
    }
    for (file, text) in &spec.rules {
        problems.extend(
            rules::check(text, strict).iter().map(|problem| format!("spec.rules[{file}]: {problem}")),
        );
    }
    if problems.is_empty() { Ok(()) } else { Err(PrepareError::Prometheus(problems.join("; "))) }
}

/// Sections that make a text a Prometheus configuration with places for credentials.
const SECTIONS: &[&str] = &["scrape_configs:", "remote_write:", "remote_read:", "alerting:"];

/// A chart can put a configuration together from free values, which the look at `spec.config` does not see.
fn check_rendered<'a>(objects: impl Iterator<Item = &'a Object>) -> Result<(), PrepareError> {
    let mut problems = Vec::new();
    for Object { identity, json, .. } in objects.filter(|object| object.identity.kind == "ConfigMap") {
        for (file, text) in json["data"].as_object().into_iter().flatten() {
            let text = text.as_str().filter(|text| SECTIONS.iter().any(|section| text.contains(section)));
            let found = text.map(credentials::check).unwrap_or_default();
            let place = format!("rendered ConfigMap/{}, {file}", identity.name);
            problems.extend(found.iter().map(|problem| format!("{place}: {problem}")));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(PrepareError::Prometheus(problems.join("; "))) }
}

fn values(key: &Key, asked: &Json, inputs: &Inputs) -> Result<Json, ComposeError> {
    let subject = Subject {
        name: &key.name,
        namespace: &key.namespace,
        spec: &asked["spec"],
        labels: &asked["metadata"]["labels"],
        annotations: &asked["metadata"]["annotations"],
    };
    compose::compose(&inputs.mapping, &subject, &inputs.overrides)
}

/// Revision 1 and «install» always, as `helm template` and Argo CD have it: the same resource gives the same
/// bytes, however often it was deployed.
fn render(key: &Key, values: &Json, inputs: &Inputs) -> Result<render::Output, PrepareError> {
    let release =
        Release { name: key.name.clone(), namespace: key.namespace.clone(), revision: 1, is_upgrade: false };
    let request = Request {
        chart: &inputs.chart,
        values: Frozen::from(&text::to_template(values)),
        release,
        capabilities: inputs.capabilities.clone(),
        policy: Policy::Hermetic,
        skip_schema: false,
    };
    let chart = inputs.chart_ref.name.clone();
    render::engine::render(request, Limits::deep())
        .map_err(|source| PrepareError::Render { chart, source: Box::new(source) })
}

/// `None` for a document that holds only comments, such as a licence above a part that is switched off.
fn manifest(manifest: &Manifest) -> Result<Option<Object>, PrepareError> {
    object(&manifest.path.to_text(), &manifest.text)
}

fn object(path: &str, bytes: &[u8]) -> Result<Option<Object>, PrepareError> {
    let failed = |source| PrepareError::Manifest { path: path.to_string(), source };
    let value: Value = read::value(bytes).map_err(failed)?;
    let json = convert::to_json(&value);
    if json.is_null() {
        return Ok(None);
    }
    let identity = Identity::of(&json);
    let identity = identity.ok_or_else(|| PrepareError::NoObject { path: path.to_string() })?;
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(Some(Object { identity, text, json }))
}
