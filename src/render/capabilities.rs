//! What a chart may know of the cluster and of Helm: `.Capabilities` (Helm `pkg/chart/common/capabilities.go`).

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use crate::template::func::{CallError, Method};
use crate::template::types::{Named, Type};
use crate::template::value::{List, Object, Value};

/// The API versions that `helm template` 4.3.1 assumes when it is told none: what its Kubernetes client knows.
const DEFAULT_API_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// `.Capabilities.HelmVersion` of a helm 4.3.1 built by `go install`: that build knows no commit, and its version is
/// the constant of the source (`internal/version/version.go`).
const HELM_VERSION: &str = "v4.3";
const HELM_GO_VERSION: &str = "go1.26.8";
const HELM_KUBE_CLIENT_VERSION: &str = "v1.37";

/// The Kubernetes version that helm 4.3.1 assumes: that of its client library.
const DEFAULT_KUBE_VERSION: (u64, u64) = (1, 37);

/// The cluster that a chart is rendered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    pub kube_version: KubeVersion,
    /// `apps/v1`, `monitoring.coreos.com/v1`, …
    pub api_versions: Arc<[String]>,
}

/// A Kubernetes version: `v1.33.4-gke.1245000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// As given, with a leading `v`.
    pub version: String,
    /// Without what follows the patch number: what version constraints are checked against. Empty where a server told its
    /// version.
    pub normalized: String,
    pub major: String,
    pub minor: String,
}

impl KubeVersion {
    /// What version constraints are checked against.
    pub fn compared(&self) -> &str {
        if self.normalized.is_empty() { &self.version } else { &self.normalized }
    }
}

impl Default for Capabilities {
    /// What `helm template` assumes of a cluster that it does not ask.
    fn default() -> Self {
        let (major, minor) = DEFAULT_KUBE_VERSION;
        let version = format!("v{major}.{minor}.0");
        let kube_version = KubeVersion {
            normalized: version.clone(),
            version,
            major: major.to_string(),
            minor: minor.to_string(),
        };
        let api_versions = DEFAULT_API_VERSIONS.iter().map(ToString::to_string).collect();
        Capabilities { kube_version, api_versions }
    }
}

impl Capabilities {
    /// The same with further API versions (`--api-versions`).
    #[must_use]
    pub fn with_api_versions(mut self, more: impl IntoIterator<Item = String>) -> Self {
        self.api_versions = self.api_versions.iter().cloned().chain(more).collect();
        self
    }

    /// `.Capabilities`, a `*common.Capabilities`.
    pub fn value(&self) -> Value {
        Value::Object(Rc::new(self.clone()))
    }
}

static CAPABILITIES: Named = Named { name: "*common.Capabilities", underlying: Type::Any, methods: &COPY };
static KUBE_VERSION: Named =
    Named { name: "common.KubeVersion", underlying: Type::Any, methods: &KUBE_VERSION_METHODS };
static VERSION_SET: Named =
    Named { name: "common.VersionSet", underlying: Type::List(&Type::String), methods: &HAS };
static BUILD_INFO: Named = Named { name: "version.BuildInfo", underlying: Type::Any, methods: &[] };

static COPY: [Method; 1] = [Method {
    name: "Copy",
    params: &[],
    variadic: false,
    returns: Type::Named(&CAPABILITIES),
    call: |args| Ok(args.first().cloned().unwrap_or(Value::Nil)),
}];
static KUBE_VERSION_METHODS: [Method; 2] = [STRING, GIT_VERSION];
const STRING: Method = Method {
    name: "String",
    params: &[],
    variadic: false,
    returns: Type::String,
    call: |args| kube_version(args).map(|version| Value::str(version.compared())),
};
const GIT_VERSION: Method = Method {
    name: "GitVersion",
    params: &[],
    variadic: false,
    returns: Type::String,
    call: |args| kube_version(args).map(|version| Value::str(version.version.as_str())),
};
static HAS: [Method; 1] = [Method {
    name: "Has",
    params: &[Type::String],
    variadic: false,
    returns: Type::Bool,
    call: |args| match args {
        [Value::List(versions), wanted] => {
            let wanted = wanted.as_str();
            Ok(Value::Bool(versions.borrow().iter().any(|version| version.as_str() == wanted)))
        }
        _ => Err(CallError::new("Has takes one version")),
    },
}];

fn kube_version(args: &[Value]) -> Result<&KubeVersion, CallError> {
    match args {
        [Value::Object(object)] => object.as_any().downcast_ref(),
        _ => None,
    }
    .ok_or_else(|| CallError::new("the receiver is not a Kubernetes version"))
}

impl Object for Capabilities {
    fn named(&self) -> &'static Named {
        &CAPABILITIES
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "KubeVersion" => Some(Value::Object(Rc::new(self.kube_version.clone()))),
            "APIVersions" => {
                let versions = self.api_versions.iter().map(|version| Value::str(version.as_str())).collect();
                Some(Value::List(List::named(&VERSION_SET, versions)))
            }
            "HelmVersion" => Some(Value::Object(Rc::new(HelmVersion))),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        ["KubeVersion", "APIVersions", "HelmVersion"]
            .into_iter()
            .filter_map(|name| Some((name, self.field(name)?)))
            .collect()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for KubeVersion {
    fn named(&self) -> &'static Named {
        &KUBE_VERSION
    }

    fn field(&self, name: &str) -> Option<Value> {
        let text = match name {
            "Version" => &self.version,
            "Major" => &self.major,
            "Minor" => &self.minor,
            _ => return None,
        };
        Some(Value::str(text.as_str()))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let field = |name, text: &String| (name, Value::str(text.as_str()));
        vec![field("Version", &self.version), field("Major", &self.major), field("Minor", &self.minor)]
    }

    fn printed_fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = self.fields();
        fields.insert(1, ("normalizedVersion", Value::str(self.normalized.as_str())));
        fields
    }

    fn display_in_place(&self) -> Option<String> {
        Some(self.compared().to_owned())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities.HelmVersion`
#[derive(Debug)]
struct HelmVersion;

impl Object for HelmVersion {
    fn named(&self) -> &'static Named {
        &BUILD_INFO
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.fields().into_iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", Value::str(HELM_VERSION)),
            ("GitCommit", Value::str("")),
            ("GitTreeState", Value::str("")),
            ("GoVersion", Value::str(HELM_GO_VERSION)),
            ("KubeClientVersion", Value::str(HELM_KUBE_CLIENT_VERSION)),
        ]
    }

    fn json_fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("version", Value::str(HELM_VERSION)),
            ("go_version", Value::str(HELM_GO_VERSION)),
            ("kube_client_version", Value::str(HELM_KUBE_CLIENT_VERSION)),
        ]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
