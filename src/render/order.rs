//! Manifests to the order in which they are installed, and uninstalled (Helm `pkg/release/v1/util/kind_sorter.go`).

use std::cmp::Ordering;

/// Kinds in the order in which Helm creates them; all others come after them, by name.
pub const INSTALL_ORDER: &[&str] = &[
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Kinds in the order in which Helm deletes them; all others come after them, by name.
pub const UNINSTALL_ORDER: &[&str] = &[
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
    "CronJob",
    "Job",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "DaemonSet",
    "RoleBindingList",
    "RoleBinding",
    "RoleList",
    "Role",
    "ClusterRoleBindingList",
    "ClusterRoleBinding",
    "ClusterRoleList",
    "ClusterRole",
    "CustomResourceDefinition",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "ConfigMap",
    "SecretList",
    "Secret",
    "ServiceAccount",
    "PodDisruptionBudget",
    "PodSecurityPolicy",
    "LimitRange",
    "ResourceQuota",
    "NetworkPolicy",
    "Namespace",
    "PriorityClass",
];

/// How two kinds stand to each other in the install order.
pub fn compare(a: &str, b: &str) -> Ordering {
    compare_in(INSTALL_ORDER, a, b)
}

/// The same for the uninstall order, which is not quite the install order backwards.
pub fn compare_uninstall(a: &str, b: &str) -> Ordering {
    compare_in(UNINSTALL_ORDER, a, b)
}

fn compare_in(order: &[&str], a: &str, b: &str) -> Ordering {
    let position = |kind: &str| order.iter().position(|known| *known == kind);
    match (position(a), position(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_kinds_come_first_and_unknown_ones_by_name() {
        let mut kinds = ["Widget", "Service", "Alpha", "Namespace", "", "Deployment"];
        kinds.sort_by(|a, b| compare(a, b));
        assert_eq!(kinds, ["Namespace", "Service", "Deployment", "", "Alpha", "Widget"]);
    }

    #[test]
    fn what_is_installed_first_is_mostly_uninstalled_last() {
        let mut kinds = ["Namespace", "Service", "Widget", "StatefulSet", "ConfigMap"];
        kinds.sort_by(|a, b| compare_uninstall(a, b));
        assert_eq!(kinds, ["Service", "StatefulSet", "ConfigMap", "Namespace", "Widget"]);
    }

    #[test]
    fn both_orders_know_the_same_kinds() {
        let sorted =
            |order: &[&str]| order.iter().map(ToString::to_string).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(sorted(INSTALL_ORDER), sorted(UNINSTALL_ORDER));
    }
}
