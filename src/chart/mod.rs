//! A Helm chart in memory: loaded, its dependencies processed, its values coalesced, as Helm 4.3.1 does it.
//!
//! A chart is loaded once and shared between threads; what depends on the values of one release
//! ([`dependency::process`], [`coalesce::values`]) gives a new chart or value and leaves it alone.

pub mod coalesce;
pub mod dependency;
pub mod digest;
pub mod glob;
pub(crate) mod json;
pub mod load;
pub mod metadata;
pub mod model;
pub mod overrides;
pub mod schema;
pub mod semver;
pub mod tables;
pub mod warning;

pub use model::Chart;
