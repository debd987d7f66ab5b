//! A Prometheus configuration and rule files, read as Prometheus reads them, to find what would stop it before it is
//! committed.
//!
//! This is not `promtool`: it knows structure, names and times, and asks no file, network or query parser. What it
//! refuses, Prometheus refuses too (but for [`credentials`], which Prometheus takes and git must not).

pub mod config;
pub mod credentials;
mod headers;
pub mod duration;
pub mod keys;
pub mod problem;
pub mod rules;
