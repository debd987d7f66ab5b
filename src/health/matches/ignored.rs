//! An object and JSON pointers (RFC 6901) turned into the same object without what they name, or with what the live one has there.

use serde_json::Value;

use super::secret::merged;

/// The object without these values. An item of a list is named by its place in it.
pub fn without(object: &Value, pointers: &[&str]) -> Value {
    let mut left = merged(object).into_owned();
    pointers.iter().for_each(|pointer| remove(&mut left, pointer));
    left
}

/// The object with these values as the live one has them; what that one has not is left out, and what the object does not have
/// stays out. So to apply it changes nothing there.
pub fn yielding(object: &Value, live: &Value, pointers: &[&str]) -> Value {
    let (mut body, live) = (merged(object).into_owned(), merged(live));
    for pointer in pointers {
        match (body.pointer_mut(pointer), live.pointer(pointer)) {
            (Some(own), Some(held)) => *own = held.clone(),
            (Some(_), None) => remove(&mut body, pointer),
            (None, _) => {}
        }
    }
    body
}

fn remove(object: &mut Value, pointer: &str) {
    let Some((above, last)) = pointer.rsplit_once('/') else { return };
    let name = last.replace("~1", "/").replace("~0", "~");
    match object.pointer_mut(above) {
        Some(Value::Object(map)) => drop(map.remove(&name)),
        Some(Value::Array(items)) => {
            if let Ok(place) = name.parse::<usize>()
                && place < items.len()
            {
                items.remove(place);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_pointer_names_is_taken_out() {
        let object = json!({"spec": {"replicas": 1, "list": ["a", "b"]}, "metadata": {"labels": {"a/b": "c", "d~e": "f"}}});
        for (pointer, expected) in [
            ("/spec/replicas", json!({"spec": {"list": ["a", "b"]}, "metadata": object["metadata"]})),
            ("/spec/list/0", json!({"spec": {"replicas": 1, "list": ["b"]}, "metadata": object["metadata"]})),
            ("/metadata/labels/a~1b", json!({"spec": object["spec"], "metadata": {"labels": {"d~e": "f"}}})),
            ("/metadata/labels/d~0e", json!({"spec": object["spec"], "metadata": {"labels": {"a/b": "c"}}})),
            ("/spec", json!({"metadata": object["metadata"]})),
            ("/spec/list/7", object.clone()),
            ("/spec/list/x", object.clone()),
            ("/nothing/here", object.clone()),
            ("spec", object.clone()),
        ] {
            assert_eq!(without(&object, &[pointer]), expected, "{pointer}");
        }
    }

    #[test]
    fn what_is_applied_yields_to_what_is_there() {
        let object = json!({"spec": {"replicas": 1, "image": "a", "gone": 1}});
        let live = json!({"spec": {"replicas": 5, "image": "b", "extra": 1}});
        let found = yielding(&object, &live, &["/spec/replicas", "/spec/gone", "/spec/extra"]);
        assert_eq!(found, json!({"spec": {"replicas": 5, "image": "a"}}));
    }

    #[test]
    fn the_values_of_a_secret_are_named_where_the_api_server_keeps_them() {
        let object = json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "x", "b": "y"}});
        let live = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "MQ=="}});
        assert_eq!(without(&object, &["/data/a"])["data"], json!({"b": "eQ=="}));
        assert_eq!(yielding(&object, &live, &["/data/a"])["data"], json!({"a": "MQ==", "b": "eQ=="}));
    }
}
