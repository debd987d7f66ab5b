//! The chart `charts/prometheus-cluster` and the mapping to it, asked with the real helm and the real promtool.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

#[path = "support/restricted.rs"]
mod restricted;

#[path = "prometheus_chart/harness.rs"]
mod harness;

#[path = "prometheus_chart/config.rs"]
mod config;
#[path = "prometheus_chart/fields.rs"]
mod fields;
#[path = "prometheus_chart/mapping.rs"]
mod mapping;
#[path = "prometheus_chart/names.rs"]
mod names;
#[path = "prometheus_chart/schema.rs"]
mod schema;
#[path = "prometheus_chart/security.rs"]
mod security;
