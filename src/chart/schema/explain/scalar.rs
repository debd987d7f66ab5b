//! The keywords of strings and numbers.

use regex::Regex;
use serde_json::{Map as Object, Number, Value as Json};

use super::super::failure::{Failure, quoted};
use super::super::number;
use super::place::Place;

pub fn text(schema: &Object<String, Json>, text: &str, place: Place<'_>, failures: &mut Vec<Failure>) {
    let length = text.chars().count();
    limits(schema, ("minLength", "maxLength"), length, place, failures);
    if let Some(pattern) = schema.get("pattern").and_then(Json::as_str)
        && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text))
    {
        failures.push(place.failure(format!("{} does not match pattern {}", quoted(text), quoted(pattern))));
    }
}

/// A least and a greatest count.
pub fn limits(
    schema: &Object<String, Json>,
    (least, most): (&str, &str),
    count: usize,
    place: Place<'_>,
    failures: &mut Vec<Failure>,
) {
    let limit = |name: &str| schema.get(name).and_then(Json::as_f64).map(|limit| limit as usize);
    for (name, limit, bad) in [
        (least, limit(least), limit(least).is_some_and(|limit| count < limit)),
        (most, limit(most), limit(most).is_some_and(|limit| count > limit)),
    ] {
        if let (Some(limit), true) = (limit, bad) {
            let (got, want) = (number::count(count), number::count(limit));
            failures.push(place.failure(format!("{name}: got {got}, want {want}")));
        }
    }
}

pub fn number(schema: &Object<String, Json>, found: &Number, place: Place<'_>, failures: &mut Vec<Failure>) {
    let Some(found) = found.as_f64() else { return };
    // In the oldest edition the exclusive limits are flags.
    let flag = |name: &str| schema.get(name).and_then(Json::as_bool).unwrap_or(false);
    let limit = |name: &str| schema.get(name).and_then(Json::as_f64);
    let (minimum, maximum) = (limit("minimum"), limit("maximum"));
    let (below, above) = (flag("exclusiveMinimum"), flag("exclusiveMaximum"));
    let checks = [
        ("minimum", minimum.filter(|limit| !below && found < *limit)),
        ("maximum", maximum.filter(|limit| !above && found > *limit)),
        (
            "exclusiveMinimum",
            limit("exclusiveMinimum").or(minimum.filter(|_| below)).filter(|limit| found <= *limit),
        ),
        (
            "exclusiveMaximum",
            limit("exclusiveMaximum").or(maximum.filter(|_| above)).filter(|limit| found >= *limit),
        ),
        ("multipleOf", limit("multipleOf").filter(|factor| !is_multiple(found, *factor))),
    ];
    for (name, limit) in checks {
        if let Some(limit) = limit {
            let (got, want) = (number::float(found), number::float(limit));
            failures.push(place.failure(format!("{name}: got {got}, want {want}")));
        }
    }
}

/// Near enough: decimal fractions have no exact binary form.
fn is_multiple(number: f64, factor: f64) -> bool {
    let times = number / factor;
    (times - times.round()).abs() <= f64::EPSILON * times.abs().max(1.0)
}
