//! The keywords that combine schemas: `not`, `allOf`, `anyOf`, `oneOf`, `if`.

use serde_json::{Map as Object, Value as Json};

use super::super::failure::Failure;
use super::super::number;
use super::Explainer;
use super::place::Place;

impl<'s> Explainer<'s> {
    pub fn combined(&self, schema: &'s Object<String, Json>, place: Place<'_>, failures: &mut Vec<Failure>) {
        let place = place.inner();
        if schema.get("not").is_some_and(|not| self.check(not, place).is_none()) {
            failures.push(place.failure("'not' failed"));
        }
        let all = self.each(schema, "allOf", place);
        let causes: Vec<Failure> = all.into_iter().flatten().collect();
        if !causes.is_empty() {
            failures.push(place.failure("'allOf' failed").with_causes(causes));
        }
        let any = self.each(schema, "anyOf", place);
        if !any.is_empty() && any.iter().all(Option::is_some) {
            let causes = any.into_iter().flatten().collect();
            failures.push(place.failure("'anyOf' failed").with_causes(causes));
        }
        failures.extend(self.one_of(schema, place));
        if let Some(condition) = schema.get("if") {
            let branch = if self.check(condition, place).is_none() { "then" } else { "else" };
            failures.extend(schema.get(branch).and_then(|branch| self.check(branch, place)));
        }
    }

    fn one_of(&self, schema: &'s Object<String, Json>, place: Place<'_>) -> Option<Failure> {
        let one = self.each(schema, "oneOf", place);
        let mut accepted =
            one.iter().enumerate().filter(|(_, failure)| failure.is_none()).map(|(index, _)| index);
        match (accepted.next(), accepted.next()) {
            (Some(first), Some(second)) => {
                let (first, second) = (number::count(first), number::count(second));
                Some(place.failure(format!("'oneOf' failed, subschemas {first}, {second} matched")))
            }
            (None, _) if !one.is_empty() => {
                let causes = one.into_iter().flatten().collect();
                Some(place.failure("'oneOf' failed, none matched").with_causes(causes))
            }
            _ => None,
        }
    }

    fn each(
        &self,
        schema: &'s Object<String, Json>,
        keyword: &str,
        place: Place<'_>,
    ) -> Vec<Option<Failure>> {
        let schemas = schema.get(keyword).and_then(Json::as_array);
        schemas.into_iter().flatten().map(|schema| self.check(schema, place)).collect()
    }
}
