//! The CEL rules of the resource: what is asked of a value, and what a user reads who has to write another one.
//!
//! An API server runs them on every write, and [`crate::api::accept`] runs the same ones in-process. They use only what
//! Kubernetes 1.30 has. The API server admits no rule whose estimated cost is out of bounds; `tests/resource.rs` asks it.

use kube::core::{Message, Rule};

use crate::api::names::MAX_NAME;

/// A DNS subdomain (RFC 1123), as most objects are named.
const OBJECT_NAME: &str =
    "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')";

/// What a rule file may be called: a key of a ConfigMap that Prometheus' own tools read.
const RULE_FILE: &str =
    "name.matches('^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?[.]ya?ml$') && size(name) <= 253";

/// What an external label may be called.
const LABEL_NAME: &str = "name.matches('^[a-zA-Z_][a-zA-Z0-9_]*$') && !name.startsWith('__')";

/// What can be made of the name: Services, pods and the label with the revision of a StatefulSet.
pub fn cluster_name() -> Rule {
    Rule::new(format!(
        "size(self.metadata.name) <= {MAX_NAME} && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')"
    ))
    .field_path(".metadata.name")
    .message(format!(
        "metadata.name must be at most {MAX_NAME} lower-case letters, digits and dashes, start with a letter and \
         end with a letter or digit: the Services and the pods of the cluster carry it in their names"
    ).as_str())
}

/// A StatefulSet either has claims or has none, for good.
pub fn storage_stays() -> Rule {
    Rule::new("has(self.storage) == has(oldSelf.storage)").field_path(".storage").message(
        "storage cannot be added or removed once the cluster exists: the claims of a StatefulSet \
            are fixed. Create a cluster with another name, or delete this one and create it again",
    )
}

/// The claims that exist keep all but their size.
pub fn storage_unchanged() -> Rule {
    let same = |field: &str| {
        format!(
            "has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})"
        )
    };
    Rule::new(["storageClassName", "accessModes", "selector"].map(same).join(" && ")).message(
        "only storage.size can change once the cluster exists: the claims that there are keep their class, access modes and \
            selector. Put the old values back; to have other storage, create a cluster with another name",
    )
}

/// A volume grows, if its class lets it, and never shrinks.
pub fn storage_grows() -> Rule {
    Rule::new(
        "!isQuantity(string(self.size)) || !isQuantity(string(oldSelf.size)) \
         || !quantity(string(self.size)).isLessThan(quantity(string(oldSelf.size)))",
    )
    .message(
        "storage.size can only grow: a volume never shrinks. Put the old size back; to have smaller volumes, create a cluster \
            with another name",
    )
}

/// Only claims can be retained.
pub fn claim_policy_needs_storage() -> Rule {
    Rule::new("!has(self.persistentVolumeClaimRetentionPolicy) || has(self.storage)")
        .field_path(".persistentVolumeClaimRetentionPolicy")
        .message(
            "persistentVolumeClaimRetentionPolicy needs storage: without storage the data lives in an \
            emptyDir and there is no claim to retain. Set storage.size or remove the policy",
        )
}

/// Compares Prometheus' `50GB` with Kubernetes' `50Gi`, which are the same; sizes with a fraction are left alone.
pub fn retention_below_storage() -> Rule {
    Rule::new(
        "!has(self.retention) || !has(self.retention.size) || !has(self.storage) \
         || !self.retention.size.matches('^[0-9]+[KMGTPE]B$') || !isQuantity(string(self.storage.size)) \
         || quantity(self.retention.size.replace('B', 'i')).isLessThan(quantity(string(self.storage.size)))",
    )
    .field_path(".retention.size")
    .message(
        "retention.size must be below storage.size: Prometheus needs room for the write-ahead \
            log, about 15 %. Lower retention.size or raise storage.size",
    )
}

/// Rule files have names of files.
pub fn rule_files() -> Rule {
    entries(
        RULE_FILE,
        "rules cannot have a file named",
        "write letters, digits, dashes, underscores and dots, and end in .yaml or .yml, such as node-alerts.yaml",
    )
}

/// External labels have names that every version of Prometheus takes.
pub fn external_labels() -> Rule {
    entries(
        LABEL_NAME,
        "externalLabels cannot have a label named",
        "write letters, digits and underscores, and start with neither a digit nor two underscores, such as datacenter",
    )
}

