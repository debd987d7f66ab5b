//! The `metadata.managedFields` of an object turned into what others than promgit have set on it and the commit does not set, so that it
//! outlives being made anew. Pure.
//!
//! Source: sigs.k8s.io/structured-merge-diff `fieldpath/serialize-pe.go`: a field is `f:name`, an item of a list that is a map
//! `k:{"name":"x"}`, one of a set `v:"x"`; what has nothing below it is set as a whole.

use serde_json::{Map, Value, json};

use super::adopt::{FORMER_HELM, Taken};
use super::culprit::is_of_others;
use super::object::{FIELD_MANAGER, HELM_MANAGER};

/// Who has a number of replicas that nobody is known to have set: the API server does not note who scales where no manifest says how
/// many there are (`k8s.io/apimachinery/pkg/util/managedfields/internal/skipnonapplied.go`).
const SCALED: &str = "promgit-scaled";

/// What one manager has set on an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub manager: String,
    kept: Kept,
}

/// Values by where they are in an object.
#[derive(Clone, Debug, PartialEq)]
enum Kept {
    All(Value),
    Fields(Vec<(String, Kept)>),
    Items(Vec<Item>),
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq)]
enum Item {
    /// Known by these of its fields.
    Keyed(Map<String, Value>, Kept),
    /// Known by its value.
    Value(Value),
}

/// What each manager but promgit has set on the live object where `wanted` sets nothing, as both are stored. Labels and annotations are
/// all that counts of the metadata: finalizers and owners belong to the one object that goes. What Helm has set goes with it
/// ([`super::inherit`]), unless the object is taken from another release.
pub fn shares(live: &Value, wanted: &Value) -> Vec<Share> {
    let mut shares: Vec<Share> = by_manager(live, wanted)
        .iter()
        .filter_map(|(manager, fields)| share(manager, fields, live, wanted))
        .collect();
    let is_known = |share: &Share| share.alone(wanted).pointer("/spec/replicas").is_some();
    if !shares.iter().any(is_known) {
        shares.extend(scaled(live, wanted));
    }
    shares
}

/// The fields of each manager: one that updates, applies and scales has several entries.
fn by_manager(live: &Value, wanted: &Value) -> Vec<(String, Map<String, Value>)> {
    let is_taken = Taken::before(&wanted["metadata"]).is_some();
    let mut all: Vec<(String, Map<String, Value>)> = Vec::new();
    for entry in entries(live).filter(|entry| is_of_others(entry)) {
        let (Some(manager), Some(fields)) = (entry["manager"].as_str(), entry["fieldsV1"].as_object()) else {
            continue;
        };
        let manager = match manager {
            HELM_MANAGER if is_taken => FORMER_HELM,
            HELM_MANAGER => continue,
            manager => manager,
        };
        match all.iter_mut().find(|(known, _)| known == manager) {
            Some((_, own)) => join(own, fields),
            None => all.push((manager.to_owned(), fields.clone())),
        }
    }
    all
}

fn entries(live: &Value) -> impl Iterator<Item = &Value> {
    live["metadata"]["managedFields"].as_array().into_iter().flatten()
}

/// Adds the fields of one entry to those of another.
pub(super) fn join(fields: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (step, below) in more {
        match (fields.get_mut(step), below) {
            (Some(Value::Object(own)), Value::Object(below)) => join(own, below),
            (Some(_), _) => {}
            (None, _) => drop(fields.insert(step.clone(), below.clone())),
        }
    }
}

/// The replicas, by whomever but promgit: more than the one that there would be without a number.
fn scaled(live: &Value, wanted: &Value) -> Option<Share> {
    let is_set = live["spec"]["replicas"].as_i64().is_some_and(|replicas| replicas != 1);
    let is_ours = |entry: &Value| {
        entry["manager"] == FIELD_MANAGER && entry.pointer("/fieldsV1/f:spec/f:replicas").is_some()
    };
    let fields = json!({"f:spec": {"f:replicas": {}}});
    (is_set && !entries(live).any(is_ours)).then(|| share(SCALED, fields.as_object()?, live, wanted))?
}

