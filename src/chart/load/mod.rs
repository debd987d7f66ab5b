//! Files, a folder or an archive to a [`Chart`](super::model::Chart).

pub mod archive;
pub(crate) mod depth;
mod documents;
pub mod files;
pub mod folder;
mod headers;
mod ignore;
mod pattern;
mod unpack;
pub mod values;
mod yaml;

pub use archive::{ArchiveChartError, archive};
pub use files::{FilesError, files};
pub use folder::{LoadError, bytes, path, path_or_said};
pub use unpack::ArchiveError;

/// The largest archive, in bytes: none is larger than what it may hold.
pub const MAX_ARCHIVE: usize = unpack::MAX_SIZE as usize;
