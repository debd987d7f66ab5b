//! A name at an OCI registry turned into a chart's archive: reference → tags → manifest → layer.

pub mod challenge;
pub mod credentials;
pub mod digest;
pub mod error;
pub mod manifest;
pub mod reference;
pub mod registry;
pub mod tags;
mod token;
