//! Field names that mean more than their JSON says. Source: the types of k8s.io/api v0.37 and their defaults
//! (kubernetes `pkg/apis/*/v1/defaults.go`).

/// Maps whose keys and values are the user's own: nothing in them is dropped or rewritten.
pub const FREE_MAPS: &[&str] =
    &["labels", "annotations", "data", "binaryData", "matchLabels", "nodeSelector", "selector", "parameters"];

/// Maps from a resource's name to a quantity.
pub const AMOUNT_MAPS: &[&str] = &["requests", "limits", "hard", "capacity", "podFixed"];
/// The same, in a LimitRange only: the names are too common.
pub const LIMIT_RANGE_MAPS: &[&str] = &["min", "max", "default", "defaultRequest", "maxLimitRequestRatio"];
/// Fields that are one quantity.
pub const AMOUNTS: &[&str] = &["sizeLimit", "divisor", "averageValue"];

/// Fields that hold a number or a text; a text of digits means the number.
pub const INT_OR_STRING: &[&str] = &["port", "targetPort", "maxUnavailable", "maxSurge", "minAvailable"];

/// Empty structs that the API server keeps, because they choose something.
pub const KEPT_EMPTY: &[&str] = &["emptyDir", "podSelector", "namespaceSelector"];

/// Fields that the API server fills when they are `""` or `0`.
pub const FILLED: &[&str] = &[
    "clusterIP",
    "dnsPolicy",
    "failureThreshold",
    "healthCheckNodePort",
    "imagePullPolicy",
    "nodeName",
    "nodePort",
    "periodSeconds",
    "podManagementPolicy",
    "protocol",
    "restartPolicy",
    "schedulerName",
    "scheme",
    "serviceAccountName",
    "sessionAffinity",
    "successThreshold",
    "targetPort",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "timeoutSeconds",
    "type",
    "volumeName",
];

/// Lists that are maps in truth, with the fields that make an item's key.
pub const KEYED_LISTS: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("env", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("hostAliases", &["ip"]),
    ("imagePullSecrets", &["name"]),
    ("initContainers", &["name"]),
    ("ports", &["containerPort", "protocol"]),
    ("ports", &["port", "protocol"]),
    ("resourceClaims", &["name"]),
    ("secrets", &["name"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("volumeDevices", &["devicePath"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
    ("webhooks", &["name"]),
];

/// Argo CD writes the name of its Application here when it tracks by label, whatever the manifest says
/// (argo-cd `util/kube` `SetAppInstanceLabel`; on the object only, not in pod templates).
pub const TRACKING_LABEL: &str = "app.kubernetes.io/instance";
