//! Values that somebody gave the chart past the resource, turned back into a `spec` that asks for them: the way of [`super::compose`],
//! walked from its end.

use serde_json::{Map, Value as Json};

use super::compose::{ComposeError, compose};
use super::mapping::{Field, Mapping, Subject};
use super::merge::merge;
use crate::chart::Chart;
use crate::chart::coalesce::{self, CoalesceError};
use crate::template::frozen::Frozen;
use crate::template::value::Value;
use crate::yaml::convert;

/// The free-form values of a `spec`, merged last.
const VALUES: &str = "values";

/// Paths that a message names.
const MOST_NAMED: usize = 5;

/// What values are made of, beside a resource.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    pub mapping: &'a Mapping,
    /// The agent's `overrideValues`: a map, or null.
    pub overrides: &'a Json,
    /// Gives the defaults.
    pub chart: &'a Chart,
}

/// What somebody gave the chart.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub values: &'a Json,
    /// The chart's own values then, which need not be those of today; null where there are none.
    pub defaults: &'a Json,
}

/// Where a `spec` asks for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the field that the mapping makes it from, where that is a field and nothing else; the rest in `spec.values`.
    Fields,
    /// All in `spec.values`.
    Values,
}

/// Why no `spec` asks for these values.
#[derive(Debug, thiserror::Error)]
pub enum AskingError {
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    Coalesce(#[from] CoalesceError),
    #[error("the settings of the agent (overrideValues) say otherwise for {}", .0.join(", "))]
    Overridden(Vec<String>),
}

/// The `spec` of `subject`, changed so that the chart gets what was given. What is the same by the chart's defaults stays as it is.
pub fn asking(
    making: Making<'_>,
    subject: &Subject<'_>,
    given: Given<'_>,
    place: Place,
) -> Result<Json, AskingError> {
    let goal = given.whole(making.chart)?;
    let defaults = whole(making.chart, &Json::Null)?;
    let now = making.of(subject, subject.spec)?;
    let mut spec = subject.spec.clone();
    if let Some(free) = spec.get_mut(VALUES) {
        keep_same(free, &now, &goal);
        if is_empty(free) {
            put(&mut spec, &[VALUES], None);
        }
    }
    if place == Place::Fields {
        for Field { value, field } in making.mapping.fields() {
            let wanted = at(&goal, &value);
            if at(&now, &value) != wanted {
                let own = at(given.values, &value).filter(|value| !value.is_null());
                let wanted = own.or(wanted.filter(|wanted| at(&defaults, &value) != Some(wanted)));
                put(&mut spec, field, wanted);
            }
        }
    }
    if let Some(rest) = difference(&making.of(subject, &spec)?, &goal) {
        let mut free = spec.get(VALUES).cloned().unwrap_or(Json::Null);
        merge(&mut free, rest);
        put(&mut spec, &[VALUES], Some(&free));
    }
    let mut left = Vec::new();
    unlike(&making.of(subject, &spec)?, &goal, &mut Vec::new(), &mut left);
    if left.is_empty() { Ok(spec) } else { Err(AskingError::Overridden(left)) }
}

/// The names of fields in which one `spec` is not the other: `replicas`, `values.image.tag`.
pub fn changed(old: &Json, new: &Json) -> Vec<String> {
    let mut found = Vec::new();
    unlike(old, new, &mut Vec::new(), &mut found);
    found
}

impl Making<'_> {
    /// What the chart sees of a resource.
    fn of(&self, subject: &Subject<'_>, spec: &Json) -> Result<Json, AskingError> {
        whole(self.chart, &compose(self.mapping, &Subject { spec, ..*subject }, self.overrides)?)
    }
}

impl Given<'_> {
    /// What the chart saw of it.
    fn whole(&self, chart: &Chart) -> Result<Json, AskingError> {
        let values = Frozen::from(&map(self.defaults)?);
        whole(&Chart { values, ..chart.clone() }, self.values)
    }
}

/// Values over the defaults of a chart.
fn whole(chart: &Chart, values: &Json) -> Result<Json, AskingError> {
    let values = map(values)?;
    let whole = values.as_map().map(|values| coalesce::values(chart, values, &mut Vec::new()));
    let mut whole = whole.transpose()?.map_or(Json::Null, |whole| convert::to_json(&Value::Map(whole)));
    drop_nulls(&mut whole);
    Ok(whole)
}

/// A map of values; an empty one for none.
fn map(values: &Json) -> Result<Value, ComposeError> {
    match values {
        Json::Null => Ok(convert::from_json(&Json::Object(Map::new()))),
        Json::Object(_) => Ok(convert::from_json(values)),
        _ => Err(ComposeError::NotAMap("values")),
    }
}

/// A null that has no default to take away.
fn drop_nulls(tree: &mut Json) {
    let Json::Object(entries) = tree else { return };
    entries.retain(|_, value| !value.is_null());
    entries.values_mut().for_each(drop_nulls);
}

