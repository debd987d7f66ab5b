//! Go-yaml's reading and writing of YAML, and encoding/json's of JSON.

pub mod convert;
