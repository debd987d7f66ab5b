//! An object that somebody may have changed turned into whether it still is what the commit says.

use serde_json::Value;

use super::owned::{Fault, Glimpse, Wrong};
use crate::cluster::apply::{Applier, ApplyError};
use crate::cluster::culprit::culprit;
use crate::cluster::ignore;
use crate::cluster::mark::Mark;
use crate::cluster::object::{Object, Release};
use crate::cluster::publish::cut;
use crate::health::matches::{self, ignored};

/// Longest words about one object: a path and two values.
const MOST_WORDS: usize = 500;

/// What was found.
pub enum Looked {
    Right(Mark),
    Wrong(Wrong),
    /// It went by itself, as it should.
    Done,
}

/// Asks for one object and compares it. `glimpse`: what the watch shows of it. `keeps`: its fields are to be promgit's.
pub async fn look(
    applier: &Applier<'_>,
    object: &Object,
    glimpse: Glimpse,
    keeps: bool,
) -> Result<Looked, ApplyError> {
    let title = object.title();
    let Some(live) = applier.live(object).await? else {
        return Ok(match is_passing(object) {
            true => Looked::Done,
            false => {
                let words = format!("{title} was deleted");
                Looked::Wrong(Wrong {
                    at: Glimpse::Absent,
                    what: Fault::Absent,
                    words,
                    by: None,
                    refused: None,
                })
            }
        });
    };
    let mark = Mark::of(&live.metadata);
    let is_going = live.metadata.deletion_timestamp.is_some();
    let live = serde_json::to_value(live).unwrap_or_default();
    let pointers = ignore::pointers(&applier.ignored, object);
    let found = match differs(object, applier.release, &live, &pointers) {
        _ if is_going => Some((Fault::Going, format!("{title} is being deleted"), None)),
        Some((words, by)) => Some((Fault::Differs, format!("{title}: {}", cut(&words, MOST_WORDS)), by)),
        None if mark.owned == 0 && keeps => {
            let words = format!("{title}: metadata.managedFields do not name promgit any more");
            Some((Fault::Differs, words, culprit(&live["metadata"], "").map(str::to_owned)))
        }
        None => None,
    };
    // what does not carry Helm's label is not in the watch
    let at = if glimpse == Glimpse::Absent { glimpse } else { Glimpse::Seen(mark) };
    Ok(match found {
        Some((what, words, by)) => Looked::Wrong(Wrong { at, what, words, by, refused: None }),
        None => Looked::Right(mark),
    })
}

/// The first difference, and who made it.
fn differs(
    object: &Object,
    release: Release<'_>,
    live: &Value,
    pointers: &[&str],
) -> Option<(String, Option<String>)> {
    let body = object.body(release, None);
    let found = matches::first(&ignored::without(&body, pointers), &ignored::without(live, pointers))?;
    let by = culprit(&live["metadata"], &found.path).map(str::to_owned);
    Some((found.sentence, by))
}

/// A Job that is to go some time after its end (<https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/>).
fn is_passing(object: &Object) -> bool {
    object.kind == "Job" && object.json["spec"]["ttlSecondsAfterFinished"].is_number()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::object::{HELM, MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE};

    const RELEASE: Release<'_> = Release { namespace: "n", name: "r" };

    fn object(api_version: &str, kind: &str, json: Value) -> Object {
        let [api_version, kind] = [api_version, kind].map(str::to_owned);
        Object { api_version, kind, namespace: String::new(), name: "a".into(), json }
    }

    fn live(mut more: Value, labels: Value) -> Value {
        more["metadata"] = json!({
            "labels": labels,
            "annotations": {RELEASE_NAME: "r", RELEASE_NAMESPACE: "n"},
            "managedFields": [{"manager": "edit", "fieldsV1": {"f:data": {"f:x": {}}}}],
        });
        more
    }

    #[test]
    fn what_the_commit_says_is_compared_and_nothing_else() {
        let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"x": "1"}});
        let map = object("v1", "ConfigMap", manifest);
        let ours = || json!({MANAGED_BY: HELM});
        let of = |data: Value, labels: Value| {
            live(json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data}), labels)
        };
        for (what, live, pointers, expected) in [
            ("the same", of(json!({"x": "1"}), ours()), &[][..], None),
            ("more than the commit says", of(json!({"x": "1", "y": "2"}), ours()), &[], None),
            (
                "another value",
                of(json!({"x": "2"}), ours()),
                &[],
                Some("data.x is \"2\" in the cluster and \"1\" in the manifest"),
            ),
            ("one that may differ", of(json!({"x": "2"}), ours()), &["/data/x"], None),
            ("one that may be left out", of(json!({}), ours()), &["/data/x"], None),
            ("another that may differ", of(json!({"x": "2"}), ours()), &["/data/y"], Some("data.x is")),
            (
                "a mark of the release",
                of(json!({"x": "1"}), json!({})),
                &[],
                Some("metadata.labels[\"app.kubernetes.io/managed-by\"] is missing"),
            ),
        ] {
            let found = differs(&map, RELEASE, &live, pointers);
            let words = found.as_ref().map(|(words, _)| words.as_str());
            assert_eq!(words.is_some(), expected.is_some(), "{what}: {words:?}");
            assert!(words.unwrap_or_default().starts_with(expected.unwrap_or_default()), "{what}: {words:?}");
            assert_eq!(found.and_then(|(_, by)| by).as_deref(), expected.map(|_| "edit"), "{what}");
        }
    }

    #[test]
    fn the_values_of_a_secret_are_not_told() {
        let secret = object(
            "v1",
            "Secret",
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {}, "stringData": {"x": "hush"}}),
        );
        let live = live(
            json!({"apiVersion": "v1", "kind": "Secret", "data": {"x": "bG91ZA=="}}),
            json!({MANAGED_BY: HELM}),
        );
        let (words, _) = differs(&secret, RELEASE, &live, &[]).unwrap();
        assert_eq!(words, "data.x is not the same in the cluster and in the manifest (values are not shown)");
    }

    #[test]
    fn a_job_may_go_by_itself() {
        let job = |spec: Value| object("batch/v1", "Job", json!({"spec": spec}));
        assert!(is_passing(&job(json!({"ttlSecondsAfterFinished": 0}))) && !is_passing(&job(json!({}))));
    }
}
