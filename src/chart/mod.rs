//! A Helm chart in memory: loaded, its dependencies processed, its values coalesced.

pub mod semver;
