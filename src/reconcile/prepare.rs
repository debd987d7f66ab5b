//! A resource turned into the files of its folder: values → render → ledger. Pure.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use super::inputs::Common;
use super::objects::{self, ObjectError};
use super::unwritable;
use crate::api::{PrometheusCluster, PrometheusClusterSpec, annotations};
use crate::ledger::folder::{self, Deployment, Files, Folder, FolderError, Object};
use crate::ledger::kept;
use crate::ledger::names::{Identity, ObjectId};
use crate::ledger::record::{self, ChartRef};
use crate::ledger::root::Row;
use crate::ledger::secrets::{self, SecretInGit};
use crate::ledger::stub::{self, DigestKey, LAYOUT, NOTES, Secrets};
use crate::prometheus::{config, credentials, keys, rules};
use crate::release::layout::Layout;
use crate::render::capabilities::Capabilities;
use crate::render::errors::shortened;
use crate::render::manifests::Manifest;
use crate::render::outside::Outside;
use crate::render::policy::{Lock, Policy};
use crate::render::release::Release;
use crate::render::{self, RenderError, Request};
use crate::secrecy::address;
use crate::source::event::Key;
use crate::template::budgets::Limits;
use crate::template::frozen::Frozen;
use crate::values::compose::{self, ComposeError};
use crate::values::mapping::Subject;
use crate::values::text;

/// Whose output the manifests equal; see `ledger::record::Record::renderer`.
pub const RENDERER: &str = "helm 4.3.1";

/// A cluster ready to be compared with its branch.
#[derive(Debug)]
pub struct Prepared {
    pub key: Key,
    /// `cluster.yaml` as JSON.
    pub cluster: Json,
    pub files: Files,
    /// Those of objects, in the order in which `manifestDigest` takes them.
    pub order: Vec<String>,
    /// What is applied and not in these files.
    pub secrets: Secrets,
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
    #[error("{chart}: {reason}")]
    Render {
        chart: String,
        reason: String,
        /// A lock would have given the chart what it asked for.
        wants_lock: bool,
    },
    #[error("{field} cannot be written as YAML: {reason}; take out what does not belong into a text")]
    Unwritable { field: String, reason: String },
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl PrepareError {
    /// Whether the same with a lock gets further: the chart asked for the time, or for random values.
    pub fn wants_lock(&self) -> bool {
        matches!(
            self,
            PrepareError::Render { wants_lock: true, .. } | PrepareError::Folder(FolderError::WantsKey(_))
        )
    }
}

/// Renders a resource, with the lock of its release if the chart draws random values. Must run on a thread with a deep
/// stack (`template::budgets`).
pub fn prepare(
    key: &Key,
    cluster: &PrometheusCluster,
    inputs: &Common,
    lock: Option<&Lock>,
) -> Result<Prepared, PrepareError> {
    let asked = as_asked(key, cluster);
    prepared(key, cluster, asked.clone(), inputs, lock).map_err(|error| match error {
        // Looked for only now: a resource that can be written is the rule.
        PrepareError::Text { .. } | PrepareError::Folder(FolderError::Text(_)) => {
            match unwritable::field(&asked) {
                Some((field, reason)) => PrepareError::Unwritable { field, reason },
                None => error,
            }
        }
        error => error,
    })
}

fn prepared(
    key: &Key,
    cluster: &PrometheusCluster,
    asked: Json,
    inputs: &Common,
    lock: Option<&Lock>,
) -> Result<Prepared, PrepareError> {
    check_prometheus(cluster)?;
    let documents = [("metadata", &asked["metadata"]), ("spec", &asked["spec"])];
    secrets::asked(&documents).map_err(FolderError::from)?;
    let values = values(key, &asked, inputs)?;
    secrets::asked(&[("values", &values)]).map_err(FolderError::from)?;
    let check = |of: &Deployment<'_>| {
        let objects = || of.manifests.iter().chain(&of.hooks);
        check_rendered(objects())?;
        let asked = [("spec", &of.cluster["spec"]), ("values", &values)];
        Ok(check_secrets(objects(), asked).map_err(FolderError::from)?)
    };
    let Common { chart, chart_ref, capabilities, recorded, .. } = inputs;
    release(key, asked, &values, &Fixed { chart, chart_ref, capabilities, recorded }, lock, check)
}

