//! Fuzz targets: one module turns bytes of anybody into one run of a part of promgit that reads what others wrote.
//!
//! libFuzzer calls them by `fuzz_targets/`, and `tests/fuzz.rs` includes this file and gives them the corpus. A target
//! fails by a panic. Beyond «it ends» each holds what can be said of any input: the same answer twice, what is written
//! reads as what it was, an error names the file.

pub mod archive;
pub mod chart;
pub mod delta;
mod files;
pub mod index;
pub mod mapping;
pub mod prometheus;
pub mod record;
pub mod regex;
pub mod remote;
mod rendering;
pub mod resource;
pub mod schema;
pub mod semver;
pub mod template;
pub mod values;
pub mod yaml;

/// One run over bytes of anybody; panics when it finds something.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("archive", archive::run),
    ("chart", chart::run),
    ("delta", delta::run),
    ("index", index::run),
    ("mapping", mapping::run),
    ("prometheus", prometheus::run),
    ("record", record::run),
    ("regex", regex::run),
    ("remote", remote::run),
    ("resource", resource::run),
    ("schema", schema::run),
    ("semver", semver::run),
    ("template", template::run),
    ("values", values::run),
    ("yaml", yaml::run),
];
