//! Environment variables turned into settings: `PROMGIT_REPOSITORY_PATH` is `repository.path`.

use std::collections::BTreeMap;

use serde_yaml::{Mapping, Value};

use super::Settings;
use super::text::without_login;

/// All variables that set something start so.
pub const PREFIX: &str = "PROMGIT_";

/// Variables with the prefix that are not settings: the settings file itself, and the test tools.
const RESERVED: &[&str] = &["PROMGIT_CONFIG", "PROMGIT_TOOLS"];
const TESTS: &str = "PROMGIT_TEST_";

/// A variable that sets nothing known, or with a value of the wrong form.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum EnvironmentError {
    #[error("environment variable {name} sets nothing{hint}; `promgit run --check` prints all settings")]
    Unknown { name: String, hint: String },
    #[error("environment variable {name}: {reason}; write it as in config/promgit.yaml")]
    Value { name: String, reason: String },
}

/// The settings that these variables make, as a tree to lay over the file's.
pub fn overlay(variables: impl Iterator<Item = (String, String)>) -> Result<Mapping, EnvironmentError> {
    let known = names();
    let mut tree = Mapping::new();
    for (name, text) in variables {
        let reserved = RESERVED.contains(&name.as_str()) || name.starts_with(TESTS);
        if !name.starts_with(PREFIX) || reserved {
            continue;
        }
        let Some((path, default)) = known.get(&name) else {
            return Err(EnvironmentError::Unknown { hint: hint(&name, &known), name });
        };
        let value = value(&name, &text, default)?;
        check(&name, path, value.clone())?;
        set(&mut tree, path, value);
    }
    Ok(tree)
}

/// Deserialised alone, so that an error names the variable.
fn check(name: &str, path: &[String], value: Value) -> Result<(), EnvironmentError> {
    let mut alone = Mapping::new();
    set(&mut alone, path, value);
    match serde_yaml::from_value::<Settings>(Value::Mapping(alone)) {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(EnvironmentError::Value { name: name.into(), reason: without_login(&error.to_string()) })
        }
    }
}

/// Name of the variable → path of the setting and its default.
pub fn names() -> BTreeMap<String, (Vec<String>, Value)> {
    let mut found = BTreeMap::new();
    if let Ok(Value::Mapping(defaults)) = serde_yaml::to_value(Settings::default()) {
        for (section, fields) in &defaults {
            for (field, default) in fields.as_mapping().into_iter().flatten() {
                let path = [section, field].map(|key| key.as_str().unwrap_or_default().to_string());
                let name = format!("{PREFIX}{}_{}", shout(&path[0]), shout(&path[1]));
                found.insert(name, (path.to_vec(), default.clone()));
            }
        }
    }
    found
}

/// `overrideValues` → `OVERRIDE_VALUES`
fn shout(name: &str) -> String {
    let parts = name
        .chars()
        .flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain([c.to_ascii_uppercase()]));
    parts.collect()
}

/// Texts stay texts, also when they look like numbers; the rest is read as YAML. An empty text is «not set»
/// where the default is that.
fn value(name: &str, text: &str, default: &Value) -> Result<Value, EnvironmentError> {
    if text.is_empty() && default.is_null() {
        return Ok(Value::Null);
    }
    if matches!(default, Value::String(_) | Value::Null) {
        return Ok(Value::String(text.to_string()));
    }
    let failed = |error: serde_yaml::Error| EnvironmentError::Value {
        name: name.into(),
        reason: without_login(&error.to_string()),
    };
    serde_yaml::from_str(text).map_err(failed)
}

fn set(tree: &mut Mapping, path: &[String], value: Value) {
    let section = tree.entry(Value::from(path[0].as_str())).or_insert_with(|| Value::Mapping(Mapping::new()));
    if let Value::Mapping(section) = section {
        section.insert(Value::from(path[1].as_str()), value);
    }
}

fn hint(name: &str, known: &BTreeMap<String, (Vec<String>, Value)>) -> String {
    let shared = |other: &str| name.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let nearest = known.keys().max_by_key(|other| shared(other));
    nearest
        .filter(|other| shared(other) > PREFIX.len() + 3)
        .map_or(String::new(), |other| format!(" (did you mean {other}?)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, text: &str) -> Result<Mapping, EnvironmentError> {
        overlay([(name.to_string(), text.to_string())].into_iter())
    }

    #[test]
    fn a_variable_sets_the_field_of_its_name() {
        let tree = with("PROMGIT_CHART_OVERRIDE_VALUES", "{a: 1}").unwrap();
        assert_eq!(serde_yaml::to_string(&tree).unwrap(), "chart:\n  overrideValues:\n    a: 1\n");
        let tree = with("PROMGIT_AGENT_NAME", "123").unwrap();
        assert_eq!(serde_yaml::to_string(&tree).unwrap(), "agent:\n  name: '123'\n");
    }

    #[test]
    fn an_unknown_variable_is_an_error_with_a_hint() {
        let text = with("PROMGIT_REPOSITORY_PAHT", "x").unwrap_err().to_string();
        assert!(text.contains("did you mean PROMGIT_REPOSITORY_PATH?"), "{text}");
    }

    #[test]
    fn a_value_of_the_wrong_form_names_the_variable() {
        for (name, text) in [("PROMGIT_LOG_FORMAT", "xml"), ("PROMGIT_RENDER_WORKERS", "many")] {
            let error = with(name, text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("environment variable {name}: ")), "{error}");
        }
    }

    #[test]
    fn an_empty_variable_takes_a_setting_back() {
        let tree = with("PROMGIT_CHART_PATH", "").unwrap();
        assert_eq!(serde_yaml::to_string(&tree).unwrap(), "chart:\n  path: null\n");
    }

    #[test]
    fn other_variables_are_left_alone() {
        assert!(with("HOME", "/root").unwrap().is_empty());
        assert!(with("PROMGIT_TOOLS", "/tools").unwrap().is_empty());
    }
}
