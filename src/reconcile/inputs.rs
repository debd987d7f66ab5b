//! Settings turned into everything but the resource that fixes the bytes of a branch.
#![allow(clippy::disallowed_methods)] // reads the files that the settings name

use std::io;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value as Json;

use super::pins::{self, PinsError, Place};
use super::shipped;
use crate::chart::Chart;
use crate::chart::load;
use crate::git::path::{BranchError as NameError, branch_ref};
use crate::git::signing::{KeyError, MAX_KEY, Signer};
use crate::ledger::branch::{BranchError, Branches};
use crate::ledger::message::{MessageError, Template};
use crate::ledger::record::{self, ChartRef, ChartSource};
use crate::ledger::root::{Marker, Readme, RootError};
use crate::ledger::tag::{TagError, Tags};
use crate::pull::cache::Cache;
use crate::pull::environment::Environment;
use crate::pull::http::tls::Trust;
use crate::pull::pinned::{self, PinnedError, Pulled, Source};
use crate::render::capabilities::Capabilities;
use crate::render::kube_version::{self, KubeVersionError};
use crate::render::{self, Prepared};
use crate::secrecy::file;
use crate::settings::chart::Update;
use crate::settings::target::Routes;
use crate::settings::{Agent, Repository, Settings, Signing};
use crate::source::event::Key;
use crate::values::mapping::{Mapping, MappingError};

/// What one target adds to what is rendered everywhere; loaded once, shared by all workers.
pub struct Inputs {
    pub agent: Agent,
    pub branches: Branches,
    /// Signs commits, if anybody does.
    pub signer: Option<Arc<Signer>>,
    routes: Arc<Routes>,
    /// Its number among [`Settings::each`].
    target: usize,
    common: Arc<Common>,
}

/// What is the same for all targets.
pub struct Common {
    pub chart: Prepared,
    pub chart_ref: ChartRef,
    pub mapping: Mapping,
    /// Helm values that win; a map.
    pub overrides: Json,
    pub message: Template,
    /// Names commits, if anything does.
    tags: Option<Tags>,
    pub readme: Readme,
    pub capabilities: Capabilities,
    /// The same, as `release.yaml` records it.
    pub recorded: record::Capabilities,
    /// How often a change that was taken back is tried again, where a resource does not say.
    pub max_retries: u32,
}

impl Deref for Inputs {
    type Target = Common;

    fn deref(&self) -> &Common {
        &self.common
    }
}

