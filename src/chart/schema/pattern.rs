//! The patterns of a schema to what reading texts with them costs, at worst.
//!
//! A pattern is an automaton that reads a byte in a nanosecond as long as it is small; where it would grow too large, all
//! states of the pattern are tried instead.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Value as Json};

/// The check would not end in a useful time, or take too much memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

/// Bytes times states that take as long as a visit of a value.
const READ_IN_A_VISIT: usize = 256;

/// Bytes that the automata of all patterns of a schema grow to.
const MAX_AUTOMATA: usize = 32 << 20;
/// Bytes that one of them may have in any case, and at most.
const SMALLEST: usize = 8 << 10;
const LARGEST: usize = 1 << 20;

/// States of all patterns of a schema; one takes up to 400 bytes. The largest schemas of public charts have some
/// thousands.
const MAX_STATES: usize = 250_000;

/// The bytes that the automaton of each pattern may grow to, unless there are too many patterns, or too large ones.
pub fn share(schema: &Json) -> Result<usize, TooMuch> {
    let (mut open, mut count, mut all) = (vec![schema], 0_usize, 0_usize);
    while let Some(part) = open.pop() {
        match part {
            Json::Object(keywords) => {
                count += of(keywords).count();
                all = of(keywords).map(states).fold(all, usize::saturating_add);
                open.extend(keywords.values());
            }
            Json::Array(items) => open.extend(items),
            _ => {}
        }
    }
    if all > MAX_STATES {
        return Err(TooMuch);
    }
    Ok((MAX_AUTOMATA / count.max(1)).clamp(SMALLEST, LARGEST))
}

/// Visits that one text of 64 bytes can cost, at most.
pub fn ceiling(keywords: &Map<String, Json>) -> u64 {
    of(keywords).fold(0, |sum, pattern| sum.saturating_add(visits(pattern, 64).saturating_add(1)))
}

/// Visits that the patterns of a schema cost, besides the one that looks at the value.
pub fn cost(keywords: &Map<String, Json>, value: &Json) -> u64 {
    let names = match value {
        Json::Object(members) => members.keys().map(String::len).sum(),
        _ => 0,
    };
    let text = value.as_str().map_or(0, str::len);
    let of_text = keywords.get("pattern").and_then(Json::as_str).map_or(0, |pattern| visits(pattern, text));
    let of_names = of(keywords.get("propertyNames").and_then(Json::as_object).unwrap_or(&Map::new()))
        .chain(named(keywords))
        .fold(0, |sum: u64, pattern| sum.saturating_add(visits(pattern, names)));
    of_names.saturating_add(of_text)
}

fn of(keywords: &Map<String, Json>) -> impl Iterator<Item = &str> {
    keywords.get("pattern").and_then(Json::as_str).into_iter().chain(named(keywords))
}

fn named(keywords: &Map<String, Json>) -> impl Iterator<Item = &str> {
    let patterns = keywords.get("patternProperties").and_then(Json::as_object);
    patterns.into_iter().flat_map(|patterns| patterns.keys().map(String::as_str))
}

fn visits(pattern: &str, bytes: usize) -> u64 {
    if bytes == 0 {
        return 0;
    }
    (bytes.saturating_mul(states(pattern)) / READ_IN_A_VISIT) as u64
}

/// The states of a pattern, roughly; for one in another language than this crate reads, its length.
fn states(pattern: &str) -> usize {
    regex_syntax::parse(pattern).map_or(pattern.len(), |parsed| size(&parsed))
}

fn size(part: &Hir) -> usize {
    let sum = |parts: &[Hir]| parts.iter().fold(0_usize, |sum, part| sum.saturating_add(size(part)));
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(_)) => 1,
        HirKind::Class(Class::Unicode(class)) => class.ranges().len(),
        HirKind::Repetition(repetition) => {
            let copies = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            size(&repetition.sub).saturating_mul(copies as usize)
        }
        HirKind::Capture(group) => size(&group.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => sum(parts).saturating_add(parts.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_repeated_counts_as_often() {
        assert!(states("[a-z]{1,1000}x") > 1_000);
        assert!(states("(a{10}){10}") >= 100);
        assert!(states("^[a-z0-9.-]+$") < 20);
    }

    #[test]
    fn too_many_patterns_are_refused() {
        let schema = |count: usize| -> Json {
            let patterns: Map<String, Json> =
                (0..count).map(|at| (format!("[ab]{{{}}}", 1_000 + at), json!(true))).collect();
            json!({ "properties": { "a": { "patternProperties": patterns } } })
        };
        assert_eq!(share(&schema(10)), Ok(LARGEST));
        assert_eq!(share(&schema(1_000)), Err(TooMuch));
    }

    #[test]
    fn texts_and_names_are_read() {
        let pattern = "[ab]*a[ab]{30}c";
        let keywords = |schema: Json| schema.as_object().cloned().unwrap_or_default();
        let text = json!("ab".repeat(5_000));
        assert!(cost(&keywords(json!({ "pattern": pattern })), &text) > 1_000);
        assert_eq!(cost(&keywords(json!({ "pattern": pattern })), &json!(7)), 0);
        let names: Json = (0..1_000).map(|at| (format!("{at:030}"), json!(1))).collect();
        let by_name = json!({ "patternProperties": { (pattern): true } });
        let by_rule = json!({ "propertyNames": { "pattern": pattern } });
        for schema in [by_name, by_rule] {
            assert!(cost(&keywords(schema), &names) > 3_000);
        }
    }
}