fn share(manager: &str, fields: &Map<String, Value>, live: &Value, wanted: &Value) -> Option<Share> {
    let mut fields = fields.clone();
    ["f:apiVersion", "f:kind", "f:status"].iter().for_each(|name| drop(fields.remove(*name)));
    if let Some(metadata) = fields.get_mut("f:metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| ["f:labels", "f:annotations"].contains(&name.as_str()));
    }
    // whom somebody gave one role is not given another
    if live["kind"].as_str().is_some_and(|kind| kind.ends_with("RoleBinding")) {
        fields.retain(|name, _| name == "f:metadata");
    }
    let kept = fields_of(&fields, live, Some(wanted))?;
    Some(Share { manager: manager.to_owned(), kept })
}

impl Share {
    /// What the manager would apply to set this and nothing else.
    pub fn alone(&self, wanted: &Value) -> Value {
        let metadata = &wanted["metadata"];
        let mut body = json!({"apiVersion": wanted["apiVersion"], "kind": wanted["kind"], "metadata": {"name": metadata["name"]}});
        if let Some(namespace) = metadata.get("namespace") {
            body["metadata"]["namespace"] = namespace.clone();
        }
        self.onto(&mut body);
        body
    }

    /// Sets this, too.
    pub fn onto(&self, body: &mut Value) {
        put(&self.kept, body);
    }
}

fn kept(fields: &Value, live: &Value, wanted: Option<&Value>) -> Option<Kept> {
    let below = fields.as_object()?;
    match live {
        _ if below.is_empty() => wanted.is_none().then(|| Kept::All(live.clone())),
        Value::Object(_) => fields_of(below, live, wanted),
        Value::Array(items) => items_of(below, items, wanted),
        _ => None,
    }
}

fn fields_of(below: &Map<String, Value>, live: &Value, wanted: Option<&Value>) -> Option<Kept> {
    let field = |(step, fields): (&String, &Value)| {
        let name = step.strip_prefix("f:")?;
        let wanted = wanted.and_then(|wanted| wanted.get(name)).filter(|wanted| !wanted.is_null());
        Some((name.to_owned(), kept(fields, live.get(name)?, wanted)?))
    };
    let fields: Vec<_> = below.iter().filter_map(field).collect();
    (!fields.is_empty()).then_some(Kept::Fields(fields))
}

fn items_of(below: &Map<String, Value>, live: &[Value], wanted: Option<&Value>) -> Option<Kept> {
    let wanted = wanted.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let item = |(step, fields): (&String, &Value)| match step.split_once(':')? {
        ("k", key) => {
            let key: Map<String, Value> = serde_json::from_str(key).ok()?;
            let wanted = wanted.iter().find(|item| is(item, &key));
            let kept = kept(fields, live.iter().find(|item| is(item, &key))?, wanted)?;
            Some(Item::Keyed(key, kept))
        }
        ("v", value) => {
            let value: Value = serde_json::from_str(value).ok()?;
            (live.contains(&value) && !wanted.contains(&value)).then_some(Item::Value(value))
        }
        _ => None,
    };
    let items: Vec<_> = below.iter().filter_map(item).collect();
    (!items.is_empty()).then_some(Kept::Items(items))
}

/// A port without a protocol is one of TCP, and its key says so.
fn is(item: &Value, key: &Map<String, Value>) -> bool {
    key.iter().all(|(name, value)| match item.get(name) {
        Some(found) => found == value,
        None => name == "protocol" && value == "TCP",
    })
}

fn put(kept: &Kept, into: &mut Value) {
    match kept {
        Kept::All(value) => *into = value.clone(),
        Kept::Fields(fields) => {
            if !into.is_object() {
                *into = json!({});
            }
            fields.iter().for_each(|(name, kept)| put(kept, &mut into[name]));
        }
        Kept::Items(items) => {
            if !into.is_array() {
                *into = json!([]);
            }
            into.as_array_mut()
                .into_iter()
                .for_each(|list| items.iter().for_each(|item| put_item(item, list)));
        }
    }
}

