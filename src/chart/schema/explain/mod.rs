//! Values that a schema refuses to the reasons that Helm prints, in its order.
//!
//! Helm checks with `santhosh-tekuri/jsonschema` v6, whose `validator.go` is what this follows. Whether values are
//! refused at all is not decided here. Where Helm walks a Go map, in any order, this goes by name.

mod array;
mod combine;
mod equal;
mod object;
mod place;
mod reference;
mod scalar;

use std::cell::Cell;

use jsonschema::Draft;
use serde_json::{Map as Object, Value as Json};

use super::failure::{Failure, quoted};
use super::format;
use equal::equal;
use place::Place;

/// How deep schemas may lead into each other: a schema can be a circle.
const MAX_DEPTH: usize = 256;

/// Walks a schema together with values.
pub struct Explainer<'s> {
    root: &'s Json,
    draft: Draft,
}

/// Bytes of reasons, those of alternatives that are not printed included. A schema can ask for thousands of names in
/// each of thousands of values.
pub const MAX_SAID: usize = 4 << 20;

const TOO_MANY: &str =
    "the values are refused for more reasons than there is room for; check them in smaller parts\n";

impl<'s> Explainer<'s> {
    pub fn new(root: &'s Json, draft: Draft) -> Self {
        Explainer { root, draft }
    }

    /// The reasons, one a line; none where no keyword known here refuses the values.
    pub fn explain(&self, values: &Json) -> Option<String> {
        let said = Cell::new(0);
        let failure = self.check(self.root, Place { value: values, at: "", depth: 0, said: &said });
        if said.get() > MAX_SAID {
            return Some(TOO_MANY.to_owned());
        }
        let failure = failure?;
        let mut text = String::new();
        for cause in failure.unpacked() {
            cause.write(0, &mut text);
        }
        Some(text)
    }

    fn check(&self, schema: &'s Json, place: Place<'_>) -> Option<Failure> {
        let schema = match schema {
            Json::Bool(false) => return Some(place.failure("false schema")),
            Json::Object(schema) if place.depth < MAX_DEPTH && place.said.get() <= MAX_SAID => schema,
            _ => return None,
        };
        let own =
            |keyword| self.draft >= Draft::Draft201909 || !schema.contains_key("$ref") || keyword == "$ref";
        if own("type")
            && let Some(failure) = self.first(schema, place)
        {
            return Some(failure);
        }
        let mut failures = Vec::new();
        if let Some(failure) = self.reference(schema, "$ref", place) {
            failures.push(failure);
        }
        if own("properties") {
            match place.value {
                Json::Object(object) => self.object(schema, object, place, &mut failures),
                Json::Array(items) => self.array(schema, items, place, &mut failures),
                Json::String(text) => scalar::text(schema, text, place, &mut failures),
                Json::Number(number) => scalar::number(schema, number, place, &mut failures),
                Json::Null | Json::Bool(_) => {}
            }
            for keyword in ["$recursiveRef", "$dynamicRef"] {
                failures.extend(self.reference(schema, keyword, place));
            }
            self.combined(schema, place, &mut failures);
        }
        Failure::group(place.at, failures)
    }

    /// The keywords after which nothing else is looked at.
    fn first(&self, schema: &Object<String, Json>, place: Place<'_>) -> Option<Failure> {
        if let Some(failure) = wrong_type(schema, place) {
            return Some(failure);
        }
        if let Some(wanted) = schema.get("const")
            && !equal(wanted, place.value)
        {
            return Some(place.failure(match wanted {
                Json::Array(_) | Json::Object(_) => "'const' failed".to_owned(),
                wanted => format!("value must be {}", shown(wanted)),
            }));
        }
        if let Some(Json::Array(wanted)) = schema.get("enum")
            && !wanted.iter().any(|wanted| equal(wanted, place.value))
        {
            return Some(place.failure(not_in(wanted)));
        }
        self.wrong_format(schema, place)
    }

    fn wrong_format(&self, schema: &Object<String, Json>, place: Place<'_>) -> Option<Failure> {
        let (Some(Json::String(format)), Json::String(text)) = (schema.get("format"), place.value) else {
            return None;
        };
        if self.draft >= Draft::Draft201909 {
            return None;
        }
        let reason = || format!("{} is not valid {format}: {}", quoted(text), format::reason(format, text));
        (!format::accepts(format, text)).then(|| place.failure(reason()))
    }
}

/// The types in the order in which Helm names them.
const TYPES: [&str; 7] = ["null", "boolean", "number", "integer", "string", "array", "object"];

fn wrong_type(schema: &Object<String, Json>, place: Place<'_>) -> Option<Failure> {
    let wanted: Vec<&str> = match schema.get("type")? {
        Json::String(wanted) => vec![wanted],
        Json::Array(wanted) => wanted.iter().filter_map(Json::as_str).collect(),
        _ => return None,
    };
    let found = type_of(place.value);
    let whole = place.value.as_f64().is_some_and(|number| number.fract() == 0.0);
    if wanted.is_empty() || wanted.contains(&found) || (whole && wanted.contains(&"integer")) {
        return None;
    }
    let wanted: Vec<&str> = TYPES.into_iter().filter(|name| wanted.contains(name)).collect();
    Some(place.failure(format!("got {found}, want {}", wanted.join(" or "))))
}

fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn not_in(wanted: &[Json]) -> String {
    let plain = |value: &Json| !matches!(value, Json::Array(_) | Json::Object(_));
    match wanted {
        wanted if !wanted.iter().all(plain) => "'enum' failed".to_owned(),
        [only] => format!("value must be {}", shown(only)),
        wanted => {
            let wanted: Vec<String> = wanted.iter().map(shown).collect();
            format!("value must be one of {}", wanted.join(", "))
        }
    }
}

fn shown(value: &Json) -> String {
    match value {
        Json::Null => "<nil>".to_owned(),
        Json::String(text) => quoted(text),
        value => value.to_string(),
    }
}
