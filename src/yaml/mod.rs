//! Go-yaml's reading and writing of YAML, and encoding/json's of JSON.
//!
//! Helm goes through `sigs.k8s.io/yaml`: YAML is read by go-yaml v2, turned into JSON and decoded by
//! encoding/json; values are written as JSON, read by go-yaml v2 and written by it again. The rooms in the
//! order of that way: [`events`] (libyaml) → `tree` → `resolve` → [`read`]; [`json`] → [`write`];
//! [`pretty`] is go-yaml v3's writer; [`document`] reads resource files with their lines.

mod blocks;
pub mod convert;
mod dialect;
pub mod document;
pub mod events;
pub mod json;
mod number;
pub mod pretty;
pub mod read;
mod resolve;
mod syntax;
mod tree;
pub mod write;
