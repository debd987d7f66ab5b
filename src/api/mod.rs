//! What a user writes and reads back: the resource `promgit.dev/v1alpha1` PrometheusCluster, from free JSON to a typed
//! value that an API server would have stored.
//!
//! The Rust types in [`spec`] and [`status`] are the only source: [`crd`] turns them into the CustomResourceDefinition
//! that a cluster enforces, and [`accept`] enforces the same definition in-process, so that a resource from a folder
//! meets the same schema, defaults and rules as one from an API server.

pub mod accept;
pub mod annotations;
pub mod conditions;
pub mod crd;
pub mod names;
pub mod spec;
pub mod status;
pub mod structural;

pub use accept::refusal::Refusal;

pub use accept::{accept, accept_change};
pub use spec::{PrometheusCluster, PrometheusClusterSpec};
pub use status::PrometheusClusterStatus;
