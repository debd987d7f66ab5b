//! promgit: Prometheus the GitOps way.

pub mod agent;
pub mod api;
pub mod chart;
pub mod cli;
pub mod git;
pub mod ledger;
pub mod reconcile;
pub mod render;
pub mod settings;
pub mod source;
pub mod telemetry;
pub mod template;
pub mod values;
pub mod yaml;
