//! The digest of a chart turned into the chart, from wherever this machine has it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::chart::Chart;
use crate::chart::load::{self, FilesError, LoadError};
use crate::ledger::record::{ChartRef, ChartSource};
use crate::pull::cache::Cache;
use crate::pull::environment::Environment;
use crate::pull::pinned::{self, Pins, Source};
use crate::reconcile::inputs;
use crate::reconcile::pins::Place;
use crate::reconcile::shipped;
use crate::render;
use crate::settings::Settings;

/// A chart, ready to be rendered.
pub struct Found {
    pub chart: render::Prepared,
    /// As `release.yaml` records it, without a source.
    pub reference: ChartRef,
}

/// Why a chart that the user named cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ChartsError {
    #[error("chart {path}: {source}; correct --chart or `chart.path`")]
    Load { path: PathBuf, source: LoadError },
    #[error("the chart that promgit ships cannot be loaded: {0}; this is a bug of promgit")]
    Shipped(#[from] FilesError),
}

/// All places where charts are looked for. Each is looked for once.
pub struct Charts {
    settings: Settings,
    fetch: bool,
    environment: Environment,
    cache: Cache,
    known: Mutex<BTreeMap<String, Known>>,
}

type Known = Result<Arc<Found>, String>;

impl Charts {
    /// The shipped chart, these folders and archives, that of the settings, and the cache of the settings; with `fetch`, the
    /// repositories that `release.yaml` names too.
    pub fn new(settings: &Settings, paths: &[PathBuf], fetch: bool) -> Result<Self, ChartsError> {
        let environment = Environment::of_process();
        let cache = Cache::new(settings.chart.cache.clone().unwrap_or_else(|| environment.chart_cache()));
        let mut known = BTreeMap::new();
        let mut add = |chart: Chart| {
            let found = found(chart);
            known.insert(found.reference.digest.clone(), Ok(Arc::new(found)));
        };
        add(shipped::chart()?);
        for path in paths.iter().chain(&settings.chart.path) {
            add(load::path(path).map_err(|source| ChartsError::Load { path: path.clone(), source })?);
        }
        Ok(Charts { settings: settings.clone(), fetch, environment, cache, known: Mutex::new(known) })
    }

    /// The chart with the recorded digest; the error names it and says what to do.
    pub fn find(&self, wanted: &ChartRef) -> Known {
        // Held while it is looked for: many ask for the same one at once.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&wanted.digest) {
            return known.clone();
        }
        let found = self.look(wanted).map(Arc::new);
        known.insert(wanted.digest.clone(), found.clone());
        found
    }

    fn look(&self, wanted: &ChartRef) -> Result<Found, String> {
        let ChartRef { name, version, digest, source, app_version: _ } = wanted;
        let title = format!("chart {name} {version} ({digest})");
        let Some(source) = source else {
            return Err(format!("{title} is not here; give its folder or archive with --chart PATH"));
        };
        let from = &source.repository;
        let archive = match self.cache.get(&source.archive) {
            Some(archive) => archive,
            None if self.fetch => {
                self.fetched(wanted, source).map_err(|error| format!("{title}: {error}"))?
            }
            None => {
                return Err(format!(
                    "{title} is not here; get it from {from} with --fetch, or give its archive with --chart PATH"
                ));
            }
        };
        let chart = load::bytes(&archive, &format!("{name} of {from}"));
        let found = found(chart.map_err(|error| format!("{title}: {error}; ask who publishes it"))?);
        if found.reference.digest != *digest {
            let is = found.reference.digest;
            return Err(format!(
                "{title}: the archive of {from} that release.yaml records holds {is}; give the right one with --chart PATH"
            ));
        }
        Ok(found)
    }

    fn fetched(&self, wanted: &ChartRef, recorded: &ChartSource) -> Result<Vec<u8>, String> {
        let ChartSource { repository, name, asked: _, archive } = recorded;
        let place = Place { repository, name, asked: &wanted.version };
        let same = self.settings.chart.repository.as_deref().map(|own| own.trim_end_matches('/'));
        // Credentials are for the repository that the settings name, and for no other.
        let source = match same == Some(repository) {
            true => inputs::source(&self.settings, &place),
            false => Source {
                timeout: self.settings.chart.timeout.get(),
                ..inputs::source(&Settings::default(), &place)
            },
        };
        let source = Source { digest: Some(archive.clone()), update: false, ..source };
        let proxies = self.environment.proxies();
        let pulled = pinned::pull(&source, &Pins::default(), proxies, &self.cache);
        pulled.map(|pulled| pulled.archive).map_err(|error| error.to_string())
    }
}

fn found(chart: Chart) -> Found {
    let reference = ChartRef {
        name: chart.metadata.name.to_string(),
        version: chart.metadata.version.to_string(),
        app_version: chart.metadata.app_version.to_string(),
        digest: chart.digest(),
        source: None,
    };
    Found { chart: render::prepare(Arc::new(chart)), reference }
}
