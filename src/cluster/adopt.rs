//! Names of objects that a user lets be taken over, turned into what may be taken from whom, and back into the former owner's.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::object::{
    self, FIELD_MANAGER, HELM, HELM_MANAGER, MANAGED_BY, Object, RELEASE_NAME, RELEASE_NAMESPACE,
};

/// On an object that was taken over: the Helm release that had it, `namespace/name`; empty where none did. It stays until a later commit
/// changes the object, so that a change which is taken back gives the object back instead of deleting it.
const ADOPTED_FROM: &str = "promgit.dev/adopted-from";

/// Who has the fields that Helm had set on an object before it was taken from its release.
pub(super) const FORMER_HELM: &str = "helm-former-owner";

/// Names every object of the commit.
const ALL: &str = "*";

/// Objects that may be taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adopt {
    names: Arc<[String]>,
    /// The agent's settings let nothing be taken.
    is_forbidden: bool,
}

impl Adopt {
    pub fn new(names: &[String], is_allowed: bool) -> Self {
        Adopt { names: names.into(), is_forbidden: !is_allowed }
    }

    /// Whether it names the object.
    pub fn names(&self, object: &Object) -> bool {
        !self.is_forbidden && self.names.iter().any(|name| name == ALL || *name == object.title())
    }

    /// Whether somebody who names an object with these metadata gets it.
    pub(super) fn could(&self, metadata: &Value) -> bool {
        !self.is_forbidden && may_be_taken(metadata)
    }

    /// Names that none of the objects has.
    pub fn unknown<'a>(&self, objects: impl Iterator<Item = &'a Object> + Clone) -> Vec<String> {
        let is_known = |name: &String| name == ALL || objects.clone().any(|object| object.title() == *name);
        self.names.iter().filter(|name| !self.is_forbidden && !is_known(name)).cloned().collect()
    }
}

/// An object that is taken over, now or by an attempt before this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Value of [`ADOPTED_FROM`].
    from: String,
    /// Who has it until now; none where it was taken before.
    pub owner: Option<String>,
}

impl Taken {
    /// From these metadata.
    pub(super) fn now(metadata: &Value, owner: String) -> Self {
        let from = object::owner(metadata).map(|(namespace, name)| format!("{namespace}/{name}"));
        Taken { from: from.unwrap_or_default(), owner: Some(owner) }
    }

    /// What an attempt before this one has left on the object.
    pub(super) fn before(metadata: &Value) -> Option<Self> {
        let from = metadata["annotations"][ADOPTED_FROM].as_str()?.to_owned();
        Some(Taken { from, owner: None })
    }

    /// The object with the note of whose it was.
    pub fn noted(&self, mut object: Object) -> Object {
        if let Some(metadata) = object.json["metadata"].as_object_mut() {
            let annotations = metadata.entry("annotations").or_insert(Value::Null);
            if !annotations.is_object() {
                *annotations = Value::Object(Map::new());
            }
            annotations[ADOPTED_FROM] = self.from.as_str().into();
        }
        object
    }

    /// The marks of the former owner in the place of ours, and no field that is promgit's.
    pub(super) fn undone(&self, metadata: &Value) -> Value {
        let former = self.from.split_once('/');
        let fields = metadata["managedFields"].as_array().into_iter().flatten();
        let others = fields.filter(|entry| entry["manager"] != FIELD_MANAGER).cloned();
        let fields: Vec<Value> = others.map(given_back).collect();
        json!({"metadata": {
            "resourceVersion": metadata["resourceVersion"],
            "labels": {MANAGED_BY: former.map(|_| HELM)},
            "annotations": {
                RELEASE_NAMESPACE: former.map(|(namespace, _)| namespace),
                RELEASE_NAME: former.map(|(_, name)| name),
                ADOPTED_FROM: Value::Null,
            },
            "managedFields": fields,
        }})
    }
}

fn given_back(mut entry: Value) -> Value {
    if entry["manager"] == FORMER_HELM {
        entry["manager"] = HELM_MANAGER.into();
    }
    entry
}

