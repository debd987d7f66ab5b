//! Charts from where users keep them: a name at a repository or registry turned into the bytes of an archive.
//!
//! ```text
//!   name, version ─► repositories | index | oci ─► address ─► http ─► archive ─► cache
//! ```
//!
//! The rules are Helm's (`pkg/repo`, `pkg/getter`, `pkg/registry`, `pkg/downloader`), and so are the texts of the
//! errors, where Helm has one. Everything that a server sends is bounded, in size and in time.

pub mod address;
pub mod http;
pub mod index;
pub mod repositories;
pub mod repository;
pub mod file;
pub mod oci;
pub mod oci_chart;
pub mod cache;
pub mod environment;
mod wait;
pub mod locate;
pub mod pinned;
