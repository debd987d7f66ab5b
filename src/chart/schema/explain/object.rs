//! The keywords of objects.

use regex::Regex;
use serde_json::{Map as Object, Value as Json};

use super::super::failure::{Failure, all_quoted, quoted, step};
use super::place::Place;
use super::{Explainer, scalar};

type Schema = Object<String, Json>;

impl<'s> Explainer<'s> {
    pub fn object(&self, schema: &'s Schema, object: &Schema, place: Place<'_>, failures: &mut Vec<Failure>) {
        scalar::limits(schema, ("minProperties", "maxProperties"), object.len(), place, failures);
        let missing = missing(schema.get("required"), object);
        match missing.as_slice() {
            [] => {}
            [one] => failures.push(place.failure(format!("missing property {}", quoted(one)))),
            more => failures.push(place.failure(format!("missing properties {}", all_quoted(more)))),
        }
        self.dependent(schema.get("dependencies"), object, place, failures);
        self.properties(schema, object, place, failures);
        if let Some(names) = schema.get("propertyNames") {
            for name in sorted(object) {
                let value = Json::from(name.as_str());
                let inner = Place { value: &value, ..place.inner() };
                if let Some(failure) = self.check(names, inner) {
                    let text = format!("invalid propertyName {}", quoted(name));
                    let mut causes = failure.unpacked();
                    // The name is checked as a document of its own.
                    causes.iter_mut().for_each(|cause| relocate(cause, place.at));
                    failures.push(place.failure(text).with_causes(causes));
                }
            }
        }
        self.dependent(schema.get("dependentSchemas"), object, place, failures);
        self.dependent(schema.get("dependentRequired"), object, place, failures);
    }

    fn properties(&self, schema: &'s Schema, object: &Schema, place: Place<'_>, failures: &mut Vec<Failure>) {
        let named = schema.get("properties").and_then(Json::as_object);
        let patterns = schema.get("patternProperties").and_then(Json::as_object);
        let patterns: Vec<(Regex, &Json)> = patterns
            .into_iter()
            .flatten()
            .filter_map(|(pattern, schema)| Some((Regex::new(pattern).ok()?, schema)))
            .collect();
        let mut additional = Vec::new();
        for name in sorted(object) {
            let Some(value) = object.get(name) else { continue };
            let own = named.and_then(|named| named.get(name));
            let matching =
                patterns.iter().filter(|(regex, _)| regex.is_match(name)).map(|(_, schema)| *schema);
            let mut schemas: Vec<&'s Json> = own.into_iter().chain(matching).collect();
            if schemas.is_empty() {
                match schema.get("additionalProperties") {
                    Some(Json::Bool(false)) => additional.push(name),
                    other => schemas.extend(other),
                }
            }
            for schema in schemas {
                let at = step(place.at, name);
                failures.extend(self.check(schema, Place { value, at: &at, ..place.inner() }));
            }
        }
        if !additional.is_empty() {
            let names = all_quoted(additional);
            failures.push(place.failure(format!("additional properties {names} not allowed")));
        }
    }

    /// What the presence of a property asks for: others, or a schema.
    fn dependent(
        &self,
        wanted: Option<&'s Json>,
        object: &Schema,
        place: Place<'_>,
        failures: &mut Vec<Failure>,
    ) {
        for (name, wanted) in wanted.and_then(Json::as_object).into_iter().flatten() {
            if !object.contains_key(name) {
                continue;
            }
            if !wanted.is_array() {
                failures.extend(self.check(wanted, place.inner()));
                continue;
            }
            let missing = missing(Some(wanted), object);
            if !missing.is_empty() {
                let (missing, name) = (all_quoted(missing), quoted(name));
                failures.push(place.failure(format!("properties {missing} required, if {name} exists")));
            }
        }
    }
}

fn missing<'s>(wanted: Option<&'s Json>, object: &Schema) -> Vec<&'s str> {
    let wanted = wanted.and_then(Json::as_array).into_iter().flatten();
    wanted.filter_map(Json::as_str).filter(|name| !object.contains_key(*name)).collect()
}

fn sorted(object: &Schema) -> Vec<&String> {
    let mut names: Vec<&String> = object.keys().collect();
    names.sort();
    names
}

/// Takes the place of the object away from a failure inside of one of its names.
fn relocate(failure: &mut Failure, outer: &str) {
    failure.at = failure.at.strip_prefix(outer).unwrap_or_default().to_owned();
    failure.causes.iter_mut().for_each(|cause| relocate(cause, outer));
}