/// A tag of the image.
pub fn version() -> Rule {
    Rule::new("self.matches('^v[0-9]+[.][0-9]+[.][0-9]+(-[0-9A-Za-z.-]+)?$')")
        .message("version must look like v3.5.0: a leading v and three numbers")
}

/// An image reference, as far as a regular expression can tell.
pub fn image() -> Rule {
    Rule::new("self.matches('^[a-zA-Z0-9]([a-zA-Z0-9.:_/-]*[a-zA-Z0-9])?(@sha256:[0-9a-f]{64})?$')").message(
        "image must be an image reference such as quay.io/prometheus/prometheus:v3.5.0 or \
            quay.io/prometheus/prometheus@sha256:<64 hex digits>",
    )
}

/// The name of an object.
pub fn priority_class_name() -> Rule {
    Rule::new(OBJECT_NAME).message(
        "priorityClassName must be the name of a PriorityClass: lower-case letters, digits, '-' and '.'",
    )
}

/// The name of an object.
pub fn service_account_name() -> Rule {
    Rule::new(OBJECT_NAME).message(
        "serviceAccountName must be the name of a ServiceAccount: lower-case letters, digits, '-' and '.'",
    )
}

/// The name of an object, or nothing.
pub fn storage_class_name() -> Rule {
    Rule::new(format!("self == '' || {OBJECT_NAME}"))
        .message("storage.storageClassName must be the name of a StorageClass: lower-case letters, digits, '-' and '.'")
}

/// An absolute URL of the web.
pub fn external_url() -> Rule {
    Rule::new("isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHost() != ''")
        .message(
            "externalUrl must be a URL with a scheme and a host, such as https://prometheus.example.com/",
        )
}

/// A path without a query.
pub fn route_prefix() -> Rule {
    Rule::new("self.matches('^/([A-Za-z0-9._~-]+/?)*$')")
        .message("routePrefix must be a path that starts with /, such as /prometheus")
}

/// A duration of Prometheus (github.com/prometheus/common `model.ParseDuration`) above zero.
pub fn retention_time() -> Rule {
    Rule::new(
        "self.matches('^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$') && self.matches('[1-9]')",
    )
        .message(
            "retention.time must be a duration of Prometheus, such as 30d, 12h or 1y6w: whole numbers \
            with y, w, d, h, m, s or ms, the largest unit first",
        )
}

/// A size of Prometheus (github.com/alecthomas/units `ParseBase2Bytes`) above zero.
pub fn retention_size() -> Rule {
    Rule::new("self.matches('^([0-9]*[.])?[0-9]+([KMGTPE]i?)?B$') && self.matches('[1-9]')").message(
        "retention.size must be a number with a unit of Prometheus, such as 50GB or 512MB (with \
            the B: not 50G or 50Gi)",
    )
}

/// A quantity of Kubernetes above zero.
pub fn storage_size() -> Rule {
    Rule::new("isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0'))")
        .message("storage.size must be a Kubernetes quantity above zero, such as 50Gi (not 50GB)")
}

/// The labels that selectors use, or that Kubernetes sets itself.
pub fn pod_labels() -> Rule {
    Rule::new(
        "!self.exists(name, name in ['app.kubernetes.io/name', 'app.kubernetes.io/instance', \
         'app.kubernetes.io/managed-by', 'controller-revision-hash', 'statefulset.kubernetes.io/pod-name'])",
    )
    .message(
        "podMetadata.labels must not set app.kubernetes.io/name, app.kubernetes.io/instance, \
            app.kubernetes.io/managed-by or a label of the StatefulSet: the cluster finds its pods \
            by them. Choose another key",
    )
}

/// Only who applies can roll back.
pub fn atomic_needs_apply() -> Rule {
    Rule::new("!has(self.mode) || self.mode != 'External' || !has(self.atomic) || !self.atomic")
        .field_path(".atomic")
        .message(
            "delivery.atomic needs mode Apply: with mode External another tool applies the branch, \
            and promgit cannot roll back. Remove atomic or set it to false",
        )
}

/// Only who applies can put things back.
pub fn correction_needs_apply() -> Rule {
    Rule::new("!has(self.mode) || self.mode != 'External' || !has(self.drift) || self.drift != 'Correct'")
        .field_path(".drift")
        .message(
            "delivery.drift Correct needs mode Apply: with mode External another tool corrects drift. \
            Write Report or Ignore",
        )
}

