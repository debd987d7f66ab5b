//! The parts of a loaded chart.

use std::sync::{Arc, OnceLock};

use crate::template::frozen::Frozen;
use crate::template::value::Str;

use super::metadata::{Lock, Metadata};
use super::schema::compiled::Compiled;
use super::warning::Warning;

/// A chart with its subcharts. Immutable once loaded, shared between threads; a clone copies no file.
#[derive(Clone, Debug)]
pub struct Chart {
    /// `Chart.yaml`
    pub metadata: Metadata,
    /// `Chart.lock`
    pub lock: Option<Lock>,
    /// The default values: always a map.
    pub values: Frozen,
    /// The text of `values.schema.json`.
    pub schema: Option<Str>,
    /// The schema, compiled when it is first used, for all clones of the chart.
    pub(crate) validator: Arc<OnceLock<Compiled>>,
    /// What is below `templates/`, in the order of the archive or of the sorted folder.
    pub templates: Arc<[File]>,
    /// What is neither template nor subchart nor known by name: `.Files`, `crds/` included.
    pub files: Arc<[File]>,
    /// Every file, subcharts included, as it was found.
    pub raw: Arc<[File]>,
    /// What Helm says while it loads the chart.
    pub warnings: Vec<Warning>,
    /// The charts below `charts/`, sorted by the name of their folder or archive.
    pub dependencies: Vec<Chart>,
}

/// One file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path inside the chart, with slashes: `templates/service.yaml`.
    pub name: Arc<str>,
    /// Contents without a byte order mark.
    pub data: Str,
}

/// A file of a `crds/` folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crd {
    /// Path inside its own chart: `crds/foo.yaml`.
    pub name: Arc<str>,
    /// Path with all parent charts: `app/charts/db/crds/foo.yaml`.
    pub path: String,
    pub data: Str,
}

impl Chart {
    /// The files of all `crds/` folders, this chart's first, then its subcharts' (Helm `Chart.CRDObjects`).
    pub fn crds(&self) -> Vec<Crd> {
        let mut crds = Vec::new();
        self.add_crds(&self.metadata.name, &mut crds);
        crds
    }

    fn add_crds(&self, path: &str, crds: &mut Vec<Crd>) {
        for file in self.files.iter().filter(|file| is_crd(&file.name)) {
            let (name, data) = (file.name.clone(), file.data.clone());
            crds.push(Crd { path: format!("{path}/{name}"), name, data });
        }
        for subchart in &self.dependencies {
            subchart.add_crds(&format!("{path}/charts/{}", subchart.metadata.name), crds);
        }
    }
}

fn is_crd(name: &str) -> bool {
    let extension =
        name.rsplit('/').next().and_then(|base| base.rsplit_once('.')).map(|(_, extension)| extension);
    let manifest =
        |extension: &str| ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    name.starts_with("crds/") && extension.is_some_and(manifest)
}
