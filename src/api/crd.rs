//! From the Rust types to the CustomResourceDefinition, as a typed value and as the file of `charts/promgit-crds`.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps,
};
use kube::CustomResourceExt;
use serde_json::{Value, json};
use std::sync::LazyLock;

use super::spec::PrometheusCluster;
use super::structural;

/// The lines above and inside the file. The file is a plain definition for `kubectl apply` and a Helm template at once:
/// what Helm is to fill in stands in a comment of YAML.
const HEADER: &str = "# Written by `promgit crd` from the types in src/api. Do not edit.\n";
const KEEP: &str = "    helm.sh/resource-policy: keep\n";
const FROM_VALUES: &str = "    # {{- with .Values.annotations }}{{ toYaml . | nindent 4 }}{{- end }}\n";

static SCHEMA: LazyLock<Result<JSONSchemaProps, String>> =
    LazyLock::new(|| build().map_err(|error| error.to_string()).and_then(schema_of));

/// The definition in its two forms.
#[derive(Clone, Debug)]
pub struct Definition {
    /// For clients.
    pub typed: CustomResourceDefinition,
    /// The same as JSON.
    pub json: Value,
}

/// Why there is no definition: the types of this program do not make a valid one, which the tests exclude.
#[derive(Debug, thiserror::Error)]
pub enum CrdError {
    /// The published form is not what Kubernetes' types can hold.
    #[error("cannot build the CustomResourceDefinition of PrometheusCluster: {0}; this is a bug of promgit")]
    Build(String),
}

/// The definition. It takes a megabyte, so whoever needs it makes it.
pub fn definition() -> Result<Definition, CrdError> {
    build().map_err(|error| CrdError::Build(error.to_string()))
}

/// The schema of the one version, which every resource is held against: made once.
pub fn schema() -> Result<&'static JSONSchemaProps, CrdError> {
    SCHEMA.as_ref().map_err(|error| CrdError::Build(error.clone()))
}

fn schema_of(definition: Definition) -> Result<JSONSchemaProps, String> {
    let version = definition.typed.spec.versions.into_iter().next();
    let schema = version.and_then(|version| version.schema?.open_api_v3_schema);
    schema.ok_or_else(|| "it has no schema".to_owned())
}

/// The file `charts/promgit-crds/templates/prometheusclusters.promgit.dev.yaml`, to the byte.
pub fn yaml() -> Result<String, CrdError> {
    let text =
        serde_yaml::to_string(&definition()?.json).map_err(|error| CrdError::Build(error.to_string()))?;
    Ok(format!("{HEADER}{}", text.replacen(KEEP, &format!("{KEEP}{FROM_VALUES}"), 1)))
}

fn build() -> Result<Definition, serde_json::Error> {
    let mut json = serde_json::to_value(PrometheusCluster::crd())?;
    if let Some(schema) = json.pointer_mut("/spec/versions/0/schema/openAPIV3Schema") {
        structural::finish(schema);
        describe_common_fields(schema);
    }
    if let Some(Value::Object(metadata)) = json.get_mut("metadata") {
        metadata.insert("annotations".to_owned(), json!({ "helm.sh/resource-policy": "keep" }));
    }
    Ok(Definition { typed: serde_json::from_value(json.clone())?, json })
}

/// What every object has, with Kubernetes' meaning; kube leaves it out. `metadata` may hold no more than the name here,
/// which the rule about it points at.
fn describe_common_fields(schema: &mut Value) {
    let common = [
        ("apiVersion", json!({ "type": "string", "description": "Always `promgit.dev/v1alpha1`." })),
        ("kind", json!({ "type": "string", "description": "Always `PrometheusCluster`." })),
        ("metadata", json!({ "type": "object", "properties": { "name": { "type": "string" } } })),
    ];
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.extend(common.map(|(name, schema)| (name.to_owned(), schema)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::names;
    use kube::Resource;

    #[test]
    fn is_named_as_the_constants_say() {
        let kind = PrometheusCluster::kind(&());
        assert_eq!(
            (PrometheusCluster::api_version(&()).as_ref(), kind.as_ref()),
            (names::API_VERSION, names::KIND)
        );
        assert_eq!(PrometheusCluster::group(&()), names::GROUP);
        assert_eq!(PrometheusCluster::version(&()), names::VERSION);
        assert_eq!(PrometheusCluster::plural(&()), names::PLURAL);
        assert_eq!(PrometheusCluster::crd_name(), names::CRD);
    }
}
