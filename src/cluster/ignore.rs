//! Rules about what may differ, turned into the JSON pointers that count for one object. Pure.

use std::collections::BTreeMap;

use super::object::Object;

/// One rule: where it says nothing of a target, it counts for every one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    pub group: Option<String>,
    pub kind: Option<String>,
    pub name: Option<String>,
    /// Labels that the manifest has.
    pub labels: BTreeMap<String, String>,
    /// JSON pointers (RFC 6901).
    pub paths: Vec<String>,
}

impl Rule {
    fn is_about(&self, object: &Object) -> bool {
        let group = object.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        let labels = &object.json["metadata"]["labels"];
        is(&self.group, group)
            && is(&self.kind, &object.kind)
            && is(&self.name, &object.name)
            && self.labels.iter().all(|(key, value)| labels[key] == **value)
    }
}

/// What may differ, of all that the rules name.
pub fn pointers<'a>(rules: &'a [Rule], object: &Object) -> Vec<&'a str> {
    let rules = rules.iter().filter(|rule| rule.is_about(object));
    rules.flat_map(|rule| &rule.paths).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_counts_for_what_it_selects() {
        let [api_version, kind, namespace, name] = ["apps/v1", "StatefulSet", "", "a"].map(str::to_owned);
        let json = json!({"metadata": {"labels": {"app": "x"}}});
        let object = Object { api_version, kind, namespace, name, json };
        let some = |text: &str| Some(text.to_owned());
        let label = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
        let rule = || Rule { paths: vec!["/a".into()], ..Rule::default() };
        for (rule, expected) in [
            (rule(), true),
            (Rule { kind: some("StatefulSet"), ..rule() }, true),
            (Rule { kind: some("Service"), ..rule() }, false),
            (Rule { group: some("apps"), ..rule() }, true),
            (Rule { group: some(""), ..rule() }, false),
            (Rule { name: some("a"), kind: some("StatefulSet"), ..rule() }, true),
            (Rule { name: some("b"), kind: some("StatefulSet"), ..rule() }, false),
            (Rule { labels: label("app", "x"), ..rule() }, true),
            (Rule { labels: label("app", "y"), ..rule() }, false),
            (Rule { labels: label("other", "x"), ..rule() }, false),
        ] {
            let found = !pointers(std::slice::from_ref(&rule), &object).is_empty();
            assert_eq!(found, expected, "{rule:?}");
        }
    }
}
