//! The objects of two renders turned into the body of a commit message.

use std::collections::BTreeMap;

use serde_json::Value;

use super::phrase::phrase;
use crate::ledger::difference::{Difference, differences};

/// A reviewer reads the first screen; the diff has the rest.
const MOST_OBJECTS: usize = 30;
const MOST_FIELDS: usize = 5;

/// `Kind/name` → the object; null where something stands that cannot be read.
pub type Objects = BTreeMap<String, Value>;

/// `+ Service/simple`, `- Ingress/simple`, `~ StatefulSet/simple  spec.replicas 1 → 3`: one line a change.
pub fn lines(old: &Objects, new: &Objects) -> Vec<String> {
    let (mut lines, mut only_labels) = (Vec::new(), 0);
    let mut titles: Vec<&String> = old.keys().chain(new.keys()).collect();
    titles.sort();
    titles.dedup();
    for title in titles {
        match (old.get(title), new.get(title)) {
            (None, _) => lines.push(format!("+ {title}")),
            (_, None) => lines.push(format!("- {title}")),
            (Some(Value::Null), _) => lines.push(format!("~ {title}  restored")),
            (Some(old), Some(new)) => {
                let differences = differences(old, new);
                let telling: Vec<&Difference> =
                    differences.iter().filter(|found| !is_bookkeeping(&found.path)).collect();
                only_labels += usize::from(telling.is_empty() && !differences.is_empty());
                changed(title, &telling, &mut lines);
            }
        }
    }
    let mut lines = cut(lines, MOST_OBJECTS, "lines");
    if only_labels > 0 {
        let objects = if only_labels == 1 { "object" } else { "objects" };
        lines.push(format!("~ {only_labels} {objects}  version labels only"));
    }
    lines
}

/// Labels that Helm's conventions put on every object of a release: they repeat the chart and the version.
fn is_bookkeeping(path: &str) -> bool {
    ["app.kubernetes.io/version", "helm.sh/chart"]
        .iter()
        .any(|label| path.ends_with(&format!("metadata.labels[{label:?}]")))
}

fn changed(title: &str, differences: &[&Difference], lines: &mut Vec<String>) {
    let secret = title.starts_with("Secret/");
    let words = |difference: &&Difference| match secret {
        true => format!("{} changed", difference.path),
        false => phrase(difference),
    };
    let phrases: Vec<String> = differences.iter().map(words).collect();
    let phrases = cut(phrases, MOST_FIELDS, "fields");
    lines.extend(phrases.into_iter().map(|phrase| format!("~ {title}  {phrase}")));
}

fn cut(mut lines: Vec<String>, most: usize, what: &str) -> Vec<String> {
    if lines.len() > most {
        let left = lines.len() - most + 1;
        lines.truncate(most - 1);
        lines.push(format!("… and {left} more {what}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_change_has_its_sign() {
        let old = Objects::from([
            ("StatefulSet/simple".into(), json!({"spec": {"replicas": 1}})),
            ("Ingress/simple".into(), json!({})),
        ]);
        let new = Objects::from([
            ("StatefulSet/simple".into(), json!({"spec": {"replicas": 3}})),
            ("Service/simple".into(), json!({})),
        ]);
        let expected = ["- Ingress/simple", "+ Service/simple", "~ StatefulSet/simple  spec.replicas 1 → 3"];
        assert_eq!(lines(&old, &new), expected);
    }

    #[test]
    fn what_cannot_be_read_is_restored() {
        let old = Objects::from([("Service/a".into(), Value::Null), ("Service/b".into(), Value::Null)]);
        let new = Objects::from([("Service/a".into(), json!({"spec": {}}))]);
        assert_eq!(lines(&old, &new), ["~ Service/a  restored", "- Service/b"]);
    }

    #[test]
    fn labels_that_repeat_the_version_are_counted() {
        let object = |version: &str, image: &str| {
            let labels = json!({"app.kubernetes.io/version": version});
            json!({"metadata": {"labels": labels}, "image": image})
        };
        let objects = |version: &str, image: &str| {
            let service = ("Service/a".to_string(), object(version, ""));
            Objects::from([service, ("Pod/a".to_string(), object(version, image))])
        };
        let lines = lines(&objects("1", "x"), &objects("2", "y"));
        assert_eq!(lines, ["~ Pod/a  image x → y", "~ 1 object  version labels only"]);
    }

    #[test]
    fn no_value_of_a_secret_is_shown() {
        let secret = |value: &str| Objects::from([("Secret/s".to_string(), json!({"data": {"k": value}}))]);
        assert_eq!(lines(&secret("a"), &secret("b")), ["~ Secret/s  data.k changed"]);
    }

    #[test]
    fn long_lists_are_cut() {
        let many = (0..50).map(|n| (format!("Service/s{n:02}"), json!({}))).collect();
        let lines = lines(&Objects::new(), &many);
        assert_eq!((lines.len(), lines.last().unwrap().as_str()), (30, "… and 21 more lines"));
    }
}
