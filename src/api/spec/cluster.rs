//! The `spec` of a PrometheusCluster: what a user asks for.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, LocalObjectReference, PodSecurityContext, ResourceRequirements, Toleration,
    TopologySpreadConstraint,
};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::delivery::Delivery;
use super::pod::PodMetadata;
use super::storage::{ClaimRetention, Retention, Storage};
use super::{rules, shapes};
use crate::api::status::PrometheusClusterStatus;

/// What is asked for. Every field has a default.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "promgit.dev",
    version = "v1alpha1",
    kind = "PrometheusCluster",
    plural = "prometheusclusters",
    singular = "prometheuscluster",
    shortname = "proms",
    shortname = "promcluster",
    category = "monitoring",
    namespaced,
    status = "PrometheusClusterStatus",
    derive = "PartialEq",
    doc = "A Prometheus, with as many replicas as asked for. promgit renders it with a Helm chart, commits the \
           manifests to the git branch of its namespace and, if told to, applies them. The smallest one is \
           `spec: {}`: one replica that scrapes itself.",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(name = "Replicas", type_ = "integer", json_path = ".spec.replicas", description = "replicas asked for"),
    printcolumn(name = "Ready", type_ = "integer", json_path = ".status.readyReplicas", description = "replicas ready"),
    printcolumn(name = "Commit", type_ = "string", json_path = ".status.commit.short", description = "last commit"),
    printcolumn(name = "Revision", type_ = "integer", json_path = ".status.release.revision", description = "revision of the Helm release"),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason", description = "why it is ready or not"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = rules::cluster_name(),
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::storage_stays(),
    validation = rules::claim_policy_needs_storage(),
    validation = rules::retention_below_storage(),
)]
// Boxed: what is large and stands in few resources. Thousands of them are kept.
pub struct PrometheusClusterSpec {
    /// How many replicas run. Each one scrapes everything and has its own data. `kubectl scale` and a
    /// HorizontalPodAutoscaler change this field. At most 1000: the controllers of Kubernetes make room for all of them at
    /// once, and a slip of the hand must not cost a cluster its control plane.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000))]
    pub replicas: i32,

    /// The whole `prometheus.yml`. Default: a configuration that scrapes Prometheus itself. A change is loaded by the
    /// running Prometheus; no pod restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1_000_000))]
    pub config: Option<String>,

    /// Rule files: file name → text with recording and alerting rules. They are mounted beside the configuration and
    /// added to its `rule_files`. A name ends in `.yaml` or `.yml`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "shapes::rule_files")]
    #[x_kube(validation = rules::rule_files())]
    pub rules: BTreeMap<String, String>,

    /// Version of Prometheus, such as `v3.5.0`: the tag of the image. Default: the chart's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = rules::version())]
    pub version: Option<String>,

    /// The whole image, in place of the chart's repository and `version`, such as
    /// `registry.example.com/prometheus:v3.5.0` or `…@sha256:…`. Set `version` as well if the tag does not say it: some
    /// flags depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::image())]
    pub image: Option<String>,

    /// Secrets in this namespace that hold the credentials of the image's registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub image_pull_secrets: Vec<LocalObjectReference>,

    /// How long, and how much, Prometheus keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,

    /// The volume for the data of each replica. Without it data lives in an emptyDir and is gone with the pod. Cannot
    /// change once the cluster exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Box<Storage>>,

    /// What happens to the data when the cluster is deleted or scaled down. Default: it is retained, and attached again
    /// when the cluster comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistent_volume_claim_retention_policy: Option<ClaimRetention>,

    /// CPU and memory that each replica requests and is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shapes::resources")]
    pub resources: Option<Box<ResourceRequirements>>,

    /// Labels that a node must have to run a replica.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "shapes::labels")]
    pub node_selector: BTreeMap<String, String>,

    /// On which nodes, and near which pods, replicas may or should run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Box<Affinity>>,

    /// Taints of nodes that replicas tolerate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub tolerations: Vec<Toleration>,

    /// How replicas spread over zones and nodes. Default: the chart's, over nodes, as far as possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,

    /// The PriorityClass of the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    #[x_kube(validation = rules::priority_class_name())]
    pub priority_class_name: Option<String>,

    /// Labels and annotations added to the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_metadata: Option<PodMetadata>,

    /// Security settings of the pods. Default: the chart's, which pass the `restricted` Pod Security Standard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_security_context: Option<Box<PodSecurityContext>>,

    /// An existing ServiceAccount for the pods. Default: one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    #[x_kube(validation = rules::service_account_name())]
    pub service_account_name: Option<String>,

    /// Labels added to everything that leaves this Prometheus: federation, remote write, alerts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "shapes::external_labels")]
    #[x_kube(validation = rules::external_labels())]
    pub external_labels: BTreeMap<String, String>,

    /// The URL under which users reach this Prometheus, for links in alerts and in its own pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    #[x_kube(validation = rules::external_url())]
    pub external_url: Option<String>,

    /// Path prefix of all of Prometheus' own routes, probes included. Default: the path of `externalUrl`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    #[x_kube(validation = rules::route_prefix())]
    pub route_prefix: Option<String>,

    /// How much Prometheus logs. Default: `info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<LogLevel>,

    /// The shape of its log lines. Default: `logfmt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,

    /// Features behind a flag to switch on, such as `exemplar-storage`
    /// (<https://prometheus.io/docs/prometheus/latest/feature_flags/>).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::feature_names")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub enable_features: Vec<String>,

    /// Further command-line flags of Prometheus, one an item, such as `--web.max-connections=64`. A flag that a field
    /// of this resource sets is refused here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::arguments")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub additional_args: Vec<String>,

    /// Secrets in this namespace to mount, each under `/etc/prometheus/secrets/<name>`: for passwords, tokens and
    /// certificates that the configuration reads with `…_file`. Their content never reaches git.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::secret_names")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub secrets: Vec<String>,

    /// ConfigMaps in this namespace to mount, each under `/etc/prometheus/configmaps/<name>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::config_map_names")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub config_maps: Vec<String>,

    /// Helm values of the chart, merged over everything that the other fields set: nothing that the chart can do is out
    /// of reach. Free form; the chart's own schema checks them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(schema_with = "shapes::free_form")]
    pub values: Map<String, Value>,

    /// How this cluster is delivered. Default: as the agent is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,

    /// True: nothing is rendered, committed or applied until it is false again. What runs keeps running.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
}

/// How much Prometheus logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// The shape of Prometheus' log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Logfmt,
    Json,
}

fn one() -> i32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}
