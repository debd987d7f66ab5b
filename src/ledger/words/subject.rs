//! What was asked for, before and now, turned into the subject of a commit.

use serde_json::Value;

use super::{config, phrase::phrase};
use crate::ledger::difference::{Difference, differences};
use crate::ledger::record::Record;
use crate::ledger::state::State;

/// Git's habit: subjects are cut at 72 columns by most tools.
const LONGEST_SUBJECT: usize = 72;

/// One side of a change.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// `cluster.yaml`, if it says what was asked for.
    pub cluster: Option<&'a Value>,
    pub record: Option<&'a Record>,
}

impl<'a> Side<'a> {
    pub fn of(state: &'a State) -> Self {
        Side { cluster: state.cluster.as_ref(), record: state.record.as_ref() }
    }
}

/// All changes in words, the most telling first. Never empty. `restored`: what somebody else did that is put right.
pub fn changes(old: Side<'_>, new: Side<'_>, restored: Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    if let (Some(old), Some(new)) = (old.cluster, new.cluster) {
        found.extend(spec(&old["spec"], &new["spec"]));
        found.extend(metadata(&old["metadata"], &new["metadata"]));
    }
    if let (Some(old), Some(new)) = (old.record, new.record) {
        found.extend(record(old, new));
    }
    found.extend(restored);
    if found.is_empty() {
        let [old, new] = [old, new].map(|side| side.record.map(|record| &record.values_digest));
        found.push(if old == new { "rendered again" } else { "values changed" }.into());
    }
    found
}

/// `restored: values.yaml changed by hand`; more files than a subject holds are counted.
pub fn restored(by_hand: &[String]) -> String {
    let named = by_hand.join(", ");
    match by_hand.len() {
        0..=3 if named.len() <= LONGEST_SUBJECT / 2 => format!("restored: {named} changed by hand"),
        1 => "restored: 1 file changed by hand".into(),
        count => format!("restored: {count} files changed by hand"),
    }
}

/// What a commit says that puts a folder where somebody had put something else.
pub const MADE_ROOM: &str = "restored: something stood in its place";

/// What a commit says that brings back a folder which somebody had removed.
pub const BROUGHT_BACK: &str = "restored: its folder was removed by hand";

/// What a commit says that puts a folder right which is another cluster's, moved or copied there.
pub const MOVED_IN: &str = "restored: the folder of another cluster stood in its place";

/// What a first commit says.
pub const CREATED: &str = "created";

/// `deleted`, with the claims that keep the data.
pub fn deleted(claims: usize) -> String {
    match claims {
        0 => "deleted".into(),
        1 => "deleted, data retained: 1 claim".into(),
        n => format!("deleted, data retained: {n} claims"),
    }
}

/// What a first commit says of the data that it finds again.
pub fn attached(claims: usize) -> String {
    let claims = if claims == 1 { "1 claim".to_owned() } else { format!("{claims} claims") };
    format!("re-attached data: {claims}")
}

/// `example/simple: replicas 1 → 3, version v3.5.0 → v3.6.0 and 2 more`, cut to a subject's length.
pub fn subject(cluster: &str, changes: &[String]) -> String {
    let mut text = format!("{cluster}: ");
    for (at, change) in changes.iter().enumerate() {
        let left = changes.len() - at;
        let separator = if at == 0 { "" } else { ", " };
        let more = if left > 1 { format!(" and {} more", left - 1) } else { String::new() };
        let length =
            (text.chars().count() + separator.len() + change.chars().count() + more.len()) <= LONGEST_SUBJECT;
        if at > 0 && !length {
            return format!("{text} and {left} more");
        }
        text += separator;
        text += change;
    }
    text
}

fn spec(old: &Value, new: &Value) -> Vec<String> {
    let mut differences = differences(old, new);
    differences.sort_by_key(|difference| rank(&difference.path));
    differences.iter().flat_map(words).collect()
}

/// What a reviewer looks for first.
fn rank(path: &str) -> usize {
    const FIRST: &[&str] = &["replicas", "version", "image", "config", "rules", "retention", "storage"];
    let field = path.split(['.', '[']).next().unwrap_or_default();
    FIRST.iter().position(|first| *first == field).unwrap_or(FIRST.len())
}

fn words(difference: &Difference) -> Vec<String> {
    let path = difference.path.as_str();
    if let Some(file) = path.strip_prefix("rules") {
        return rules(file, difference);
    }
    match (path, &difference.old, &difference.new) {
        ("config", Some(Value::String(old)), Some(Value::String(new))) => config::phrases(old, new),
        _ => vec![phrase(difference)],
    }
}

