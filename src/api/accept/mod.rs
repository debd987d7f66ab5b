//! From free JSON to a typed PrometheusCluster, or to everything that is wrong with it: what an API server with our
//! definition does to a request with strict field validation, in the same order and in the same words.
//!
//! The steps are those of k8s.io/apiextensions-apiserver: decoding (`pkg/apiserver/customresource_handler.go`), then
//! validation (`pkg/registry/customresource/strategy.go`). Two things differ, both for the better: an unknown field
//! does not hide the other errors, and it comes with the name that was probably meant.

pub mod defaults;
pub mod hint;
pub mod metadata;
pub mod names;
pub mod numbers;
pub mod refusal;
pub mod rules;
pub mod schema;
pub mod unknown;

use serde_json::Value;

use super::crd;
use super::names::{API_VERSION, KIND};
use super::spec::PrometheusCluster;
use refusal::Refusal;

/// Deepest nesting of a resource. Free-form `values` are the only part without a depth of their own; charts nest about
/// ten levels.
pub const MAX_DEPTH: usize = 100;

/// Accepts a new resource, or says all that is wrong with it. The result has its defaults, a namespace, and no status.
pub fn accept(object: Value) -> Result<PrometheusCluster, Vec<Refusal>> {
    check(object, None)
}

/// As [`accept`], for a resource that exists already: what cannot change is compared with `old`.
pub fn accept_change(object: Value, old: &PrometheusCluster) -> Result<PrometheusCluster, Vec<Refusal>> {
    let old = serde_json::to_value(old).map_err(|error| vec![broken(&error)])?;
    check(object, Some(&old))
}

fn check(mut object: Value, old: Option<&Value>) -> Result<PrometheusCluster, Vec<Refusal>> {
    let schema = crd::schema().map_err(|error| vec![broken(&error)])?;
    shape(&object)?;
    numbers::normalize(&mut object);
    let mut refusals = unknown::remove(&mut object, schema);
    defaults::fill(&mut object, schema);
    let mut invalid = metadata::check(&mut object);
    invalid.extend(schema::check(&object, schema));
    if invalid.iter().any(|refusal| refusal.blocking) {
        invalid.push(Refusal::sentence(
            "",
            "some validation rules were not checked because the object was invalid; correct the existing errors to \
             complete validation",
        ));
    } else {
        invalid.extend(rules::check(&object, old));
    }
    refusals.extend(invalid);
    if !refusals.is_empty() {
        return Err(refusals);
    }
    serde_json::from_value(object).map_err(|error| vec![broken(&error)])
}

/// What has to hold before fields can be looked at.
fn shape(object: &Value) -> Result<(), Vec<Refusal>> {
    let Value::Object(fields) = object else {
        return Err(vec![Refusal::sentence(
            "",
            format!("a {KIND} must be an object with apiVersion, kind, metadata and spec"),
        )]);
    };
    if !shallow(object, MAX_DEPTH) {
        return Err(vec![Refusal::sentence(
            "",
            format!("the resource is nested deeper than {MAX_DEPTH} levels; flatten it"),
        )]);
    }
    let wrong: Vec<_> = [("kind", KIND), ("apiVersion", API_VERSION)]
        .into_iter()
        .filter(|(field, expected)| fields.get(*field).and_then(Value::as_str) != Some(expected))
        .map(|(field, expected)| {
            let found = fields.get(field).cloned().unwrap_or_else(|| "".into());
            Refusal::invalid(field, &found, &format!("must be {expected}"))
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// Whether no value lies more than `depth` levels deep.
fn shallow(value: &Value, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else { return false };
    match value {
        Value::Array(items) => items.iter().all(|item| shallow(item, below)),
        Value::Object(fields) => fields.values().all(|field| shallow(field, below)),
        _ => true,
    }
}

/// The definition and the Rust types do not agree, which the tests exclude.
fn broken(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::sentence(
        "",
        format!("cannot read the resource: {error}; please report this as a bug of promgit"),
    )
}
