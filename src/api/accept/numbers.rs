//! From numbers as a reader of YAML gives them to numbers as they reach an API server.

use serde_json::{Number, Value};

/// Beyond this a float is not exact as an `i64` (2⁶³).
const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

/// Writes whole floats as integers: kubectl sends JSON, and Go writes the number `2.0` as `2` (`encoding/json`), so the
/// server never sees that it was a float. The caller bounds the depth.
pub fn normalize(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = whole(number) {
                *number = Number::from(whole);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalize),
        Value::Object(fields) => fields.values_mut().for_each(normalize),
        _ => {}
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole, and within the range")]
fn whole(number: &Number) -> Option<i64> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0 && float.abs() < TOO_LARGE).then_some(float as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_whole_floats_as_integers() {
        let mut value = json!({ "a": [2.0, -3.0, 1.5, 1e30, 7], "b": { "c": -0.0 } });
        normalize(&mut value);
        assert_eq!(value, json!({ "a": [2, -3, 1.5, 1e30, 7], "b": { "c": 0 } }));
    }
}
