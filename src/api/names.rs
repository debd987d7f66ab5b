//! The names of the resource, and how long a cluster's own name may be.

/// API group.
pub const GROUP: &str = "promgit.dev";
/// Version of the API.
pub const VERSION: &str = "v1alpha1";
/// `apiVersion` of every object.
pub const API_VERSION: &str = "promgit.dev/v1alpha1";
/// Kind.
pub const KIND: &str = "PrometheusCluster";
/// Plural, as in `kubectl get prometheusclusters`.
pub const PLURAL: &str = "prometheusclusters";
/// Name of the CustomResourceDefinition.
pub const CRD: &str = "prometheusclusters.promgit.dev";

/// Keeps a resource that is deleted until its objects are.
pub const FINALIZER: &str = "promgit.dev/release";

/// The namespace of a resource that names none, as kubectl without a context has it.
pub const DEFAULT_NAMESPACE: &str = "default";

/// Longest name of a cluster. Every pod of a StatefulSet carries the label `controller-revision-hash`, made of the
/// StatefulSet's name, a dash and a hash of up to 10 characters, and a label value holds 63; Helm's own limit for a
/// release name (53) is just above.
pub const MAX_NAME: usize = 52;
