//! Versions and version constraints as charts write them: Masterminds/semver v3, which Helm and Sprig use.
//!
//! Not the rules of the `semver` crate: `v1.2` is a version here, `1.x || >=2.1 <3` a constraint, and a
//! prerelease satisfies a constraint only if the constraint names one (`>=1.0-0`).

pub mod constraint;
pub mod error;
mod precedence;
mod rules;
mod scan;
pub mod version;

pub use constraint::Constraint;
pub use error::SemverError;
pub use version::Version;
