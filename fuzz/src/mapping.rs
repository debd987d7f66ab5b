//! A text as a mapping file, applied to one resource.

use promgit::values::mapping::{Mapping, Subject};
use serde_json::json;

/// What errors call the file.
const FILE: &str = "config/values.yaml";

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mapping = match Mapping::parse(FILE, &text) {
        Ok(mapping) => mapping,
        Err(error) => return assert!(error.to_string().starts_with(FILE), "{error}"),
    };
    let (spec, labels) =
        (json!({"replicas": 2, "config": "a: 1\n", "list": [1, "b", null]}), json!({"x": "y"}));
    let subject = Subject {
        name: "one",
        namespace: "example",
        spec: &spec,
        labels: &labels,
        annotations: &json!(null),
    };
    let first = mapping.apply(&subject);
    assert_eq!(first, mapping.apply(&subject), "applied twice");
    match first {
        Ok(values) => assert!(values.is_object(), "values are a map"),
        Err(error) => assert!(error.to_string().starts_with(FILE), "{error}"),
    }
}
