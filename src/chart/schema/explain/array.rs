//! The keywords of arrays.

use jsonschema::Draft;
use serde_json::{Map as Object, Value as Json};

use super::super::failure::{Failure, step};
use super::super::number;
use super::equal::equal;
use super::place::Place;
use super::{Explainer, scalar};

type Schema = Object<String, Json>;

impl<'s> Explainer<'s> {
    pub fn array(&self, schema: &'s Schema, items: &[Json], place: Place<'_>, failures: &mut Vec<Failure>) {
        scalar::limits(schema, ("minItems", "maxItems"), items.len(), place, failures);
        if schema.get("uniqueItems").and_then(Json::as_bool).unwrap_or(false)
            && let Some((first, second)) = duplicates(items)
        {
            let (first, second) = (number::count(first), number::count(second));
            failures.push(place.failure(format!("items at {first} and {second} are equal")));
        }
        let tuple = if self.draft >= Draft::Draft202012 { "prefixItems" } else { "items" };
        let rest = if self.draft >= Draft::Draft202012 { "items" } else { "additionalItems" };
        let (leading, rest) = match schema.get(tuple) {
            Some(Json::Array(leading)) => (leading.as_slice(), schema.get(rest)),
            _ if tuple == "items" => (&[][..], schema.get("items")),
            _ => (&[][..], schema.get(rest)),
        };
        let matched = leading.len().min(items.len());
        for (index, schema) in leading.iter().take(matched).enumerate() {
            failures.extend(self.item(schema, items, index, place));
        }
        match rest {
            Some(Json::Bool(false)) if tuple == "items" && matched < items.len() => {
                let more = number::count(items.len() - matched);
                failures.push(place.failure(format!("last {more} additionalItem(s) not allowed")));
            }
            Some(rest) => {
                failures
                    .extend((matched..items.len()).filter_map(|index| self.item(rest, items, index, place)));
            }
            None => {}
        }
        self.contains(schema, items, place, failures);
    }

    fn item(&self, schema: &'s Json, items: &[Json], index: usize, place: Place<'_>) -> Option<Failure> {
        let at = step(place.at, &index.to_string());
        self.check(schema, Place { value: &items[index], at: &at, ..place.inner() })
    }

    fn contains(&self, schema: &'s Schema, items: &[Json], place: Place<'_>, failures: &mut Vec<Failure>) {
        let Some(wanted) = schema.get("contains") else { return };
        let (mut causes, mut matched) = (Vec::new(), Vec::new());
        for index in 0..items.len() {
            match self.item(wanted, items, index, place) {
                Some(failure) => causes.push(failure),
                None => matched.push(index.to_string()),
            }
        }
        let limit = |name: &str| schema.get(name).and_then(Json::as_f64).map(|limit| limit as usize);
        let (count, at) = (number::count(matched.len()), matched.join(" "));
        match limit("minContains") {
            Some(least) if matched.len() < least => {
                let least = number::count(least);
                let but = if matched.is_empty() {
                    "but none matched".to_owned()
                } else {
                    format!("but matched {count} items at {at}")
                };
                let text = format!("min {least} items required to match contains schema, {but}");
                failures.push(place.failure(text).with_causes(causes));
            }
            None if matched.is_empty() => {
                failures.push(place.failure("no items match contains schema").with_causes(causes));
            }
            _ => {}
        }
        if let Some(most) = limit("maxContains").filter(|most| matched.len() > *most) {
            let most = number::count(most);
            failures.push(place.failure(format!(
                "max {most} items required to match contains schema, but matched {count} items at {at}"
            )));
        }
    }
}

/// The first item that was there before, with its earlier place.
fn duplicates(items: &[Json]) -> Option<(usize, usize)> {
    items.iter().enumerate().find_map(|(second, item)| {
        let first = items[..second].iter().position(|earlier| equal(earlier, item))?;
        Some((first, second))
    })
}