/// Keeps of free values what is to stay as it is.
fn keep_same(free: &mut Json, now: &Json, goal: &Json) {
    let Json::Object(entries) = free else { return };
    entries.retain(|key, value| match (now.get(key), goal.get(key)) {
        (now, goal) if now == goal => true,
        (Some(now @ Json::Object(_)), Some(goal @ Json::Object(_))) => {
            keep_same(value, now, goal);
            value.is_object() && !is_empty(value)
        }
        _ => false,
    });
}

fn at<'a>(tree: &'a Json, path: &[&str]) -> Option<&'a Json> {
    path.iter().try_fold(tree, |tree, key| tree.get(key))
}

/// Sets or removes what a path leads to. Maps on the way are made where they are needed, and removed where nothing is left in them.
fn put(tree: &mut Json, path: &[impl AsRef<str>], value: Option<&Json>) {
    let Some((key, rest)) = path.split_first() else { return };
    if !tree.is_object() {
        match value {
            Some(_) => *tree = Json::Object(Map::new()),
            None => return,
        }
    }
    let Json::Object(entries) = tree else { return };
    let key = key.as_ref();
    match (rest, value) {
        ([], Some(value)) => drop(entries.insert(key.to_owned(), value.clone())),
        ([], None) => drop(entries.remove(key)),
        (rest, Some(_)) => put(entries.entry(key).or_insert(Json::Null), rest, value),
        (rest, None) => {
            let Some(below) = entries.get_mut(key) else { return };
            let was_empty = is_empty(below);
            put(below, rest, None);
            if !was_empty && is_empty(below) {
                entries.remove(key);
            }
        }
    }
}

fn is_empty(tree: &Json) -> bool {
    tree.as_object().is_some_and(Map::is_empty)
}

/// What is to be merged over values so that they become others; a null takes a key away. None where they are the same.
fn difference(old: &Json, new: &Json) -> Option<Json> {
    match (old, new) {
        (old, new) if old == new => None,
        (Json::Object(old), Json::Object(new)) => {
            let mut more = Map::new();
            for (key, value) in new {
                let changed = match old.get(key) {
                    Some(before) => difference(before, value),
                    None => Some(value.clone()),
                };
                more.extend(changed.map(|changed| (key.clone(), changed)));
            }
            let gone = old.keys().filter(|key| !new.contains_key(*key));
            more.extend(gone.map(|key| (key.clone(), Json::Null)));
            Some(Json::Object(more))
        }
        (_, new) => Some(new.clone()),
    }
}

