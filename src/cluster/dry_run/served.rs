//! An API server turned into the capabilities that a chart sees, and into the addresses of its kinds
//! (Helm `pkg/action/action.go`, `getCapabilities`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::ask::{AskError, Server};
use super::place::Place;
use crate::chart::warning::Warning;
use crate::render::capabilities::{Capabilities, KubeVersion};

/// All that is served, in two answers; servers before 1.27 do not know this form.
const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// What an API server is.
pub struct Served {
    pub capabilities: Capabilities,
    /// By `apps/v1` and kind.
    pub kinds: BTreeMap<(String, String), Resource>,
    /// What Helm says of parts that are out of order.
    pub warnings: Vec<Warning>,
}

/// Where objects of a kind are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    pub name: String,
    pub is_namespaced: bool,
}

impl Resource {
    /// The place of this resource of a version (`apps/v1`).
    pub fn place(&self, api_version: &str) -> Place {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let (group, version, resource) = (group.to_owned(), version.to_owned(), self.name.clone());
        Place { group, version, resource, is_namespaced: self.is_namespaced }
    }
}

/// Why it is not known what a server is.
#[derive(Debug, thiserror::Error)]
pub enum ServedError {
    #[error("cluster reachability check failed: kubernetes cluster unreachable: {0}")]
    Unreachable(String),
    /// Helm says so twice.
    #[error("could not get apiVersions from Kubernetes: could not get apiVersions from Kubernetes: {0}")]
    Versions(String),
    #[error(
        "{server} lists its kinds in a form of Kubernetes before 1.27, which is not read; take a newer cluster"
    )]
    Old { server: String },
}

/// Asks for the version and for all that is served.
pub async fn served(server: &Server) -> Result<Served, ServedError> {
    let version = server.get("/version").await;
    let version = version.map_err(|error| ServedError::Unreachable(error.plain()))?;
    let mut found = Found::default();
    for path in ["/api", "/apis"] {
        let failed = |error: AskError| ServedError::Versions(error.plain());
        let list = server.get_as(path, AGGREGATED).await.map_err(failed)?;
        if list["kind"] != "APIGroupDiscoveryList" {
            return Err(ServedError::Old { server: server.url.clone() });
        }
        found.groups(&list);
    }
    let text = |key: &str| version[key].as_str().unwrap_or_default().to_owned();
    let kube_version = KubeVersion {
        version: text("gitVersion"),
        normalized: String::new(),
        major: text("major"),
        minor: text("minor"),
    };
    let api_versions = found.versions.into_iter().collect();
    let capabilities = Capabilities { kube_version, api_versions };
    Ok(Served { capabilities, kinds: found.kinds, warnings: orphaned(&found.stale) })
}

fn orphaned(stale: &[String]) -> Vec<Warning> {
    if stale.is_empty() {
        return Vec::new();
    }
    let groups = stale.iter().map(|group| format!("{group}: stale GroupVersion discovery: {group}"));
    let error = format!(
        "unable to retrieve the complete list of server APIs: {}",
        groups.collect::<Vec<_>>().join(", ")
    );
    vec![
        Warning::warn("the kubernetes server has an orphaned API service").with("error", error),
        Warning::warn("to fix this, kubectl delete apiservice <service-name>"),
    ]
}

#[derive(Default)]
struct Found {
    versions: BTreeSet<String>,
    kinds: BTreeMap<(String, String), Resource>,
    stale: Vec<String>,
}

impl Found {
    fn groups(&mut self, list: &Json) {
        for group in items(&list["items"]) {
            let name = group["metadata"]["name"].as_str().unwrap_or_default();
            for version in items(&group["versions"]) {
                let number = version["version"].as_str().unwrap_or_default();
                let joined = if name.is_empty() { number.to_owned() } else { format!("{name}/{number}") };
                match version["freshness"] == "Stale" {
                    true => self.stale.push(joined),
                    false => self.version(&joined, version),
                }
            }
        }
    }

    fn version(&mut self, joined: &str, version: &Json) {
        self.versions.insert(joined.to_owned());
        for resource in items(&version["resources"]) {
            if let Some(kind) = kind(resource) {
                let place = Resource {
                    name: resource["resource"].as_str().unwrap_or_default().to_owned(),
                    is_namespaced: resource["scope"] == "Namespaced",
                };
                self.kinds.entry((joined.to_owned(), kind.to_owned())).or_insert(place);
            }
            let all = [resource].into_iter().chain(items(&resource["subresources"]));
            self.versions.extend(all.filter_map(kind).map(|kind| format!("{joined}/{kind}")));
        }
    }
}

fn items(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().into_iter().flatten()
}

fn kind(resource: &Json) -> Option<&str> {
    resource["responseKind"]["kind"].as_str().filter(|kind| !kind.is_empty())
}
