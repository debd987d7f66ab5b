//! Clusters as their users see them: kubectl on a real API server, the real binary as a process, git.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "support/agent.rs"]
mod agent;
#[path = "support/bed.rs"]
mod bed;
mod support;

#[path = "cluster/adopt.rs"]
mod adopt;
#[path = "cluster/broken.rs"]
mod broken;
#[path = "cluster/changes.rs"]
mod changes;
#[path = "cluster/deletion.rs"]
mod deletion;
#[path = "cluster/drift.rs"]
mod drift;
#[path = "cluster/examples.rs"]
mod examples;
#[path = "cluster/followed.rs"]
mod followed;
#[path = "cluster/frugal.rs"]
mod frugal;
#[path = "cluster/external.rs"]
mod external;
#[path = "cluster/helm.rs"]
mod helm;
#[path = "cluster/hooks.rs"]
mod hooks;
#[path = "cluster/immutable.rs"]
mod immutable;
#[path = "cluster/locks.rs"]
mod locks;
#[path = "cluster/many.rs"]
mod many;
#[path = "cluster/owners.rs"]
mod owners;
#[path = "cluster/outcomes.rs"]
mod outcomes;
#[path = "cluster/phases.rs"]
mod phases;
#[path = "cluster/pruning.rs"]
mod pruning;
#[path = "cluster/remotes.rs"]
mod remotes;
#[path = "cluster/rollback.rs"]
mod rollback;
#[path = "cluster/scene.rs"]
mod scene;
#[path = "cluster/secrets.rs"]
mod secrets;
#[path = "cluster/tenancy.rs"]
mod tenancy;
