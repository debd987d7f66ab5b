//! Two lists turned into pairs of items: by key where the list is a map in truth, else by place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::KEYED_LISTS;

/// The key of an item as it is shown: `prometheus`, `9090/TCP`.
type Key = String;

/// An item of the manifest's list, and the live one with its key.
#[derive(Debug)]
pub struct Pair<'a> {
    pub key: Key,
    pub manifest: &'a Value,
    pub live: Option<&'a Value>,
}

/// Items by their key, if every item of both lists has one and no two of a list are the same. Twice the same variable
/// in `env` is allowed, and then the order matters.
pub fn keyed<'a>(field: &str, manifest: &'a [Value], live: &'a [Value]) -> Option<Vec<Pair<'a>>> {
    let candidates = KEYED_LISTS.iter().filter(|(name, _)| *name == field);
    candidates.map(|(_, keys)| *keys).find_map(|keys| {
        let manifest = with_keys(manifest, keys)?;
        let live = with_keys(live, keys)?;
        let unique: BTreeMap<&Key, &'a Value> = live.iter().map(|(key, item)| (key, *item)).collect();
        let distinct: BTreeSet<&Key> = manifest.iter().map(|(key, _)| key).collect();
        if unique.len() < live.len() || distinct.len() < manifest.len() {
            return None;
        }
        let pair = |(key, item): &(Key, &'a Value)| Pair {
            key: key.clone(),
            manifest: item,
            live: unique.get(key).copied(),
        };
        Some(manifest.iter().map(pair).collect())
    })
}

fn with_keys<'a>(items: &'a [Value], keys: &[&str]) -> Option<Vec<(Key, &'a Value)>> {
    items.iter().map(|item| Some((key(item, keys)?, item))).collect()
}

fn key(item: &Value, keys: &[&str]) -> Option<Key> {
    let parts: Option<Vec<String>> = keys
        .iter()
        .map(|key| match item.as_object()?.get(*key) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            // The only key with a default.
            _ if *key == "protocol" => Some("TCP".to_string()),
            _ => None,
        })
        .collect();
    Some(parts?.join("/"))
}
