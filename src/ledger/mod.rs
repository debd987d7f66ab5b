//! What a namespace's branch looks like: a release turned into files, a difference turned into words.
//!
//! ```text
//! README.md               what runs here (root)
//! promgit.yaml            marks the branch as managed (root)
//! kustomization.yaml      all clusters (root)
//! <cluster>/
//!   cluster.yaml          the resource as asked for (folder)
//!   values.yaml           the values the chart was given (folder)
//!   release.yaml          how to reproduce it (record)
//!   kustomization.yaml    the manifests, in apply order (folder)
//!   manifests/…           one object a file, text exactly as rendered (names)
//!   hooks/…               Helm hooks: recorded, applied by nobody else (names)
//! ```
//!
//! Pure: no clock, no git, no files. What `git` stores is decided here; how it is stored is decided there.

pub mod branch;
pub mod claims;
pub mod difference;
pub mod folder;
pub mod kept;
mod leaves;
pub mod message;
pub mod names;
pub mod record;
pub mod root;
pub mod secrets;
pub mod stub;
pub mod state;
pub mod tag;
pub mod template;
pub mod text;
pub mod words;
