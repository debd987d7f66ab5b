//! `Chart.yaml` and `Chart.lock`: read as Go would, checked as Helm does, shown to templates as `.Chart`.

mod decode;
mod dot_chart;
mod types;
mod validate;

pub use decode::{DEPENDENCY, DecodeError, METADATA, api_version};
pub use types::{Dependency, ImportValue, Lock, Maintainer, Metadata};
pub use validate::ValidationError;
