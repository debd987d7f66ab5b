//! What may differ in the cluster from what a commit says.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{rules, shapes};

/// Fields that others may set: what is there is neither put back nor reported, and stays when a change is applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct IgnoreDifference {
    /// The objects that it counts for. Default: all of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Selector>,

    /// JSON pointers (RFC 6901) of the fields, such as `/spec/replicas` or `/metadata/annotations/example.com~1checked`. A `/`
    /// in a name is written `~1`, and an item of a list is named by its place, counted from 0.
    #[schemars(length(min = 1, max = 16), inner(length(max = 256)))]
    #[x_kube(validation = rules::json_pointers())]
    pub paths: Vec<String>,
}

/// Selects objects; what it does not say counts for every one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Selector {
    /// The API group, such as `apps`; empty: the core group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub group: Option<String>,

    /// The kind, such as `StatefulSet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub kind: Option<String>,

    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub name: Option<String>,

    /// Labels that the manifest of the object has, all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "shapes::labels")]
    pub match_labels: BTreeMap<String, String>,
}
