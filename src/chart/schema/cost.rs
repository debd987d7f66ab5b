//! A schema and values to how much work the check will be, before it is begun.
//!
//! A schema that refers to itself, or whose parts refer to each other several times over, can make a few lines take
//! longer than the universe: neither Helm's validator nor ours stops. Counting needs each pair of a schema and a value
//! only once.

use std::collections::HashMap;
use std::ptr;

use serde_json::Value as Json;

use super::pattern::{Patterns, TooMuch};

/// Visits of a value by a schema. Public charts with the largest schemas and values need about 40,000.
const MAX_VISITS: u64 = 2_000_000;

/// How many times as long a visit takes where every level is gone through again.
const REPEATED: u64 = 64;

/// Pairs of a schema and a value that are remembered while counting.
const MAX_PAIRS: usize = 500_000;

/// References and keywords inside each other. The check itself goes as deep.
const MAX_DEPTH: usize = 2_000;

/// Bytes of a text that are read in the time of a visit.
const BYTES_PER_VISIT: usize = 64;

/// Keywords whose schema looks at the same value.
const SAME_ONE: &[&str] = &["not", "if", "then", "else"];
const SAME_MANY: &[&str] = &["allOf", "anyOf", "oneOf"];
const SAME_NAMED: &[&str] = &["dependentSchemas", "dependencies"];
const REFERENCES: &[&str] = &["$ref", "$dynamicRef", "$recursiveRef"];

/// Keywords whose schema looks at every member of a value.
const EACH_MEMBER: &[&str] = &[
    "additionalProperties",
    "unevaluatedProperties",
    "items",
    "additionalItems",
    "unevaluatedItems",
    "contains",
];

/// The schemas that references name, and what was counted so far.
struct Counter<'a> {
    root: &'a Json,
    patterns: &'a Patterns,
    names: HashMap<&'a str, &'a Json>,
    counted: HashMap<(*const Json, *const Json), u64>,
}

/// The most that one value can cost, if no part of the schema refers to another: then each part looks at each value once
/// at most. Known once a schema is read.
pub fn ceiling(schema: &Json, patterns: &Patterns) -> Option<u64> {
    let mut ceiling = 0_u64;
    let mut open = vec![schema];
    while let Some(part) = open.pop() {
        ceiling += 1;
        match part {
            Json::Object(keywords) if REFERENCES.iter().any(|key| keywords.contains_key(*key)) => {
                return None;
            }
            Json::Object(keywords) => {
                ceiling = ceiling.saturating_add(choices(keywords) + patterns.ceiling(keywords));
                open.extend(keywords.values());
            }
            Json::Array(items) => open.extend(items),
            _ => {}
        }
    }
    Some(ceiling)
}

/// The values in a value, itself included, long texts counted several times.
fn size(value: &Json) -> u64 {
    let mut size = 0;
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        let names: usize = value.as_object().map_or(0, |members| members.keys().map(String::len).sum());
        size += 1 + text_visits(value) + (names / BYTES_PER_VISIT) as u64;
        open.extend(members(value));
    }
    size
}

/// Refuses a check of `values` that would be too much work; `ceiling` is that of the schema, by which most checks are
/// known to be little without counting.
pub fn check<'a>(
    schema: &'a Json,
    patterns: &'a Patterns,
    ceiling: Option<u64>,
    values: &'a Json,
) -> Result<(), TooMuch> {
    if ceiling.is_some_and(|ceiling| ceiling.saturating_mul(size(values)) <= MAX_PAIRS as u64) {
        return Ok(());
    }
    let mut names = HashMap::new();
    let limit = if collect(schema, &mut names) { MAX_VISITS / REPEATED } else { MAX_VISITS };
    let mut counter = Counter { root: schema, patterns, names, counted: HashMap::new() };
    if counter.visits(schema, values, 0)? > limit { Err(TooMuch) } else { Ok(()) }
}

/// The parts of a schema that have a name. True if it asks what its other keywords left over (`unevaluated…`): that goes
/// through all of them once more on every level.
fn collect<'a>(schema: &'a Json, names: &mut HashMap<&'a str, &'a Json>) -> bool {
    let mut asks = false;
    let mut open = vec![schema];
    while let Some(part) = open.pop() {
        match part {
            Json::Object(members) => {
                for key in ["$id", "id", "$anchor", "$dynamicAnchor"] {
                    if let Some(Json::String(name)) = members.get(key) {
                        names.insert(name, part);
                    }
                }
                asks |= members.keys().any(|key| key.starts_with("unevaluated"));
                open.extend(members.values());
            }
            Json::Array(items) => open.extend(items),
            _ => {}
        }
    }
    asks
}

impl<'a> Counter<'a> {
    /// How often values are visited when `schema` checks `value`.
    fn visits(&mut self, schema: &'a Json, value: &'a Json, depth: usize) -> Result<u64, TooMuch> {
        let Json::Object(keywords) = schema else { return Ok(1) };
        let pair = (ptr::from_ref(schema), ptr::from_ref(value));
        if let Some(count) = self.counted.get(&pair) {
            return Ok(*count);
        }
        if depth > MAX_DEPTH || self.counted.len() > MAX_PAIRS {
            return Err(TooMuch);
        }
        // A reference that leads back here is refused or ignored by the check; it counts for nothing.
        self.counted.insert(pair, 0);
        let mut count = own(keywords, value).saturating_add(self.patterns.cost(keywords, value));
        for (keyword, part) in keywords {
            for (inner, value) in self.applied(keyword, part, value) {
                count = count.saturating_add(self.visits(inner, value, depth + 1)?);
            }
        }
        self.counted.insert(pair, count);
        Ok(count)
    }

