//! Helm's rules over the template language: a chart and values in, manifests out.

pub mod context;
pub mod functions;
pub mod policy;
