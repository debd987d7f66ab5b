//! The patterns of a schema to what reading texts with them costs, at worst.
//!
//! A pattern is an automaton that reads a byte in a nanosecond as long as it is small; where it would grow too large, all
//! states of the pattern are tried instead.

use std::collections::BTreeMap;

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

/// The patterns of a schema, each weighed once.
#[derive(Debug, Default)]
pub struct Patterns {
    states: BTreeMap<String, usize>,
    /// How many places they stand in.
    places: usize,
}

impl Patterns {
    /// Refuses a schema that has too many, or too large ones.
    pub fn of(schema: &Json) -> Result<Self, TooMuch> {
        let (mut found, mut all, mut open) = (Patterns::default(), 0_usize, vec![schema]);
        while let Some(part) = open.pop() {
            match part {
                Json::Object(keywords) => {
                    for pattern in of(keywords) {
                        let states =
                            *found.states.entry(pattern.to_owned()).or_insert_with(|| states(pattern));
                        all = all.saturating_add(states);
                        found.places += 1;
                    }
                    open.extend(keywords.values());
                }
                Json::Array(items) => open.extend(items),
                _ => {}
            }
        }
        if all > MAX_STATES { Err(TooMuch) } else { Ok(found) }
    }

    /// The bytes that the automaton of each pattern may grow to.
    pub fn share(&self) -> usize {
        (MAX_AUTOMATA / self.places.max(1)).clamp(SMALLEST, LARGEST)
    }

    /// Visits that one text of 64 bytes can cost, at most.
    pub fn ceiling(&self, keywords: &Map<String, Json>) -> u64 {
        of(keywords).fold(0, |sum, pattern| sum.saturating_add(self.visits(pattern, 64).saturating_add(1)))
    }

    /// Visits that the patterns of a schema cost, besides the one that looks at the value.
    pub fn cost(&self, keywords: &Map<String, Json>, value: &Json) -> u64 {
        let names = match value {
            Json::Object(members) => members.keys().map(String::len).sum(),
            _ => 0,
        };
        let text = value.as_str().map_or(0, str::len);
        let own = keywords.get("pattern").and_then(Json::as_str);
        let of_text = own.map_or(0, |pattern| self.visits(pattern, text));
        let rule = keywords.get("propertyNames").and_then(Json::as_object);
        let of_names = rule.into_iter().flat_map(of).chain(named(keywords));
        of_names.fold(of_text, |sum, pattern| sum.saturating_add(self.visits(pattern, names)))
    }

    fn visits(&self, pattern: &str, bytes: usize) -> u64 {
        let states = self.states.get(pattern).copied().unwrap_or_default();
        (bytes.saturating_mul(states) / READ_IN_A_VISIT) as u64
    }
}

fn of(keywords: &Map<String, Json>) -> impl Iterator<Item = &str> {
    keywords.get("pattern").and_then(Json::as_str).into_iter().chain(named(keywords))
}

fn named(keywords: &Map<String, Json>) -> impl Iterator<Item = &str> {
    let patterns = keywords.get("patternProperties").and_then(Json::as_object);
    patterns.into_iter().flat_map(|patterns| patterns.keys().map(String::as_str))
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
        assert_eq!(Patterns::of(&schema(10)).map(|patterns| patterns.share()), Ok(LARGEST));
        assert_eq!(Patterns::of(&schema(1_000)).map(|patterns| patterns.share()), Err(TooMuch));
    }

    #[test]
    fn texts_and_names_are_read() {
        let pattern = "[ab]*a[ab]{30}c";
        let cost = |schema: Json, value: &Json| {
            let patterns = Patterns::of(&schema).unwrap();
            patterns.cost(schema.as_object().unwrap(), value)
        };
        let text = json!("ab".repeat(5_000));
        assert!(cost(json!({ "pattern": pattern }), &text) > 1_000);
        assert_eq!(cost(json!({ "pattern": pattern }), &json!(7)), 0);
        let names: Json = (0..1_000).map(|at| (format!("{at:030}"), json!(1))).collect();
        let by_name = json!({ "patternProperties": { (pattern): true } });
        let by_rule = json!({ "propertyNames": { "pattern": pattern } });
        for schema in [by_name, by_rule] {
            assert!(cost(schema, &names) > 3_000);
        }
    }
}