    /// The schemas that a keyword applies, each with the value that it looks at.
    fn applied(&self, keyword: &str, part: &'a Json, value: &'a Json) -> Vec<(&'a Json, &'a Json)> {
        match (keyword, part) {
            (_, Json::String(name)) if REFERENCES.contains(&keyword) => {
                self.named(name).into_iter().map(|schema| (schema, value)).collect()
            }
            _ if SAME_ONE.contains(&keyword) => vec![(part, value)],
            (_, Json::Array(parts)) if SAME_MANY.contains(&keyword) => {
                parts.iter().map(|part| (part, value)).collect()
            }
            (_, Json::Object(parts)) if SAME_NAMED.contains(&keyword) => {
                parts.values().map(|part| (part, value)).collect()
            }
            ("properties", Json::Object(parts)) => {
                let member = |(name, part)| Some((part, value.get(name)?));
                parts.iter().filter_map(|(name, part)| member((name, part))).collect()
            }
            ("patternProperties", Json::Object(parts)) => {
                parts.values().flat_map(|part| members(value).map(move |member| (part, member))).collect()
            }
            ("items" | "prefixItems", Json::Array(parts)) => parts.iter().zip(members(value)).collect(),
            _ if EACH_MEMBER.contains(&keyword) => members(value).map(|member| (part, member)).collect(),
            _ => Vec::new(),
        }
    }

    /// `#/definitions/a`, `#anchor`, `other.json#/a`, `#`.
    fn named(&self, name: &str) -> Option<&'a Json> {
        let (base, fragment) = name.split_once('#').unwrap_or((name, ""));
        let base = if base.is_empty() { self.root } else { self.names.get(base).copied()? };
        match fragment {
            "" => Some(base),
            pointer if pointer.starts_with('/') => base.pointer(pointer),
            anchor => self.names.get(anchor).or_else(|| self.names.get(name)).copied(),
        }
    }
}

/// The work of a schema itself, but for its patterns: a value is compared with each of an `enum`.
fn own(keywords: &serde_json::Map<String, Json>, value: &Json) -> u64 {
    (1 + choices(keywords) + text_visits(value)).saturating_add(names(keywords, value))
}

/// The work of looking at every name of an object.
fn names(keywords: &serde_json::Map<String, Json>, value: &Json) -> u64 {
    let (Some(Json::Object(rule)), Json::Object(members)) = (keywords.get("propertyNames"), value) else {
        return 0;
    };
    (members.len() as u64).saturating_mul(1 + choices(rule))
}

fn choices(keywords: &serde_json::Map<String, Json>) -> u64 {
    keywords.get("enum").and_then(Json::as_array).map_or(0, Vec::len) as u64 / 4
}

fn text_visits(value: &Json) -> u64 {
    value.as_str().map_or(0, |text| text.len() / BYTES_PER_VISIT) as u64
}

fn members(value: &Json) -> impl Iterator<Item = &Json> {
    let (items, fields) = match value {
        Json::Array(items) => (Some(items), None),
        Json::Object(fields) => (None, Some(fields)),
        _ => (None, None),
    };
    items.into_iter().flatten().chain(fields.into_iter().flat_map(|fields| fields.values()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// As a compiled schema asks it; the shortcut must not change the answer.
    fn check(schema: &Json, values: &Json) -> Result<(), TooMuch> {
        let patterns = Patterns::of(schema)?;
        let counted = super::check(schema, &patterns, None, values);
        assert_eq!(super::check(schema, &patterns, ceiling(schema, &patterns), values), counted);
        counted
    }

    #[test]
    fn what_multiplies_is_refused() {
        let mut definitions = serde_json::Map::new();
        for level in 0..40 {
            let next = json!({ "$ref": format!("#/definitions/d{}", level + 1) });
            definitions.insert(format!("d{level}"), json!({ "allOf": [next.clone(), next] }));
        }
        definitions.insert("d40".into(), json!(true));
        let schema = json!({ "definitions": definitions, "$ref": "#/definitions/d0" });
        assert_eq!(check(&schema, &json!({})), Err(TooMuch));
    }

    #[test]
    fn what_multiplies_with_the_depth_of_the_values_is_refused() {
        let inner = json!({ "properties": { "a": { "$ref": "#" } } });
        let schema = json!({ "allOf": [inner.clone(), inner] });
        let deep = |levels| (0..levels).fold(json!({}), |value, _| json!({ "a": value }));
        assert_eq!(check(&schema, &deep(8)), Ok(()));
        assert_eq!(check(&schema, &deep(40)), Err(TooMuch));
    }

    #[test]
    fn a_tree_of_references_is_not() {
        let schema = json!({
            "$defs": { "node": { "$anchor": "node", "additionalProperties": { "$ref": "#node" } } },
            "$ref": "#/$defs/node",
        });
        let wide: Json = (0..1000).map(|at| (format!("k{at}"), json!({ "a": { "b": {} } }))).collect();
        assert_eq!(check(&schema, &wide), Ok(()));
    }

    #[test]
    fn a_circle_ends() {
        assert_eq!(check(&json!({ "$ref": "#" }), &json!({})), Ok(()));
    }

    #[test]
    fn without_references_work_is_schema_times_values() {
        let schema = json!({ "additionalProperties": { "enum": vec!["x"; 40_000] } });
        let wide = |count: usize| -> Json { (0..count).map(|at| (format!("k{at}"), json!("x"))).collect() };
        assert_eq!(check(&schema, &wide(3)), Ok(()));
        assert_eq!(check(&schema, &wide(150)), Ok(()));
        assert_eq!(check(&schema, &wide(300)), Err(TooMuch));
    }
}
