//! A manifest of a release turned into the object that is sent to the API server.

use serde_json::{Map, Value};

/// Owner of the fields that promgit sets (<https://kubernetes.io/docs/reference/using-api/server-side-apply/>).
pub const FIELD_MANAGER: &str = "promgit";

/// Helm's (`pkg/kube/client.go`, `ManagedFieldsManager`; `cmd/helm/helm.go` sets it whatever the program is called).
pub const HELM_MANAGER: &str = "helm";

/// How Helm marks what belongs to a release (`pkg/action/validate.go`): stock Helm takes objects with these marks, and
/// only those, for its own.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub const RELEASE_NAME: &str = "meta.helm.sh/release-name";
pub const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";
pub const HELM: &str = "Helm";

/// Kept when its release is uninstalled (<https://helm.sh/docs/howto/charts_tips_and_tricks/#tell-helm-not-to-uninstall-a-resource>).
const RESOURCE_POLICY: &str = "helm.sh/resource-policy";

/// A release, as its objects are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release<'a> {
    pub namespace: &'a str,
    pub name: &'a str,
}

/// One object of a commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    pub api_version: String,
    pub kind: String,
    /// Empty where the manifest names none.
    pub namespace: String,
    pub name: String,
    /// The manifest as data.
    pub json: Value,
}

impl Object {
    /// `StatefulSet/simple`
    pub fn title(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// Whether both name the same object, in whatever version.
    pub fn is_same(&self, other: &Object) -> bool {
        let group = |object: &Object| object.api_version.rsplit_once('/').map(|(group, _)| group.to_string());
        (&self.kind, &self.name) == (&other.kind, &other.name) && group(self) == group(other)
    }

    /// Whether it says to be in another namespace than its release. Whoever may write a PrometheusCluster in one
    /// namespace has no say in another, and the agent must not lend them its own rights.
    pub fn is_foreign(&self, release: Release<'_>) -> bool {
        !self.namespace.is_empty() && self.namespace != release.namespace
    }

    /// Whether it stands for data.
    pub fn is_claim(&self) -> bool {
        (self.api_version.as_str(), self.kind.as_str()) == ("v1", "PersistentVolumeClaim")
    }

    /// Whether a new one does nothing by itself: nobody notices it before something names it.
    pub fn is_inert(&self) -> bool {
        match (self.api_version.as_str(), self.kind.as_str()) {
            ("v1", "ConfigMap" | "Secret" | "ServiceAccount") => true,
            ("v1", "Service") => self.json["spec"]["type"].as_str().is_none_or(|kind| kind == "ClusterIP"),
            _ => false,
        }
    }

    /// Whether a chart asked for it to outlive its release.
    pub fn is_kept(&self) -> bool {
        is_kept(&self.json["metadata"])
    }

    /// What is sent: the manifest with its namespace and the marks of its release.
    pub fn body(&self, release: Release<'_>, namespace: Option<&str>) -> Value {
        let mut body = self.json.clone();
        let Some(metadata) = entry(&mut body, "metadata") else { return body };
        if let Some(namespace) = namespace {
            metadata.insert("namespace".into(), namespace.into());
        }
        mark(metadata, "labels", &[(MANAGED_BY, HELM)]);
        mark(
            metadata,
            "annotations",
            &[(RELEASE_NAME, release.name), (RELEASE_NAMESPACE, release.namespace)],
        );
        body
    }
}

/// Whether the metadata ask for the object to outlive its release.
pub fn is_kept(metadata: &Value) -> bool {
    let policy = metadata["annotations"][RESOURCE_POLICY].as_str();
    policy.is_some_and(|policy| policy.trim().eq_ignore_ascii_case("keep"))
}

/// The release that an object in the cluster belongs to, if it carries Helm's marks: namespace and name.
pub fn owner(metadata: &Value) -> Option<(&str, &str)> {
    let annotations = &metadata["annotations"];
    Some((annotations[RELEASE_NAMESPACE].as_str()?, annotations[RELEASE_NAME].as_str()?))
}

/// Who wrote fields of an object, but for its status.
pub fn managers(metadata: &Value) -> impl Iterator<Item = &str> {
    let fields = metadata["managedFields"].as_array().into_iter().flatten();
    fields
        .filter(|entry| entry["subresource"].as_str().unwrap_or_default() != "status")
        .filter_map(|entry| entry["manager"].as_str())
}

fn mark(metadata: &mut Map<String, Value>, field: &str, marks: &[(&str, &str)]) {
    let field = metadata.entry(field).or_insert_with(|| Value::Object(Map::new()));
    if field.is_null() {
        *field = Value::Object(Map::new());
    }
    if let Some(field) = field.as_object_mut() {
        field.extend(marks.iter().map(|(key, value)| (key.to_string(), (*value).into())));
    }
}

fn entry<'a>(object: &'a mut Value, field: &str) -> Option<&'a mut Map<String, Value>> {
    object.as_object_mut()?.get_mut(field)?.as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(json: Value) -> Object {
        let [api_version, kind, namespace, name] = ["v1", "Service", "", "a"].map(str::to_string);
        Object { api_version, kind, namespace, name, json }
    }

    #[test]
    fn an_object_is_marked_as_helm_marks_it() {
        let found = object(json!({"metadata": {"name": "a", "labels": {"x": "y"}, "annotations": null}}));
        let body = found.body(Release { namespace: "n", name: "r" }, Some("n"));
        let expected = json!({"metadata": {"name": "a", "namespace": "n",
            "labels": {"x": "y", MANAGED_BY: "Helm"},
            "annotations": {RELEASE_NAME: "r", RELEASE_NAMESPACE: "n"}}});
        assert_eq!(body, expected);
        assert_eq!(owner(&body["metadata"]), Some(("n", "r")));
        assert_eq!(owner(&json!({})), None);
    }

    #[test]
    fn an_object_is_in_the_namespace_of_its_release() {
        let release = Release { namespace: "n", name: "r" };
        for (namespace, expected) in [("", false), ("n", false), ("kube-system", true)] {
            let found = Object { namespace: namespace.into(), ..object(json!({})) };
            assert_eq!(found.is_foreign(release), expected, "{namespace}");
        }
    }

    #[test]
    fn a_chart_can_keep_an_object() {
        let policy = |word: &str| object(json!({"metadata": {"annotations": {RESOURCE_POLICY: word}}}));
        assert!(policy("keep").is_kept() && policy(" Keep").is_kept() && !policy("delete").is_kept());
        assert!(!object(json!({})).is_kept());
    }
}