/// Why the settings cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum InputsError {
    #[error("chart {path}: {source}; correct `chart.path`")]
    Chart { path: PathBuf, source: load::LoadError },
    #[error(transparent)]
    Pull(#[from] Box<PinnedError>),
    #[error("chart {name}: {source}; correct `chart.name` or `chart.version`, or ask who publishes it")]
    Pulled { name: String, source: load::LoadError },
    #[error("which chart was rendered before cannot be read: {0}")]
    Pins(#[from] PinsError),
    #[error("the chart that promgit ships cannot be loaded: {0}; this is a bug of promgit")]
    Shipped(#[from] load::FilesError),
    #[error(transparent)]
    Mapping(#[from] MappingError),
    #[error("{path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Tag(#[from] TagError),
    #[error("commit.tag: {0}")]
    TagName(#[from] NameError),
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error(transparent)]
    Readme(#[from] RootError),
    #[error("signing.keyFile {path}: {source}")]
    Key { path: PathBuf, source: KeyError },
    #[error("capabilities.kubeVersion: {0}")]
    KubeVersion(#[from] KubeVersionError),
}

impl Inputs {
    /// Those of every target. Chart, mapping and texts are loaded once.
    pub fn load(settings: &Settings) -> Result<All, InputsError> {
        let (common, routes) = (Arc::new(Common::load(settings)?), Arc::new(settings.routes()));
        let one = |(target, settings): (usize, Settings)| -> Result<Inputs, InputsError> {
            Ok(Inputs {
                agent: settings.agent,
                branches: Branches::compile(&settings.repository.branch)?,
                signer: signer(&settings.signing)?.map(Arc::new),
                routes: routes.clone(),
                target,
                common: common.clone(),
            })
        };
        let each: Vec<Inputs> = settings.each().into_iter().enumerate().map(one).collect::<Result<_, _>>()?;
        Ok(All { routes, each })
    }

    /// What all targets share.
    pub fn common(&self) -> Arc<Common> {
        self.common.clone()
    }

    /// The tag of a cluster's commit.
    pub fn tag(&self, key: &Key, generation: i64) -> Option<String> {
        self.tags.as_ref()?.of(&key.namespace, &key.name, generation)
    }

    /// Whether the clusters of a namespace go to this target.
    pub fn serves(&self, namespace: &str) -> bool {
        self.routes.of(namespace) == self.target
    }

    /// The mark of this agent on the branch of a namespace.
    pub fn marker(&self, namespace: &str) -> Marker {
        Marker::new(&self.agent.name, namespace).signed_by(self.signer.as_deref().map(Signer::public))
    }
}

/// The inputs of all targets.
pub struct All {
    pub routes: Arc<Routes>,
    /// In the numbers of the routes: at least one, that of the settings themselves.
    pub each: Vec<Inputs>,
}

impl All {
    /// Those that hold for a namespace.
    pub fn of(&self, namespace: &str) -> &Inputs {
        &self.each[self.routes.of(namespace)]
    }
}

impl Common {
    fn load(settings: &Settings) -> Result<Self, InputsError> {
        let (chart, source) = chart(settings)?;
        let (mapping, text) = or_shipped(&settings.chart.mapping, shipped::MAPPING_NAME, shipped::MAPPING)?;
        let (_, message) = or_shipped(&settings.templates.commit, "", shipped::COMMIT)?;
        let (capabilities, recorded) = capabilities(settings)?;
        Ok(Common {
            chart_ref: ChartRef {
                name: chart.metadata.name.to_string(),
                version: chart.metadata.version.to_string(),
                app_version: chart.metadata.app_version.to_string(),
                digest: chart.digest(),
                source,
            },
            chart: render::prepare(Arc::new(chart)),
            mapping: Mapping::parse(&mapping, &text)?,
            overrides: Json::Object(settings.chart.override_values.clone()),
            message: Template::compile(&message, shipped::COMMIT)?,
            tags: tags(settings.commit.tag.as_deref())?,
            readme: readme(settings)?,
            capabilities,
            recorded,
            max_retries: settings.delivery.max_retries,
        })
    }
}

fn signer(signing: &Signing) -> Result<Option<Signer>, InputsError> {
    let Some(path) = &signing.key_file else { return Ok(None) };
    let read = |path: &PathBuf| {
        file::read(path, MAX_KEY).map_err(|source| InputsError::Read { path: path.clone(), source })
    };
    let passphrase = signing.passphrase_file.as_ref().map(read).transpose()?;
    let passphrase = passphrase.map(|text| String::from_utf8_lossy(&text).trim_end().to_owned());
    let signer = Signer::new(&read(path)?, passphrase.as_deref());
    signer.map(Some).map_err(|source| InputsError::Key { path: path.clone(), source })
}

/// The template of tags, if there are any: one that gives a name which git takes.
fn tags(template: Option<&str>) -> Result<Option<Tags>, InputsError> {
    let tags = template.map(Tags::compile).transpose()?;
    if let Some(tag) = tags.as_ref().and_then(|tags| tags.of("example", "simple", 1)) {
        branch_ref(&format!("refs/tags/{tag}"))?;
    }
    Ok(tags)
}

/// The template of the README.
pub fn readme(settings: &Settings) -> Result<Readme, InputsError> {
    let (_, text) = or_shipped(&settings.templates.readme, "", shipped::README)?;
    Ok(Readme::compile(&text, shipped::README)?)
}

fn chart(settings: &Settings) -> Result<(Chart, Option<ChartSource>), InputsError> {
    if let (Some(repository), Some(name)) = (&settings.chart.repository, &settings.chart.name) {
        return remote(settings, repository.trim_end_matches('/'), name);
    }
    let Some(path) = &settings.chart.path else { return Ok((shipped::chart()?, None)) };
    let chart = load::path(path);
    Ok((chart.map_err(|source| InputsError::Chart { path: path.clone(), source })?, None))
}

/// A chart of a repository: what the branches record, or what is there now.
fn remote(
    settings: &Settings,
    repository: &str,
    name: &str,
) -> Result<(Chart, Option<ChartSource>), InputsError> {
    let place = Place { repository, name, asked: settings.chart.version.as_deref().unwrap_or_default() };
    let repositories: Vec<Repository> = settings.each().into_iter().map(|each| each.repository).collect();
    let pins = pins::read(&repositories, &place)?;
    let environment = Environment::of_process();
    let cache = Cache::new(settings.chart.cache.clone().unwrap_or_else(|| environment.chart_cache()));
    let Pulled { archive, digest } =
        pinned::pull(&source(settings, &place), &pins, environment.proxies(), &cache).map_err(Box::new)?;
    let chart = load::bytes(&archive, &format!("{name} of {repository}"));
    let chart = chart.map_err(|source| InputsError::Pulled { name: name.to_owned(), source })?;
    let Place { repository, name, asked } = place;
    let [repository, name, asked] = [repository, name, asked].map(str::to_owned);
    Ok((chart, Some(ChartSource { repository, name, asked, archive: digest })))
}

/// How the settings say that a chart of a repository is fetched.
pub fn source(settings: &Settings, place: &Place<'_>) -> Source {
    let chart = settings.chart.clone();
    Source {
        repository: place.repository.to_owned(),
        name: place.name.to_owned(),
        version: place.asked.to_owned(),
        digest: chart.digest,
        update: chart.update == Update::Start,
        username_file: chart.username_file,
        password_file: chart.password_file,
        credentials_file: chart.credentials_file,
        pass_credentials: chart.pass_credentials,
        plain_http: chart.plain_http,
        trust: Trust {
            ca_file: chart.ca_file,
            cert_file: chart.cert_file,
            key_file: chart.key_file,
            insecure: false,
        },
        timeout: chart.timeout.get(),
    }
}

/// Name and text of the operator's file, or of ours.
fn or_shipped(path: &Option<PathBuf>, name: &str, text: &str) -> Result<(String, String), InputsError> {
    let Some(path) = path else { return Ok((name.to_string(), text.to_string())) };
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|source| InputsError::Read { path: path.clone(), source })?;
    Ok((path.display().to_string(), text))
}

fn capabilities(settings: &Settings) -> Result<(Capabilities, record::Capabilities), InputsError> {
    let mut more = settings.capabilities.api_versions.clone();
    more.sort();
    let mut capabilities = Capabilities::default().with_api_versions(more.clone());
    if let Some(version) = &settings.capabilities.kube_version {
        capabilities.kube_version = kube_version::parse(version)?;
    }
    let kube_version = capabilities.kube_version.version.clone();
    Ok((capabilities, record::Capabilities { kube_version, api_versions: more }))
}
