//! Where Prometheus keeps its data, how long, and what happens to it afterwards.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{rules, shapes};

/// How long, and how much, Prometheus keeps. Whichever limit is reached first counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retention {
    /// How long samples are kept, such as `30d`, `12h` or `1y6w`. Default: Prometheus' own, 15 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = rules::retention_time())]
    pub time: Option<String>,

    /// How much the blocks on disk may take, such as `50GB`, in units of 1024. Keep it about 15 % below `storage.size`.
    /// Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = rules::retention_size())]
    pub size: Option<String>,
}

/// The volume of each replica.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::storage_unchanged(), validation = rules::storage_grows())]
pub struct Storage {
    /// How much space each replica gets, such as `50Gi`. It can grow later, if the StorageClass allows it: the claims are made larger
    /// while the pods run.
    #[schemars(schema_with = "shapes::quantity")]
    #[x_kube(validation = rules::storage_size())]
    pub size: Quantity,

    /// The StorageClass. Default: the cluster's own default; an empty string takes an existing volume only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    #[x_kube(validation = rules::storage_class_name())]
    pub storage_class_name: Option<String>,

    /// How the volume is mounted. Each replica has its own volume, so `ReadWriteOnce` is right nearly always.
    #[serde(default = "read_write_once")]
    #[schemars(length(min = 1, max = 3))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub access_modes: Vec<AccessMode>,

    /// Takes only volumes with these labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shapes::label_selector")]
    pub selector: Option<LabelSelector>,
}

/// How a volume is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccessMode {
    ReadWriteOnce,
    ReadWriteOncePod,
    ReadWriteMany,
}

fn read_write_once() -> Vec<AccessMode> {
    vec![AccessMode::ReadWriteOnce]
}

/// What happens to the claims, and so to the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClaimRetention {
    /// When the cluster is deleted.
    #[serde(default)]
    pub when_deleted: Keep,

    /// When a replica is scaled away.
    #[serde(default)]
    pub when_scaled: Keep,
}

/// Whether claims outlive their pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Keep {
    #[default]
    Retain,
    Delete,
}
