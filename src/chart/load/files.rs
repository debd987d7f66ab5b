//! A list of files to a chart: which file is what (Helm `loader.LoadFiles`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::template::frozen::Frozen;
use crate::template::value::Value;

use super::super::metadata::{DecodeError, Lock, Metadata, ValidationError};
use super::super::model::{Chart, File};
use super::super::warning::Warning;
use super::unpack::{self, ArchiveError, Room};
use super::values::{self, ValuesError};
use super::yaml;

/// How deep charts may lie in charts. Real ones reach 4; every level is a recursion here and in every render.
const MAX_DEPTH: usize = 32;

/// Why files are no chart; the texts are Helm's, but for the depth.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    #[error("Chart.yaml file is missing")]
    NoMetadata,
    #[error("cannot load {file}: {why}")]
    Yaml { file: &'static str, why: String },
    #[error("cannot load values.yaml: {0}")]
    Values(#[from] ValuesError),
    #[error(transparent)]
    Validation(#[from] ValidationError),
    /// An archive below `charts/` whose first file is not at its top.
    #[error("error unpacking subchart tar in {chart}: expected {name}, got {file}")]
    ArchiveName { chart: String, name: String, file: String },
    #[error("error unpacking subchart {name} in {chart}: {error}")]
    Subchart { name: String, chart: String, error: Box<FilesError> },
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("charts lie more than {MAX_DEPTH} deep in each other; unpack some of them")]
    Depth,
}

impl FilesError {
    pub(crate) fn is_no_gzip(&self) -> bool {
        match self {
            FilesError::Archive(error) => *error == ArchiveError::NotGzip,
            FilesError::Subchart { error, .. } => error.is_no_gzip(),
            _ => false,
        }
    }
}

/// Reads the files of a chart, `charts/` included. Order matters for templates and `.Files` only.
pub fn files(files: Vec<File>) -> Result<Chart, FilesError> {
    files_of_archive(files, &mut Room::default())
}

/// As [`files`], of an archive: what is archived in it takes of the same room.
pub(super) fn files_of_archive(files: Vec<File>, room: &mut Room) -> Result<Chart, FilesError> {
    load(files, room, 0)
}

fn load(raw: Vec<File>, room: &mut Room, depth: usize) -> Result<Chart, FilesError> {
    if depth > MAX_DEPTH {
        return Err(FilesError::Depth);
    }
    let mut parts = Parts::default();
    for file in raw.iter().filter(|file| &*file.name == "Chart.yaml") {
        parts.chart_yaml(file)?;
    }
    for file in &raw {
        parts.add(file)?;
    }
    let mut metadata = parts.metadata.ok_or(FilesError::NoMetadata)?;
    metadata.validate()?;
    let mut dependencies = Vec::new();
    for (name, files) in parts.charts {
        if name.starts_with(['_', '.']) {
            continue;
        }
        let chart = subchart(&name, files, &metadata.name, room, depth + 1);
        let chart = chart.map_err(|error| match error {
            error @ FilesError::ArchiveName { .. } => error,
            error => FilesError::Subchart {
                name: name.clone(),
                chart: metadata.name.clone(),
                error: Box::new(error),
            },
        })?;
        dependencies.push(chart);
    }
    Ok(Chart {
        metadata,
        lock: parts.lock,
        values: parts.values.unwrap_or_else(Frozen::empty),
        schema: parts.schema,
        validator: Arc::default(),
        templates: parts.templates.into(),
        files: parts.files.into(),
        raw: raw.into(),
        warnings: parts.warnings,
        dependencies,
    })
}

/// A chart of `charts/`: a folder, or an archive.
fn subchart(
    name: &str,
    files: Vec<File>,
    parent: &str,
    room: &mut Room,
    depth: usize,
) -> Result<Chart, FilesError> {
    if extension(name) != Some("tgz") {
        // What lies in charts/ itself belongs to no chart.
        let inner = |file: File| {
            let name = file.name.split_once('/')?.1.into();
            Some(File { name, data: file.data })
        };
        return load(files.into_iter().filter_map(inner).collect(), room, depth);
    }
    match files.first() {
        Some(file) if &*file.name == name => load(unpack::files(&file.data, room)?, room, depth),
        file => {
            let file = file.map(|file| file.name.to_string()).unwrap_or_default();
            Err(FilesError::ArchiveName { chart: parent.to_owned(), name: name.to_owned(), file })
        }
    }
}

/// What the files of a chart turn out to be.
#[derive(Default)]
struct Parts {
    metadata: Option<Metadata>,
    lock: Option<Lock>,
    values: Option<Frozen>,
    schema: Option<crate::template::value::Str>,
    templates: Vec<File>,
    files: Vec<File>,
    /// The files of `charts/` by the first part of their path, without `charts/`.
    charts: BTreeMap<String, Vec<File>>,
    warnings: Vec<Warning>,
}

impl Parts {
    fn chart_yaml(&mut self, file: &File) -> Result<(), FilesError> {
        let metadata = self.metadata.get_or_insert_default();
        read(file, "Chart.yaml", |yaml| metadata.read(yaml))?;
        // Helm 2 accepted charts that did not say.
        if metadata.api_version.is_empty() {
            "v1".clone_into(&mut metadata.api_version);
        }
        Ok(())
    }

    fn add(&mut self, file: &File) -> Result<(), FilesError> {
        match &*file.name {
            "Chart.yaml" => {}
            "Chart.lock" => self.lock = Some(read(file, "Chart.lock", Lock::read)?),
            "values.yaml" => {
                self.values = Some(Frozen::from(&Value::Map(values::values(&file.data)?)));
            }
            "values.schema.json" => self.schema = Some(file.data.clone()),
            "requirements.yaml" => {
                let metadata = self.metadata.get_or_insert_default();
                read(file, "requirements.yaml", |yaml| metadata.read(yaml))?;
                self.deprecated(file, REQUIREMENTS);
            }
            "requirements.lock" => {
                self.lock = Some(read(file, "requirements.lock", Lock::read)?);
                self.metadata.get_or_insert_default();
                self.deprecated(file, REQUIREMENTS_LOCK);
            }
            name if name.starts_with("templates/") => self.templates.push(file.clone()),
            name => match name.strip_prefix("charts/") {
                Some(inner) if extension(name) != Some("prov") => {
                    let chart = inner.split('/').next().unwrap_or(inner).to_owned();
                    let file = File { name: inner.into(), data: file.data.clone() };
                    self.charts.entry(chart).or_default().push(file);
                }
                _ => self.files.push(file.clone()),
            },
        }
        Ok(())
    }

    /// A file that only charts of the first API version should have.
    fn deprecated(&mut self, file: &File, warning: &str) {
        if self.metadata.as_ref().is_some_and(|metadata| metadata.api_version == "v1") {
            self.files.push(file.clone());
        } else {
            self.warnings.push(Warning::info(warning));
        }
    }
}

const REQUIREMENTS: &str = "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". \
    We recommend migrating dependencies to Chart.yaml.";
const REQUIREMENTS_LOCK: &str = "Warning: Dependency locking is handled in Chart.lock since apiVersion \"v2\". \
    We recommend migrating to Chart.lock.";

/// Parses a file and decodes it; both errors name the file.
fn read<T>(
    file: &File,
    name: &'static str,
    decode: impl FnOnce(&serde_json::Value) -> Result<T, DecodeError>,
) -> Result<T, FilesError> {
    yaml::decode(&file.data, decode).map_err(|why| FilesError::Yaml { file: name, why })
}

/// What follows the last dot of the last part of a path.
fn extension(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.rsplit_once('.').map(|(_, extension)| extension)
}