/// The paths at which two trees differ, some of them.
fn unlike<'a>(one: &'a Json, other: &'a Json, path: &mut Vec<&'a str>, found: &mut Vec<String>) {
    if one == other || found.len() >= MOST_NAMED {
        return;
    }
    let (Json::Object(ones), Json::Object(others)) = (one, other) else {
        found.push(path.join("."));
        return;
    };
    let mut keys: Vec<&String> =
        ones.keys().chain(others.keys().filter(|key| !ones.contains_key(*key))).collect();
    keys.sort();
    for key in keys {
        path.push(key);
        unlike(ones.get(key).unwrap_or(&Json::Null), others.get(key).unwrap_or(&Json::Null), path, found);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::chart::load;
    use crate::chart::model::File;

    const MAPPING: &str = r#"
replicas: "{{ spec.replicas }}"
image: {reference: "{{ spec.image }}"}
storage: {size: "{{ spec.storage.size | string if spec.storage.size is defined }}"}
podLabels: "{{ spec.podMetadata.labels }}"
"#;
    const DEFAULTS: &str =
        "replicas: 1\nimage: {reference: '', pullPolicy: Always}\nstorage: {size: ''}\nextra: {}\n";

    fn chart() -> Chart {
        let files = [("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"), ("values.yaml", DEFAULTS)];
        load::files(files.map(|(name, text)| File { name: name.into(), data: text.into() }).to_vec()).unwrap()
    }

    fn defaults() -> Json {
        serde_json::from_value(serde_yaml::from_str(DEFAULTS).unwrap()).unwrap()
    }

    fn asked(spec: &Json, overrides: &Json, wanted: &Json, place: Place) -> Result<Json, AskingError> {
        let (mapping, chart) = (Mapping::parse("m", MAPPING).unwrap(), chart());
        let none = Json::Null;
        let subject = Subject { name: "a", namespace: "b", spec, labels: &none, annotations: &none };
        let making = Making { mapping: &mapping, overrides, chart: &chart };
        asking(making, &subject, Given { values: wanted, defaults: &defaults() }, place)
    }

    #[test]
    fn a_spec_asks_for_what_somebody_set() {
        for (what, spec, wanted, expected) in [
            ("the same", json!({"replicas": 2}), json!({"replicas": 2}), json!({"replicas": 2})),
            ("a field", json!({"replicas": 2}), json!({"replicas": 1}), json!({"replicas": 1})),
            ("the default", json!({"replicas": 2, "suspend": false}), json!({}), json!({"suspend": false})),
            (
                "what no field is",
                json!({"replicas": 2}),
                json!({"replicas": 2, "image": {"pullPolicy": "Never"}, "extra": {"a": [1]}}),
                json!({"replicas": 2, "values": {"image": {"pullPolicy": "Never"}, "extra": {"a": [1]}}}),
            ),
            (
                "over free values",
                json!({"values": {"replicas": 5, "extra": {"a": 1, "b": 2}}}),
                json!({"replicas": 3, "extra": {"b": 2}}),
                json!({"replicas": 3, "values": {"extra": {"b": 2}}}),
            ),
            (
                "what an expression makes",
                json!({"storage": {"size": 5}}),
                json!({"storage": {"size": "9"}}),
                json!({"storage": {"size": 5}, "values": {"storage": {"size": "9"}}}),
            ),
            (
                "what an expression makes, gone",
                json!({"storage": {"size": 5}}),
                Json::Null,
                json!({"storage": {"size": 5}, "values": {"storage": {"size": ""}}}),
            ),
            (
                "a map below a map",
                json!({"podMetadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}),
                json!({}),
                json!({"podMetadata": {"annotations": {"c": "d"}}}),
            ),
            (
                "a default taken away",
                json!({}),
                json!({"image": {"pullPolicy": null}}),
                json!({"values": {"image": {"pullPolicy": null}}}),
            ),
        ] {
            assert_eq!(asked(&spec, &Json::Null, &wanted, Place::Fields).unwrap(), expected, "{what}");
        }
    }

    #[test]
    fn what_helm_kept_as_defaults_is_asked_for_too() {
        let (mapping, chart, none) = (Mapping::parse("m", MAPPING).unwrap(), chart(), Json::Null);
        let spec = json!({"image": "a:1"});
        let subject = Subject { name: "a", namespace: "b", spec: &spec, labels: &none, annotations: &none };
        let making = Making { mapping: &mapping, overrides: &none, chart: &chart };
        let mut defaults = defaults();
        merge(&mut defaults, json!({"replicas": 4, "image": {"reference": "a:1"}, "extra": {"a": 1}}));
        let given = Given { values: &json!({"extra": {"b": 2}}), defaults: &defaults };
        let found = asking(making, &subject, given, Place::Fields).unwrap();
        assert_eq!(found, json!({"image": "a:1", "replicas": 4, "values": {"extra": {"a": 1, "b": 2}}}));
    }

    #[test]
    fn free_values_ask_for_everything() {
        let found =
            asked(&json!({"replicas": 2}), &Json::Null, &json!({"replicas": 1}), Place::Values).unwrap();
        assert_eq!(found, json!({"replicas": 2, "values": {"replicas": 1}}));
        assert_eq!(changed(&json!({"replicas": 2}), &found), ["values"]);
        assert_eq!(changed(&json!({"a": {"b": 1, "c": 1}}), &json!({"a": {"b": 2, "c": 1}})), ["a.b"]);
    }

    #[test]
    fn what_the_settings_pin_cannot_be_asked_for() {
        let pinned = json!({"image": {"pullPolicy": "Always"}});
        let error = asked(&json!({}), &pinned, &json!({"image": {"pullPolicy": "Never"}}), Place::Fields);
        assert!(error.unwrap_err().to_string().ends_with("say otherwise for image.pullPolicy"));
        let same = asked(&json!({}), &pinned, &json!({"image": {"pullPolicy": "Always"}}), Place::Fields);
        assert_eq!(same.unwrap(), json!({}));
    }

    fn tree() -> impl Strategy<Value = Json> {
        let leaf =
            prop_oneof![Just(Json::Null), any::<bool>().prop_map(Json::from), (0..3i64).prop_map(Json::from)];
        let name = prop_oneof![
            Just("replicas"),
            Just("image"),
            Just("reference"),
            Just("podLabels"),
            Just("extra"),
            Just("x")
        ];
        leaf.prop_recursive(3, 12, 4, move |inner| {
            prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..4)
                .prop_map(|entries| Json::Object(entries.into_iter().collect()))
        })
    }

    fn table() -> impl Strategy<Value = Json> {
        tree().prop_map(|tree| if tree.is_object() { tree } else { json!({}) })
    }

    proptest! {
        /// Whatever somebody gave the chart: the spec gives the same, and asks for nothing else the next time.
        #[test]
        fn a_spec_gives_what_was_wanted(free in table(), wanted in table()) {
            let spec = json!({"replicas": 2, "values": free});
            for place in [Place::Fields, Place::Values] {
                let found = asked(&spec, &Json::Null, &wanted, place).unwrap();
                prop_assert_eq!(asked(&found, &Json::Null, &wanted, place).unwrap(), found);
            }
        }
    }
}