/// What promgit does not watch it does not take over.
pub fn following_needs_apply() -> Rule {
    Rule::new(
        "!has(self.followHelm) || !self.followHelm \
         || ((!has(self.mode) || self.mode != 'External') && (!has(self.drift) || self.drift != 'Ignore'))",
    )
    .field_path(".followHelm")
    .message(
        "delivery.followHelm needs mode Apply, and drift Correct or Report: with mode External or drift Ignore promgit does not look \
            at what somebody does with helm. Write false, or another mode or drift",
    )
}

/// An object, as messages name it; asked of every item.
pub fn adopted() -> Rule {
    Rule::new("self == '*' || self.matches('^[A-Z][A-Za-z0-9]*/[A-Za-z0-9][-A-Za-z0-9._:]*$')").message(
        "delivery.adopt must be objects as Kind/name, one an item, such as ConfigMap/settings, or '*' for all that the cluster has",
    )
}

/// Pointers into an object (RFC 6901); the whole object is none.
pub fn json_pointers() -> Rule {
    Rule::new("self.all(path, path.matches('^(/([^~/]|~[01])+)+$'))").message(
        "paths must be JSON pointers such as /spec/replicas: each step begins with /, and a / or ~ in a name is written ~1 or ~0",
    )
}

/// A duration of Go in a sensible range. The digits are bounded because a duration that overflows is an error of CEL, not an answer.
pub fn timeout() -> Rule {
    Rule::new(
        "self.matches('^([0-9]{1,5}(h|m|s|ms))+$') && duration(self) >= duration('1s') && duration(self) <= duration('24h')",
    )
        .message("delivery.timeout must be a duration between 1s and 24h, such as 90s, 3m or 1h30m")
}

/// The name of an object; asked of every item.
pub fn secret_name() -> Rule {
    Rule::new(OBJECT_NAME).message(
        "secrets must be names of Secrets in this namespace: lower-case letters, digits, '-' and '.'",
    )
}

/// The name of an object; asked of every item.
pub fn config_map_name() -> Rule {
    Rule::new(OBJECT_NAME).message(
        "configMaps must be names of ConfigMaps in this namespace: lower-case letters, digits, '-' and '.'",
    )
}

/// One feature flag; asked of every item.
pub fn feature_name() -> Rule {
    Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')")
        .message("enableFeatures must be names of feature flags, one an item, such as exemplar-storage")
}

/// One flag with its value; asked of every item.
pub fn argument() -> Rule {
    Rule::new("self.matches('^--[a-z][a-z0-9.-]*(=.*)?$')").message(
        "additionalArgs must be flags with their value in the same item, such as --web.max-connections=64",
    )
}

/// Prometheus does not start with a flag that is given twice; asked of every item.
pub fn argument_of_nobody_else() -> Rule {
    Rule::new(format!("!self.matches('^--(no-)?({})(=.*)?$')", OWN_FLAGS.join("|"))).message(
        "additionalArgs must not repeat a flag that the resource sets: write retention, externalUrl, routePrefix, \
         logLevel, logFormat or enableFeatures instead; configuration, data folder and port are the chart's",
    )
}

/// The flags of Prometheus that fields of the resource, or the chart itself, set; as regular expressions.
const OWN_FLAGS: [&str; 9] = [
    "config[.]file",
    "config[.]auto-reload(-interval)?",
    "storage[.]tsdb[.]path",
    "storage[.]tsdb[.]retention[.](time|size)",
    "web[.]listen-address",
    "web[.]external-url",
    "web[.]route-prefix",
    "log[.](level|format)",
    "enable-feature",
];

/// A quantity of Kubernetes; asked of every limit and request.
pub fn resource() -> Rule {
    Rule::new("isQuantity(string(self))")
        .message("resources must be Kubernetes quantities, such as 500m, 2, 512Mi or 4Gi (not 4GB)")
}

/// A rule over the names in a map, whose message says the name that breaks it.
fn entries(good: &str, cannot: &str, instead: &str) -> Rule {
    Rule::new(format!("self.all(name, {good})")).message(Message::Expression(format!(
        "'{cannot} ' + self.filter(name, !({good}))[0] + ': {instead}'"
    )))
}
