//! Two trees turned into the first difference, field by field of the manifest.

use serde_json::{Map, Value};

use super::lists;
use super::names::{
    AMOUNT_MAPS, AMOUNTS, FILLED, FREE_MAPS, INT_OR_STRING, KEPT_EMPTY, LIMIT_RANGE_MAPS, TRACKING_LABEL,
};
use super::scalar::{Meaning, is_same};
use super::secret::is_secret;
use super::words::{Found, join};
use crate::health::watched::is_custom;

/// No object that the API server takes is deeper; beyond it values are compared as they stand.
const DEEPEST: usize = 100;

/// Where the walk is: the names of the field and of the one above it, which say what a value means.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a str,
    field: &'a str,
    above: &'a str,
    depth: usize,
}

/// What the object as a whole says about its values.
pub struct Walk {
    is_secret: bool,
    is_limit_range: bool,
    /// A custom resource is stored as it was sent: zeros are not dropped.
    is_custom: bool,
}

impl Walk {
    pub fn new(manifest: &Value) -> Walk {
        let api_version = manifest["apiVersion"].as_str().unwrap_or_default();
        Walk {
            is_secret: is_secret(manifest),
            is_limit_range: manifest["kind"] == "LimitRange",
            is_custom: is_custom(api_version),
        }
    }

    pub fn object(&self, manifest: &Value, live: &Value) -> Option<Found> {
        let fields = manifest.as_object().into_iter().flatten();
        fields.into_iter().find_map(|(key, value)| match key.as_str() {
            "status" => None,
            "metadata" => self.metadata(value, &live["metadata"]),
            // An item of a list does not say them.
            "apiVersion" | "kind" if live.get(key).is_none() => None,
            _ => self.pair(Place { path: key, field: key, above: "", depth: 1 }, value, live.get(key)),
        })
    }

    fn metadata(&self, manifest: &Value, live: &Value) -> Option<Found> {
        ["labels", "annotations"].into_iter().find_map(|field| {
            let path = join("metadata", field);
            let held = live.get(field).and_then(Value::as_object);
            let said = manifest[field].as_object().into_iter().flatten();
            said.filter(|(key, _)| *key != TRACKING_LABEL).find_map(|(key, value)| {
                let place = Place { path: &join(&path, key), field: key, above: field, depth: 3 };
                self.pair(place, value, held.and_then(|held| held.get(key)))
            })
        })
    }

    fn pair(&self, place: Place<'_>, manifest: &Value, live: Option<&Value>) -> Option<Found> {
        if self.says_nothing(place, manifest, live) {
            return None;
        }
        let Some(live) = live.filter(|live| !live.is_null()) else {
            return Some(self.found(place.path, Some(manifest), None));
        };
        match (manifest, live) {
            _ if manifest == live => None,
            (Value::Object(manifest), Value::Object(live)) if place.depth < DEEPEST => {
                self.maps(place, manifest, live)
            }
            (Value::Array(manifest), Value::Array(live)) if place.depth < DEEPEST => {
                self.lists(place, manifest, live)
            }
            _ if is_same(manifest, live, self.meaning(place)) => None,
            _ => Some(self.found(place.path, Some(manifest), Some(live))),
        }
    }

    fn maps(
        &self,
        place: Place<'_>,
        manifest: &Map<String, Value>,
        live: &Map<String, Value>,
    ) -> Option<Found> {
        manifest.iter().find_map(|(key, value)| {
            let path = join(place.path, key);
            let below = Place { path: &path, field: key, above: place.field, depth: place.depth + 1 };
            self.pair(below, value, live.get(key))
        })
    }

    fn lists(&self, place: Place<'_>, manifest: &[Value], live: &[Value]) -> Option<Found> {
        let item = |path: &str, value: &Value, live: Option<&Value>| {
            self.pair(Place { path, depth: place.depth + 1, ..place }, value, live)
        };
        if let Some(pairs) = lists::keyed(place.field, manifest, live) {
            return pairs.into_iter().find_map(|pair| {
                let path = format!("{}[{}]", place.path, pair.key);
                match pair.live {
                    None => Some(self.found(&path, Some(pair.manifest), None)),
                    held => item(&path, pair.manifest, held),
                }
            });
        }
        let longest = manifest.len().max(live.len());
        (0..longest).find_map(|index| {
            let path = format!("{}[{index}]", place.path);
            match (manifest.get(index), live.get(index)) {
                // An empty item is an item: `ingress: [{}]` lets all in.
                (Some(value), None) => Some(self.found(&path, Some(value), None)),
                (Some(value), held) => item(&path, value, held),
                (None, held) => Some(self.found(&path, None, held)),
            }
        })
    }

    /// Whether the value asks for nothing that the live object could lack.
    fn says_nothing(&self, place: Place<'_>, manifest: &Value, live: Option<&Value>) -> bool {
        if manifest.is_null() {
            return true;
        }
        let is_leaf = !manifest.is_object() && !manifest.is_array();
        if is_leaf && (FREE_MAPS.contains(&place.above) || AMOUNT_MAPS.contains(&place.above)) {
            // An entry of a map is stored, whatever its value.
            return false;
        }
        if manifest.is_object() && KEPT_EMPTY.contains(&place.field) && !self.is_custom {
            return false;
        }
        let is_filled = !self.is_custom && FILLED.contains(&place.field);
        let is_left_out = live.is_none_or(Value::is_null);
        self.is_empty(manifest, place.depth) && (!is_leaf || is_left_out || is_filled)
    }

    /// What the API server does not store: nothing in it, or zeros of a built-in type only.
    fn is_empty(&self, value: &Value, depth: usize) -> bool {
        match value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(map) if depth < DEEPEST => {
                let is_kept = |key: &String| !self.is_custom && KEPT_EMPTY.contains(&key.as_str());
                let is_branch = |value: &Value| value.is_object() || value.is_array() || value.is_null();
                // A zero below is looked at by itself: the live object may hold another value there.
                map.iter()
                    .all(|(key, value)| !is_kept(key) && is_branch(value) && self.is_empty(value, depth + 1))
            }
            Value::Bool(held) => !self.is_custom && !held,
            Value::String(text) => !self.is_custom && text.is_empty(),
            Value::Number(number) => !self.is_custom && number.as_f64() == Some(0.0),
            Value::Object(_) => false,
        }
    }

    fn meaning(&self, place: Place<'_>) -> Meaning {
        let amounts = AMOUNT_MAPS.contains(&place.above)
            || (self.is_limit_range && LIMIT_RANGE_MAPS.contains(&place.above))
            || (place.field == "value" && place.above == "target");
        match place {
            Place { above: "binaryData", .. } => Meaning::Bytes,
            Place { above: "data", .. } if self.is_secret => Meaning::Bytes,
            Place { field: "caBundle", .. } => Meaning::Bytes,
            Place { above, .. } if FREE_MAPS.contains(&above) => Meaning::Plain,
            _ if amounts || AMOUNTS.contains(&place.field) => Meaning::Quantity,
            Place { field, .. } if INT_OR_STRING.contains(&field) => Meaning::IntOrString,
            _ => Meaning::Plain,
        }
    }

    fn found(&self, path: &str, manifest: Option<&Value>, live: Option<&Value>) -> Found {
        let path = path.to_string();
        Found { path, manifest: manifest.cloned(), live: live.cloned(), is_secret: self.is_secret }
    }
}
