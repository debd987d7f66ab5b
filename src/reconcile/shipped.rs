//! What the binary carries, so that it works alone: chart, mapping, texts.

use include_dir::{Dir, include_dir};

use crate::chart::load::{self, LoadError};
use crate::chart::model::{Chart, File};

static CHART: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/charts/prometheus-cluster");

/// Name of the mapping in messages.
pub const MAPPING_NAME: &str = "config/values.yaml";
pub const MAPPING: &str = include_str!("../../config/values.yaml");
pub const COMMIT: &str = include_str!("../../config/commit.j2");
pub const README: &str = include_str!("../../config/readme.j2");

/// The chart `prometheus-cluster`.
pub fn chart() -> Result<Chart, LoadError> {
    let mut files = Vec::new();
    let mut folders = vec![&CHART];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        files.extend(folder.files().map(|file| File {
            name: file.path().to_string_lossy().into_owned(),
            data: file.contents().to_vec(),
        }));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    load::files(files)
}
