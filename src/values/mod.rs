//! A PrometheusCluster turned into Helm values, by a mapping that is data.
//!
//! ```text
//!  config/values.yaml ─► Mapping ─┐
//!  name, namespace, spec, … ──────┴► apply ─► merge spec.values ─► merge overrideValues ─► Values ─► values.yaml, digest
//!                                    (leaf by leaf)                                           └────► the renderer
//! ```
//!
//! [`mapping`] reads the file, [`leaf`] and [`expression`] one leaf of it; [`bridge`] carries values in and out of
//! minijinja; [`merge`] is Helm's merging of values files; [`compose`] is the way through all of it, and [`asking`] the way back.

pub mod asking;
pub mod bridge;
pub mod compose;
pub mod expression;
pub mod leaf;
pub mod mapping;
pub mod merge;
pub mod text;
