//! promgit: Prometheus the GitOps way. Resources in, rendered manifests out, every change a commit.
//!
//! ```text
//!   source ─► resource ─► values ─► render ─► plan ─► commit ─► report
//!   (watch)               (pure)    (pure)   (pure)   (git)
//!                                              ▲
//!                                    observe: tip of the branch
//! ```
//!
//! The rooms, in reading order. Each uses only rooms above it here; `tests/architecture.rs` holds the floors.

// What a user writes and reads back.
pub mod api;
// What nobody may read back.
pub mod secrecy;
// Go's text/template, go-yaml's YAML, Helm's charts: the renderer's ground.
pub mod template;
pub mod yaml;
pub mod chart;
// What Prometheus itself would refuse.
pub mod prometheus;
// How live objects are, and why.
pub mod health;
// A resource becomes values, values become manifests, manifests become the files of a branch.
pub mod values;
pub mod render;
pub mod ledger;
// What Helm keeps of a release.
pub mod release;
// The outside systems: where charts come from, what is watched, a repository that is written, a cluster that is written.
pub mod pull;
pub mod source;
pub mod git;
pub mod remote;
pub mod cluster;
// The verbs.
pub mod reconcile;
// The process: settings, logs and metrics, health over HTTP, running threads, the command line.
pub mod settings;
pub mod telemetry;
pub mod metrics;
pub mod server;
pub mod agent;
pub mod cli;