fn put_item(item: &Item, list: &mut Vec<Value>) {
    match item {
        Item::Value(value) if list.contains(value) => {}
        Item::Value(value) => list.push(value.clone()),
        Item::Keyed(key, kept) => match list.iter_mut().find(|item| is(item, key)) {
            Some(item) => put(kept, item),
            None => {
                let mut item = Value::Object(key.clone());
                put(kept, &mut item);
                list.push(item);
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": "a", "uid": "1", "labels": {"ours": "x", "theirs": "y"}, "annotations": {"note": "n"},
                "finalizers": ["example.com/keep"],
                "managedFields": [
                    {"manager": "promgit", "fieldsV1": {"f:metadata": {"f:labels": {"f:ours": {}}}}},
                    {"manager": "kubectl-annotate", "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, "f:note": {}},
                        "f:finalizers": {".": {}, "v:\"example.com/keep\"": {}}, "f:labels": {"f:theirs": {}, "f:ours": {}}}}},
                    {"manager": "hpa", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
                    {"manager": "injector", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {
                        "k:{\"name\":\"side\"}": {".": {}, "f:name": {}, "f:image": {}},
                        "k:{\"name\":\"main\"}": {"f:stdin": {}, "f:image": {}}}}}}}},
                    {"manager": "controller", "subresource": "status", "fieldsV1": {"f:status": {"f:replicas": {}}}},
                ]},
            "spec": {"replicas": 5, "template": {"spec": {"containers": [
                {"name": "main", "image": "m", "stdin": true}, {"name": "side", "image": "s", "tty": false}]}}},
            "status": {"replicas": 5},
        })
    }

    fn wanted() -> Value {
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "a", "namespace": "n", "labels": {"ours": "z"}},
            "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "new"}]}}}})
    }

    #[test]
    fn each_keeps_what_the_commit_does_not_set() {
        let head = |rest: Value| {
            let mut body = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "a", "namespace": "n"}});
            for (name, value) in rest.as_object().unwrap() {
                match name.as_str() {
                    "labels" | "annotations" => body["metadata"][name] = value.clone(),
                    _ => body[name] = value.clone(),
                }
            }
            body
        };
        let found: Vec<(String, Value)> = shares(&live(), &wanted())
            .iter()
            .map(|share| (share.manager.clone(), share.alone(&wanted())))
            .collect();
        let containers = json!([{"name": "main", "stdin": true}, {"name": "side", "image": "s"}]);
        assert_eq!(
            found,
            [
                (
                    "kubectl-annotate".to_owned(),
                    head(json!({"annotations": {"note": "n"}, "labels": {"theirs": "y"}}))
                ),
                ("hpa".to_owned(), head(json!({"spec": {"replicas": 5}}))),
                (
                    "injector".to_owned(),
                    head(json!({"spec": {"template": {"spec": {"containers": containers}}}}))
                ),
            ]
        );
    }

    #[test]
    fn a_number_of_replicas_is_kept_whoever_set_it() {
        let of = |live: Value, wanted: Value| {
            shares(&live, &wanted)
                .iter()
                .map(|share| share.alone(&json!({}))["spec"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(of(json!({"spec": {"replicas": 3}}), json!({"spec": {}})), [json!({"replicas": 3})]);
        assert_eq!(of(json!({"spec": {"replicas": 0}}), json!({})), [json!({"replicas": 0})]);
        for (live, wanted) in [
            (json!({"spec": {"replicas": 3}}), json!({"spec": {"replicas": 2}})),
            (json!({"spec": {"replicas": 1}}), json!({"spec": {}})),
            (json!({"spec": {}}), json!({"spec": {}})),
            (json!({"data": {}}), json!({"data": {}})),
        ] {
            assert_eq!(of(live, wanted), [json!(null); 0]);
        }
    }

    #[test]
    fn what_promgit_and_helm_have_set_is_nobodys_share() {
        let of = |manager: &str, fields: Value, mut live: Value, wanted: Value| {
            live["metadata"] = json!({"managedFields": [{"manager": manager, "fieldsV1": fields}]});
            shares(&live, &wanted).iter().map(|share| share.manager.clone()).collect::<Vec<_>>()
        };
        let replicas = json!({"f:spec": {"f:replicas": {}}});
        let live = json!({"spec": {"replicas": 3}});
        assert_eq!(of("promgit", replicas.clone(), live.clone(), json!({})), [""; 0]);
        assert_eq!(of("hpa", replicas, live, json!({})), ["hpa"]);
        let (data, live) = (json!({"f:data": {"f:a": {}}}), json!({"data": {"a": "x"}}));
        assert_eq!(of("helm", data.clone(), live.clone(), json!({})), [""; 0]);
        let taken = json!({"metadata": {"annotations": {"promgit.dev/adopted-from": "a/b"}}});
        assert_eq!(of("helm", data.clone(), live, taken), [FORMER_HELM]);
        let binding = json!({"kind": "RoleBinding", "subjects": [{"name": "a"}]});
        assert_eq!(of("kubectl", json!({"f:subjects": {}}), binding, json!({})), [""; 0]);
    }

    #[test]
    fn a_manager_of_two_entries_has_one_share_and_a_port_is_of_tcp() {
        let port = json!({"k:{\"containerPort\":90,\"protocol\":\"TCP\"}": {"f:name": {}}});
        let live = json!({"metadata": {"labels": {"a": "x"}, "managedFields": [
            {"manager": "m", "operation": "Apply", "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}}},
            {"manager": "m", "operation": "Update", "fieldsV1": {"f:ports": port}},
        ]}, "ports": [{"containerPort": 90, "protocol": "TCP", "name": "web"}]});
        let mut body = json!({"ports": [{"containerPort": 90}]});
        let found = shares(&live, &body);
        assert_eq!(found.len(), 1);
        found.iter().for_each(|share| share.onto(&mut body));
        assert_eq!(
            body,
            json!({"metadata": {"labels": {"a": "x"}}, "ports": [{"containerPort": 90, "name": "web"}]})
        );
    }

    #[test]
    fn all_of_it_goes_onto_the_new_object() {
        let mut body = wanted();
        shares(&live(), &wanted()).iter().for_each(|share| share.onto(&mut body));
        let containers =
            json!([{"name": "main", "image": "new", "stdin": true}, {"name": "side", "image": "s"}]);
        assert_eq!(
            body,
            json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
                "metadata": {"name": "a", "namespace": "n", "labels": {"ours": "z", "theirs": "y"}, "annotations": {"note": "n"}},
                "spec": {"replicas": 5, "template": {"spec": {"containers": containers}}}})
        );
    }

    #[test]
    fn what_the_commit_sets_as_a_whole_is_nobodys_else() {
        let of = |fields: Value, live: Value, wanted: Value| {
            let mut live = live;
            live["metadata"] = json!({"managedFields": [{"manager": "x", "fieldsV1": fields}]});
            shares(&live, &wanted).len()
        };
        let list = json!({"f:spec": {"f:list": {}}});
        assert_eq!(of(list.clone(), json!({"spec": {"list": [1]}}), json!({"spec": {"list": [2]}})), 0);
        assert_eq!(of(list.clone(), json!({"spec": {"list": [1]}}), json!({"spec": {}})), 1);
        assert_eq!(of(list.clone(), json!({"spec": {"list": [1]}}), json!({"spec": {"list": null}})), 1);
        assert_eq!(of(list, json!({"spec": {}}), json!({})), 0, "it is gone");
        let set = json!({"f:spec": {"f:set": {"v:\"a\"": {}}}});
        assert_eq!(of(set.clone(), json!({"spec": {"set": ["a", "b"]}}), json!({"spec": {"set": ["a"]}})), 0);
        assert_eq!(of(set, json!({"spec": {"set": ["a", "b"]}}), json!({"spec": {"set": ["b"]}})), 1);
        let map = |fields: Value| json!({"f:data": fields});
        assert_eq!(
            of(map(json!({".": {}})), json!({"data": {"a": "x"}}), json!({})),
            0,
            "the map, and nothing in it"
        );
        assert_eq!(of(map(json!({"f:a": {}})), json!({"data": "a"}), json!({})), 0);
        assert_eq!(of(json!("wrong"), json!({}), json!({})), 0);
    }
}
