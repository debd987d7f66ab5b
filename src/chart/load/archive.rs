//! The bytes of a `.tgz` to a chart (Helm `pkg/chart/loader/load.go`).

use super::super::metadata::api_version;
use super::super::model::Chart;
use super::files::{FilesError, files_of_archive};
use super::unpack::{self, ArchiveError, Room};
use super::yaml;

/// Why the bytes of an archive are no chart; the texts are those of `helm template CHART.tgz`, without the reason
/// why an archive is broken: that is the source of the error.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveChartError {
    #[error("unable to load chart archive")]
    Archive(#[source] ArchiveError),
    #[error("unable to detect chart version, no Chart.yaml found")]
    NoMetadata,
    #[error("cannot load Chart.yaml: {0}")]
    Metadata(String),
    #[error("unsupported chart version")]
    Version,
    #[error("invalid chart apiVersion")]
    Version3,
    #[error(transparent)]
    Files(#[from] FilesError),
}

impl ArchiveChartError {
    /// The bytes, or those of a subchart, are not gzipped.
    pub(crate) fn is_no_gzip(&self) -> bool {
        match self {
            ArchiveChartError::Archive(error) => *error == ArchiveError::NotGzip,
            ArchiveChartError::Files(error) => error.is_no_gzip(),
            _ => false,
        }
    }
}

/// Reads a chart from the bytes of a gzipped tar.
pub fn archive(bytes: &[u8]) -> Result<Chart, ArchiveChartError> {
    let mut room = Room::default();
    let unpacked = unpack::files(bytes, &mut room).map_err(ArchiveChartError::Archive)?;
    let Some(metadata) = unpacked.iter().find(|file| &*file.name == "Chart.yaml") else {
        return Err(ArchiveChartError::NoMetadata);
    };
    check_version(&metadata.data)?;
    Ok(files_of_archive(unpacked, &mut room)?)
}

/// Chooses the loader, before anything else is looked at: this one reads `v1`, `v2` and what does not say.
pub(crate) fn check_version(chart_yaml: &[u8]) -> Result<(), ArchiveChartError> {
    match &*yaml::decode(chart_yaml, api_version).map_err(ArchiveChartError::Metadata)? {
        "" | "v1" | "v2" => Ok(()),
        "v3" => Err(ArchiveChartError::Version3),
        _ => Err(ArchiveChartError::Version),
    }
}