/// The controller of an object: what it makes it would put back (<https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/>).
pub(super) fn controller(metadata: &Value) -> Option<String> {
    let mut owners = metadata["ownerReferences"].as_array()?.iter();
    let controller = owners.find(|owner| owner["controller"] == true)?;
    Some(format!("{}/{}", controller["kind"].as_str()?, controller["name"].as_str()?))
}

/// Whether an object of somebody else can be taken over at all: none that a controller would put back, none that is delivered by promgit,
/// and none that namespaces share: whoever may write in one has no say in the others.
fn may_be_taken(metadata: &Value) -> bool {
    let is_shared = metadata["namespace"].as_str().is_none_or(str::is_empty);
    let is_promgits = object::managers(metadata).any(|manager| manager == FIELD_MANAGER);
    !is_shared && !is_promgits && controller(metadata).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str) -> Object {
        let [api_version, kind, namespace, name] = ["v1", "ConfigMap", "", name].map(str::to_owned);
        Object { api_version, kind, namespace, name, json: json!({"metadata": {"annotations": null}}) }
    }

    fn adopt(names: &[&str]) -> Adopt {
        Adopt::new(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), true)
    }

    #[test]
    fn objects_are_named_by_kind_and_name_or_all_of_them() {
        let (a, b) = (object("a"), object("b"));
        for (names, is_a, unknown) in [
            (vec![], false, vec![]),
            (vec!["*"], true, vec![]),
            (vec!["ConfigMap/a", "ConfigMap/c"], true, vec!["ConfigMap/c"]),
            (vec!["configmap/a", "Secret/a"], false, vec!["configmap/a", "Secret/a"]),
        ] {
            let adopt = adopt(&names);
            assert_eq!(adopt.names(&a), is_a, "{names:?}");
            assert_eq!(adopt.unknown([&a, &b].into_iter()), unknown, "{names:?}");
        }
    }

    #[test]
    fn what_a_controller_or_promgit_has_or_all_share_is_not_taken() {
        let owned = |owner: Value| json!({"namespace": "n", "ownerReferences": [owner]});
        let by = |manager: &str| json!({"namespace": "n", "managedFields": [{"manager": manager}]});
        let controlled = owned(json!({"kind": "ReplicaSet", "name": "a", "controller": true}));
        assert_eq!(controller(&controlled).as_deref(), Some("ReplicaSet/a"));
        for (metadata, expected) in [
            (json!({"namespace": "n"}), true),
            (json!({}), false),
            (owned(json!({"kind": "PrometheusCluster", "name": "a"})), true),
            (controlled, false),
            (by("helm"), true),
            (by(FIELD_MANAGER), false),
        ] {
            assert_eq!(may_be_taken(&metadata), expected, "{metadata}");
        }
    }

    #[test]
    fn what_is_given_back_has_the_marks_of_its_former_owner() {
        let metadata = json!({"resourceVersion": "7", "annotations": {RELEASE_NAMESPACE: "n", RELEASE_NAME: "old"},
            "managedFields": [{"manager": "helm"}, {"manager": FIELD_MANAGER}]});
        let noted = Taken::now(&metadata, "x".into()).noted(object("a")).json;
        assert_eq!(noted, json!({"metadata": {"annotations": {ADOPTED_FROM: "n/old"}}}));
        let back = Taken::before(&noted["metadata"]).unwrap().undone(&metadata)["metadata"].clone();
        assert_eq!(
            back["annotations"],
            json!({RELEASE_NAMESPACE: "n", RELEASE_NAME: "old", ADOPTED_FROM: null})
        );
        assert_eq!(back["managedFields"], json!([{"manager": "helm"}]));
        let bare = Taken::now(&json!({}), "x".into()).undone(&metadata)["metadata"].clone();
        assert_eq!(
            (&bare["labels"], &bare["annotations"][RELEASE_NAME]),
            (&json!({MANAGED_BY: null}), &Value::Null)
        );
        assert_eq!(Taken::before(&metadata), None);
    }
}