/// What fixes the bytes of a release beside the resource and its values.
pub struct Fixed<'a> {
    pub chart: &'a render::Prepared,
    pub chart_ref: &'a ChartRef,
    pub capabilities: &'a Capabilities,
    /// The same, as `release.yaml` records it.
    pub recorded: &'a record::Capabilities,
}

/// Renders values that are settled; `check` may refuse what came out.
pub fn release(
    key: &Key,
    asked: Json,
    values: &Json,
    fixed: &Fixed<'_>,
    lock: Option<&Lock>,
    check: impl Fn(&Deployment<'_>) -> Result<(), PrepareError>,
) -> Result<Prepared, PrepareError> {
    let failed = |reason: String| PrepareError::Text { key: key.clone(), reason };
    let written = text::to_yaml(values).map_err(|error| failed(error.to_string()))?;
    let written = String::from_utf8(written).map_err(|error| failed(error.to_string()))?;
    let output = render(key, values, fixed, lock)?;
    let render::Output { manifests, hooks, crds, warnings, is_drawn, notes } = output;
    let crds = crds.iter().flat_map(objects::definitions);
    let mut layout = Layout::default();
    let manifests = manifests.into_iter().map(|manifest| applied(manifest, &mut layout));
    let manifests = manifests.collect::<Result<Vec<_>, _>>()?.concat();
    let hooks = hooks.into_iter().map(|hook| hooked(hook.manifest, &mut layout));
    let hooks = hooks.collect::<Result<Vec<_>, _>>()?.concat();
    let is_locked = is_drawn || manifests.iter().chain(&hooks).any(|object| stub::has_values(&object.json));
    let deployment = Deployment {
        namespace: &key.namespace,
        name: &key.name,
        cluster: &asked,
        values: &written,
        values_digest: &text::digest(written.as_bytes()),
        chart: fixed.chart_ref.clone(),
        renderer: RENDERER,
        capabilities: fixed.recorded.clone(),
        locked_at: lock.filter(|_| is_locked).map(|lock| lock.at.to_string()).unwrap_or_default(),
        digest_key: lock.map(digest_key),
        crds: crds.collect::<Result<Vec<_>, _>>()?.concat(),
        manifests,
        hooks,
    };
    check(&deployment)?;
    let Folder { files, secrets, order } = folder::folder(&deployment)?;
    let secrets = secrets.with(NOTES, String::from_utf8_lossy(&notes).into_owned());
    let secrets = secrets.with(LAYOUT, layout.text());
    let objects = folder::applied(&deployment);
    let row = Row::of(&asked, fixed.chart_ref);
    let warnings = warnings.iter().map(ToString::to_string).collect();
    Ok(Prepared { key: key.clone(), cluster: asked, files, order, secrets, objects, row, warnings })
}

/// The objects of a document that is applied.
fn applied(manifest: Manifest, layout: &mut Layout) -> Result<Vec<Object>, ObjectError> {
    let (source, text) = (manifest.path.clone(), manifest.text.clone());
    let objects = objects::rendered(manifest)?;
    layout.manifest(&source.to_text(), &text.to_text(), &texts(&objects));
    Ok(objects)
}

/// The objects of a hook.
fn hooked(manifest: Manifest, layout: &mut Layout) -> Result<Vec<Object>, ObjectError> {
    let (source, text) = (manifest.path.clone(), manifest.text.clone());
    let objects = objects::rendered(manifest)?;
    if let Some(Object { identity: Identity { kind, name, .. }, .. }) = objects.first() {
        layout.hook(&source.to_text(), &text.to_text(), &texts(&objects), format!("{kind}/{name}"));
    }
    Ok(objects)
}

fn texts(objects: &[Object]) -> Vec<&str> {
    objects.iter().map(|object| object.text.as_str()).collect()
}

/// Nobody may try values against digests that were made with the lock of nobody.
fn digest_key(lock: &Lock) -> DigestKey {
    if lock.seed == Lock::PLACEHOLDER.seed { DigestKey::none() } else { DigestKey::of(&lock.seed) }
}

/// The resource as `cluster.yaml` keeps it: what was asked for, and nothing that an API server or another
/// tool added. Annotations that ask for an action, not for a state, are left out: they change no deployment.
fn as_asked(key: &Key, cluster: &PrometheusCluster) -> Json {
    const LEFT_OUT: &[&str] = &[
        "kubectl.kubernetes.io/last-applied-configuration",
        annotations::RECONCILE_AT,
        annotations::REFRESH_LOCK,
        annotations::TEST_AT,
        annotations::SKIP_HOOKS,
        annotations::REQUESTED_BY,
        annotations::TAKEN_OVER,
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

/// What a commit would keep of the Secrets that a chart renders, and of tokens in comments.
fn check_secrets<'a>(
    objects: impl Iterator<Item = &'a Object> + Clone,
    asked: [(&str, &Json); 2],
) -> Result<(), SecretInGit> {
    let documents = objects.clone().map(|object| &object.json);
    kept::asked(documents.clone(), asked)?;
    kept::rendered(documents)?;
    objects.into_iter().try_for_each(|object| secrets::check_text(&object.json, &object.text))
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
    problems.extend(logins(spec));
    for (file, text) in &spec.rules {
        problems.extend(
            rules::check(text, strict).iter().map(|problem| format!("spec.rules[{file}]: {problem}")),
        );
    }
    if problems.is_empty() { Ok(()) } else { Err(PrepareError::Prometheus(problems.join("; "))) }
}

/// Fields that hold addresses with a user or password.
fn logins(spec: &PrometheusClusterSpec) -> impl Iterator<Item = String> {
    let url = spec.external_url.iter().map(|url| ("spec.externalUrl".to_owned(), url));
    let args = spec.additional_args.iter().enumerate();
    let args = args.map(|(at, text)| (format!("spec.additionalArgs[{at}]"), text));
    let found = url.chain(args).filter(|(_, text)| address::has_login(text));
    found.map(|(field, _)| {
        format!("{field}: a user or password in an address would be kept in git for ever; leave it out of the address")
    })
}

/// Sections that make a text a Prometheus configuration with places for credentials.
const SECTIONS: &[&str] = &["scrape_configs", "remote_write", "remote_read", "alerting"];

/// Whether one of them stands there as a key, in YAML or JSON.
fn is_configuration(text: &str) -> bool {
    let is_key = |rest: &str| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':');
    SECTIONS.iter().any(|name| text.match_indices(name).any(|(at, _)| is_key(&text[at + name.len()..])))
}

/// A chart can put a configuration together from free values, which the look at `spec.config` does not see.
fn check_rendered<'a>(objects: impl Iterator<Item = &'a Object>) -> Result<(), PrepareError> {
    let mut problems = Vec::new();
    for Object { identity, json, .. } in objects.filter(|object| object.identity.kind == "ConfigMap") {
        for (file, text) in map_texts(json) {
            let found = if is_configuration(&text) { credentials::check(&text) } else { Vec::new() };
            let place = format!("rendered ConfigMap/{}, {file}", identity.name);
            problems.extend(found.iter().map(|problem| format!("{place}: {problem}")));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(PrepareError::Prometheus(problems.join("; "))) }
}

/// The files of a ConfigMap.
fn map_texts(map: &Json) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let all = |field: &str| map[field].as_object().into_iter().flatten();
    let texts = all("data").filter_map(|(file, text)| Some((file.as_str(), Cow::from(text.as_str()?))));
    let binary = all("binaryData").filter_map(|(file, text)| {
        let bytes = STANDARD.decode(text.as_str()?.trim()).ok()?;
        Some((file.as_str(), Cow::from(String::from_utf8(bytes).ok()?)))
    });
    texts.chain(binary)
}

fn values(key: &Key, asked: &Json, inputs: &Common) -> Result<Json, ComposeError> {
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
fn render(
    key: &Key,
    values: &Json,
    fixed: &Fixed<'_>,
    lock: Option<&Lock>,
) -> Result<render::Output, PrepareError> {
    let release =
        Release { name: key.name.clone(), namespace: key.namespace.clone(), revision: 1, is_upgrade: false };
    let request = Request {
        chart: fixed.chart,
        values: Frozen::from(&text::to_template(values)),
        release,
        capabilities: fixed.capabilities.clone(),
        policy: lock.map_or_else(Policy::hermetic, Policy::locked),
        // No cluster and no DNS: what they say today must not become a commit, and a Secret least of all.
        outside: Outside::default(),
        skip_schema: false,
        verbose: false,
    };
    let chart = fixed.chart_ref.name.clone();
    // Two templates that include each other make Helm say 300 kB: too much for a log line or a status.
    let failed = |error: RenderError| {
        let (wants_lock, reason) = (error.wants_lock && lock.is_none(), shortened(error.to_string()));
        PrepareError::Render { chart, reason, wants_lock }
    };
    render::engine::render(request, Limits::deep()).map_err(failed)
}
