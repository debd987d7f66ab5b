//! The `spec` of a PrometheusCluster as Rust types, one file per group of fields.

pub mod cluster;
pub mod delivery;
pub mod ignore;
pub mod pod;
pub mod rules;
pub mod shapes;
pub mod storage;

pub use cluster::{PrometheusCluster, PrometheusClusterSpec};
