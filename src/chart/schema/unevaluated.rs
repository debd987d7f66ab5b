//! Schemas that ask what their other keywords left over (`unevaluated…`) to how much work reading them is.
//!
//! The validator follows, for each of them, every reference and alternative that looks at the same value, those met before
//! once more: a few lines that refer to each other twice take longer than the universe.

use serde_json::Value as Json;

use super::pattern::TooMuch;

/// Schemas that are gone through in all. Public charts have none.
const MAX_STEPS: usize = 100_000;

/// Keywords whose schemas look at the same value.
const SAME: &[&str] = &[
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "$ref",
    "$dynamicRef",
    "$recursiveRef",
];

/// Refuses what would take too long.
pub fn check(root: &Json) -> Result<(), TooMuch> {
    let mut walk = Walk { root, left: MAX_STEPS, within: Vec::new() };
    let mut open = vec![root];
    while let Some(part) = open.pop() {
        match part {
            Json::Object(members) => {
                if members.keys().any(|key| key.starts_with("unevaluated")) {
                    walk.same_value(part)?;
                }
                open.extend(members.values());
            }
            Json::Array(items) => open.extend(items),
            _ => {}
        }
    }
    Ok(())
}

struct Walk<'a> {
    root: &'a Json,
    left: usize,
    /// References that are being followed.
    within: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn same_value(&mut self, schema: &'a Json) -> Result<(), TooMuch> {
        self.left = self.left.checked_sub(1).ok_or(TooMuch)?;
        let Json::Object(keywords) = schema else { return Ok(()) };
        for (_, part) in keywords.iter().filter(|(keyword, _)| SAME.contains(&keyword.as_str())) {
            match part {
                Json::String(name) => self.reference(name)?,
                Json::Array(parts) => parts.iter().try_for_each(|part| self.same_value(part))?,
                Json::Object(parts) => {
                    self.same_value(part)?;
                    parts.values().try_for_each(|part| self.same_value(part))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn reference(&mut self, name: &'a str) -> Result<(), TooMuch> {
        let pointer = name.strip_prefix('#').unwrap_or(name);
        let Some(schema) = self.root.pointer(pointer).filter(|_| !self.within.contains(&name)) else {
            return Ok(());
        };
        self.within.push(name);
        let walked = self.same_value(schema);
        self.within.pop();
        walked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_doubles_is_refused() {
        let chain = |length: usize| {
            let mut parts = serde_json::Map::new();
            parts.insert("d0".into(), json!({ "properties": { "x": true } }));
            for at in 1..length {
                let before = json!({ "$ref": format!("#/$defs/d{}", at - 1) });
                parts.insert(format!("d{at}"), json!({ "anyOf": [before.clone(), before] }));
            }
            let last = format!("#/$defs/d{}", length - 1);
            json!({ "$defs": parts, "$ref": last, "unevaluatedProperties": false })
        };
        assert_eq!(check(&chain(8)), Ok(()));
        assert_eq!(check(&chain(40)), Err(TooMuch));
    }

    #[test]
    fn a_circle_ends() {
        assert_eq!(check(&json!({ "$ref": "#", "unevaluatedProperties": false })), Ok(()));
    }
}
