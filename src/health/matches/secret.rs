//! A Secret with `stringData` turned into one with `data` only, as the API server stores it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Whether the values of this object must not be seen.
pub fn is_secret(object: &Value) -> bool {
    object["kind"] == "Secret" && object["apiVersion"].as_str().is_none_or(|version| !version.contains('/'))
}

/// `stringData` wins over `data`, key by key (kubernetes `pkg/apis/core/v1/conversion.go`).
pub fn merged(object: &Value) -> Cow<'_, Value> {
    let Some(texts) = object.get("stringData").filter(|_| is_secret(object)) else {
        return Cow::Borrowed(object);
    };
    let mut merged = object.clone();
    if !merged["data"].is_object() {
        merged["data"] = json!({});
    }
    for (key, text) in texts.as_object().into_iter().flatten() {
        merged["data"][key] = STANDARD.encode(text.as_str().unwrap_or_default()).into();
    }
    merged.as_object_mut().map(|map| map.remove("stringData"));
    Cow::Owned(merged)
}
