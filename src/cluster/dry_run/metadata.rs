//! The metadata of a rendered object turned into what a client of Kubernetes would not read of it (`ObjectMeta`, by
//! `encoding/json`).

use serde_json::Value as Json;

use crate::yaml::convert::kind;

/// What a field holds.
enum Shape {
    Text,
    Texts,
    TextByName,
}

/// Fields that charts fill, in the order in which they are read.
const FIELDS: [(&str, Shape); 6] = [
    ("annotations", Shape::TextByName),
    ("finalizers", Shape::Texts),
    ("generateName", Shape::Text),
    ("labels", Shape::TextByName),
    ("name", Shape::Text),
    ("namespace", Shape::Text),
];

/// The first field that is of another type, in the words of Go.
pub fn wrong(metadata: &Json) -> Option<String> {
    FIELDS.iter().find_map(|(field, shape)| {
        let (found, wanted) = misfit(&metadata[*field], shape)?;
        Some(format!(
            "json: cannot unmarshal {found} into Go struct field ObjectMeta.metadata.{field} of type {wanted}"
        ))
    })
}

fn misfit(value: &Json, shape: &Shape) -> Option<(&'static str, &'static str)> {
    let text = |value: &Json| misfit(value, &Shape::Text);
    match (shape, value) {
        (_, Json::Null) | (Shape::Text, Json::String(_)) => None,
        (Shape::Texts, Json::Array(items)) => items.iter().find_map(text),
        (Shape::TextByName, Json::Object(items)) => items.values().find_map(text),
        (Shape::Text, value) => Some((kind(value), "string")),
        (Shape::Texts, value) => Some((kind(value), "[]string")),
        (Shape::TextByName, value) => Some((kind(value), "map[string]string")),
    }
}
