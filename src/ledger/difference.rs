//! Two JSON trees turned into the list of leaves that differ.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Ends the path of an item that came to a list of texts, or went: its place says nothing.
pub const ITEM: &str = "[]";

/// One leaf that differs. `path` is written as a reviewer would: `spec.containers[prometheus].image`.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub path: String,
    /// `None`: added.
    pub old: Option<Value>,
    /// `None`: removed.
    pub new: Option<Value>,
}

/// All leaves that differ, in path order. An added or removed subtree is one difference.
pub fn differences(old: &Value, new: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk("", old, new, &mut found);
    found
}

fn walk(path: &str, old: &Value, new: &Value, found: &mut Vec<Difference>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) => walk_maps(path, old, new, found),
        (Value::Array(old), Value::Array(new)) => walk_lists(path, old, new, found),
        _ => {
            found.push(Difference { path: path.to_string(), old: Some(old.clone()), new: Some(new.clone()) })
        }
    }
}

fn walk_maps(path: &str, old: &Map<String, Value>, new: &Map<String, Value>, found: &mut Vec<Difference>) {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let path = join(path, key);
        pair(&path, old.get(key), new.get(key), found);
    }
}

/// Lists whose items all have a `name` are compared by name, as Kubernetes merges them; lists of texts by what
/// came and went (a flag in the middle moves all behind it); others by position.
fn walk_lists(path: &str, old: &[Value], new: &[Value], found: &mut Vec<Difference>) {
    if let (Some(old_names), Some(new_names)) = (names(old), names(new)) {
        let mut all = old_names.clone();
        all.extend(new_names.iter().filter(|name| !old_names.contains(name)));
        for name in all {
            let at = |names: &[&str]| names.iter().position(|other| *other == name);
            let old = at(&old_names).map(|index| &old[index]);
            let new = at(&new_names).map(|index| &new[index]);
            pair(&format!("{path}[{name}]"), old, new, found);
        }
        return;
    }
    if let (Some(old), Some(new)) = (texts(old), texts(new))
        && (old.difference(&new).count(), new.difference(&old).count()) != (0, 0)
    {
        let item = |text: &&str| Some(Value::String((*text).to_string()));
        let path = format!("{path}{ITEM}");
        let gone = old.difference(&new);
        found.extend(gone.map(|text| Difference { path: path.clone(), old: item(text), new: None }));
        let come = new.difference(&old);
        found.extend(come.map(|text| Difference { path: path.clone(), old: None, new: item(text) }));
        return;
    }
    for index in 0..old.len().max(new.len()) {
        pair(&format!("{path}[{index}]"), old.get(index), new.get(index), found);
    }
}

fn pair(path: &str, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<Difference>) {
    match (old, new) {
        (Some(old), Some(new)) => walk(path, old, new, found),
        _ => found.push(Difference { path: path.to_string(), old: old.cloned(), new: new.cloned() }),
    }
}

/// The items, if all are texts and no two are the same.
fn texts(items: &[Value]) -> Option<BTreeSet<&str>> {
    let texts: Option<BTreeSet<&str>> = items.iter().map(Value::as_str).collect();
    texts.filter(|texts| texts.len() == items.len())
}

/// The names of the items, if every item has one and no two are the same.
fn names(items: &[Value]) -> Option<Vec<&str>> {
    let names: Option<Vec<&str>> = items
        .iter()
        .map(|item| ["name", "job_name"].iter().find_map(|key| item.get(key)?.as_str()))
        .collect();
    let names = names?;
    let distinct: BTreeSet<&&str> = names.iter().collect();
    (distinct.len() == names.len()).then_some(names)
}

fn join(path: &str, key: &str) -> String {
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) && !key.is_empty();
    match (path.is_empty(), plain) {
        (true, true) => key.to_string(),
        (false, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[{key:?}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(old: Value, new: Value) -> Vec<String> {
        let text = |value: Option<Value>| value.map_or("-".into(), |value| value.to_string());
        let found = differences(&old, &new).into_iter();
        found.map(|d| format!("{} {} {}", d.path, text(d.old), text(d.new))).collect()
    }

    #[test]
    fn equal_trees_differ_nowhere() {
        assert!(lines(json!({"a": [1, {"b": null}]}), json!({"a": [1, {"b": null}]})).is_empty());
    }

    #[test]
    fn maps_are_walked_by_key() {
        let found = lines(json!({"a": 1, "b": {"c": 2}}), json!({"b": {"c": 3, "d.e": 4}}));
        assert_eq!(found, ["a 1 -", "b.c 2 3", r#"b["d.e"] - 4"#]);
    }

    #[test]
    fn named_items_are_matched_by_name() {
        let old = json!({"containers": [{"name": "a", "image": "x"}, {"name": "b"}]});
        let new = json!({"containers": [{"name": "b"}, {"name": "a", "image": "y"}]});
        assert_eq!(lines(old, new), [r#"containers[a].image "x" "y""#]);
    }

    #[test]
    fn texts_come_and_go() {
        let found = lines(json!({"args": ["-a", "-b", "-c"]}), json!({"args": ["-a", "-x", "-c", "-y"]}));
        assert_eq!(found, [r#"args[] "-b" -"#, r#"args[] - "-x""#, r#"args[] - "-y""#]);
        assert_eq!(lines(json!(["a", "b"]), json!(["b", "a"])), [r#"[0] "a" "b""#, r#"[1] "b" "a""#]);
    }

    #[test]
    fn plain_items_are_matched_by_position() {
        assert_eq!(lines(json!([1, 2]), json!([1, 3, 4])), ["[1] 2 3", "[2] - 4"]);
    }
}
