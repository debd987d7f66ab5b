//! From the JSON schemas of Rust types to the structural schemas that an API server takes.

pub mod shapes;
pub mod structural;
