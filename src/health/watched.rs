//! A kind turned into the answer whether its health depends on its status.

/// Groups of the API server itself that look like a domain. Others that end in `.k8s.io` (`gateway.networking.k8s.io`,
/// `cluster.x-k8s.io`) are custom resources. Source: the packages of k8s.io/api v0.37, and the two of
/// k8s.io/apiextensions-apiserver and k8s.io/kube-aggregator.
const BUILT_IN: &[&str] = &[
    "admission.k8s.io",
    "admissionregistration.k8s.io",
    "apidiscovery.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "imagepolicy.k8s.io",
    "internal.apiserver.k8s.io",
    "lifecycle.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// Whether somebody has to watch objects of this kind to know how they are. An object of any other kind is well as
/// soon as the API server has taken it. Services count as well: only a load balancer could wait, for an address that
/// the API server gives at once.
pub fn is_watched(api_version: &str, kind: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, kind) {
        ("", "Pod" | "PersistentVolumeClaim") => true,
        ("apps" | "extensions", "DaemonSet" | "Deployment" | "ReplicaSet") => true,
        ("apps", "StatefulSet") | ("batch", "Job") => true,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => true,
        _ => is_custom(api_version),
    }
}

/// Whether objects of this group are custom resources. Their group has a dot, which the old built-in ones have not.
pub fn is_custom(api_version: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    group.contains('.') && !BUILT_IN.contains(&group)
}
