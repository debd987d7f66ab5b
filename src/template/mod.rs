//! Go's `text/template` language: text in, values in, bytes out. Knows neither Helm nor Kubernetes.

pub mod error;
pub mod eval;
pub mod frozen;
pub mod func;
pub mod types;
pub mod value;
