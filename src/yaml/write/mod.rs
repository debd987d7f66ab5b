//! Template values to YAML text: `sigs.k8s.io/yaml` v1.6.0 `Marshal`.
//!
//! Helm's `toYaml` writes JSON, reads that JSON with go-yaml v2 and writes the result with go-yaml v2. The
//! text in between is never made here; what the detour does to strings and numbers is (`detour`).

mod detour;
pub(super) mod dialect;
pub(super) mod emitter;
mod error;
pub(super) mod order;
mod scalar;
pub(super) mod walk;

use crate::template::value::Value;

pub use error::WriteError;

/// Writes a value; the text ends with a line break.
pub fn to_vec(value: &Value) -> Result<Vec<u8>, WriteError> {
    walk::write(value, &detour::ThroughJson)
}