/// `rules: file "slo.yaml" added`; the whole map is one difference when it appears or goes.
fn rules(rest: &str, difference: &Difference) -> Vec<String> {
    let name = rest.trim_start_matches(['.', '[']).trim_end_matches(']').trim_matches('"');
    let what = match (&difference.old, &difference.new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    if !name.is_empty() {
        return vec![format!("rules: file {name:?} {what}")];
    }
    let maps = [&difference.old, &difference.new].into_iter().flatten();
    let files = maps.filter_map(Value::as_object).flat_map(|map| map.keys());
    files.map(|name| format!("rules: file {name:?} {what}")).collect()
}

fn metadata(old: &Value, new: &Value) -> Vec<String> {
    let changed = |key: &str| old.get(key) != new.get(key);
    let keys = ["labels", "annotations"].into_iter().filter(|key| changed(key));
    keys.map(|key| format!("{key} changed")).collect()
}

fn record(old: &Record, new: &Record) -> Vec<String> {
    let (from, to) = (&old.chart, &new.chart);
    let mut found = Vec::new();
    if (&from.name, &from.version) != (&to.name, &to.version) {
        found.push(format!("chart {} {} → {} {}", from.name, from.version, to.name, to.version));
    } else if from.digest != to.digest {
        found.push(format!("chart {} {}: files changed", to.name, to.version));
    }
    let (from, to) = (&old.capabilities.kube_version, &new.capabilities.kube_version);
    if from != to {
        found.push(format!("Kubernetes {from} → {to}"));
    }
    if old.renderer != new.renderer {
        found.push(format!("renderer {} → {}", old.renderer, new.renderer));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::record::{Capabilities, ChartRef};
    use serde_json::json;

    fn spec_words(old: Value, new: Value) -> Vec<String> {
        spec(&old, &new)
    }

    fn test_record() -> Record {
        let chart = ChartRef {
            source: None,
            name: "prometheus-cluster".into(),
            version: "0.1.0".into(),
            app_version: "v3.16.0".into(),
            digest: "sha256:a".into(),
        };
        let capabilities = Capabilities { kube_version: "v1.37.0".into(), api_versions: vec![] };
        let digests = ["sha256:c", "sha256:v", "sha256:m"].map(String::from);
        let [cluster_digest, values_digest, manifest_digest] = digests;
        Record {
            chart,
            cluster_digest,
            values_digest,
            manifest_digest,
            renderer: "helm 4.3.1".into(),
            capabilities,
            locked_at: String::new(),
            inventory: vec![],
        }
    }

    #[test]
    fn the_telling_change_comes_first() {
        let old = json!({"logLevel": "info", "replicas": 1, "version": "v3.5.0"});
        let new = json!({"logLevel": "debug", "replicas": 3, "version": "v3.6.0"});
        let expected = ["replicas 1 → 3", "version v3.5.0 → v3.6.0", "logLevel info → debug"];
        assert_eq!(spec_words(old, new), expected);
    }

    #[test]
    fn rule_files_are_named() {
        let old = json!({"rules": {"a.yaml": "x"}});
        let new = json!({"rules": {"a.yaml": "y", "b.yaml": "z"}});
        assert_eq!(
            spec_words(old.clone(), new),
            ["rules: file \"a.yaml\" changed", "rules: file \"b.yaml\" added"]
        );
        assert_eq!(spec_words(old, json!({})), ["rules: file \"a.yaml\" removed"]);
    }

    #[test]
    fn a_new_chart_is_named_when_nothing_was_asked_for() {
        let cluster = json!({"spec": {}});
        let old = test_record();
        let new = Record {
            chart: ChartRef { version: "0.2.0".into(), ..old.chart.clone() },
            values_digest: "sha256:other".into(),
            ..old.clone()
        };
        let side = |record| Side { cluster: Some(&cluster), record: Some(record) };
        let found = changes(side(&old), side(&new), None);
        assert_eq!(found, ["chart prometheus-cluster 0.1.0 → prometheus-cluster 0.2.0"]);
        assert_eq!(changes(side(&old), side(&old), None), ["rendered again"]);
    }

    #[test]
    fn what_is_put_right_is_named() {
        let (old, new) = (json!({"spec": {"replicas": 1}}), json!({"spec": {"replicas": 2}}));
        let record = test_record();
        let words = |old: Option<&Value>, files: &[&str]| {
            let side = |cluster| Side { cluster, record: Some(&record) };
            let files: Vec<String> = files.iter().map(ToString::to_string).collect();
            changes(side(old), side(Some(&new)), Some(restored(&files)))
        };
        assert_eq!(words(Some(&new), &["values.yaml"]), ["restored: values.yaml changed by hand"]);
        let both = ["replicas 1 → 2", "restored: release.yaml, values.yaml changed by hand"];
        assert_eq!(words(Some(&old), &["release.yaml", "values.yaml"]), both);
        let long = ["cluster.yaml", "manifests/service-simple-headless.yaml"];
        assert_eq!(words(None, &long), ["restored: 2 files changed by hand"]);
        assert_eq!(words(None, &long[1..]), ["restored: 1 file changed by hand"]);
    }

    #[test]
    fn subjects_are_cut_between_changes() {
        let changes: Vec<String> =
            ["replicas 1 → 3", "version v3.5.0 → v3.6.0", "logLevel info → debug", "image set"]
                .map(String::from)
                .into();
        assert_eq!(subject("example/simple", &changes[..1]), "example/simple: replicas 1 → 3");
        assert_eq!(
            subject("example/simple", &changes),
            "example/simple: replicas 1 → 3, version v3.5.0 → v3.6.0 and 2 more"
        );
    }

    #[test]
    fn deletions_say_what_stays() {
        assert_eq!(
            [deleted(0), deleted(1), deleted(3)],
            ["deleted", "deleted, data retained: 1 claim", "deleted, data retained: 3 claims"]
        );
    }
}
