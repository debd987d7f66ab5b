//! Objects turned into file names that are stable, readable and never collide.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value as Json;

/// What a file name is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    pub api_version: String,
    pub kind: String,
    /// Empty where the object names none.
    pub namespace: String,
    pub name: String,
}

/// What an API server and kustomize tell objects apart by: the version is no part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId {
    pub kind: String,
    pub name: String,
    /// Empty for the core group.
    pub group: String,
    pub namespace: String,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl Identity {
    /// Reads it from an object; nothing when a part is missing.
    pub fn of(object: &Json) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Json::as_str).map(str::to_string);
        Some(Identity {
            api_version: text("/apiVersion")?,
            kind: text("/kind")?,
            namespace: text("/metadata/namespace").unwrap_or_default(),
            name: text("/metadata/name")?,
        })
    }

    /// The object that this becomes when it is applied; `namespace` is where it goes if it names none.
    pub fn object(&self, namespace: &str) -> ObjectId {
        let group = self.api_version.split_once('/').map_or("", |(group, _)| group);
        let namespace = if self.namespace.is_empty() { namespace } else { &self.namespace };
        let [group, namespace] = [group, namespace].map(str::to_string);
        ObjectId { kind: self.kind.clone(), name: self.name.clone(), group, namespace }
    }
}

/// File systems and git hosts take 255 bytes a name; the rest is left for a suffix.
const LONGEST: usize = 200;

/// One file name an object, in the order given: `statefulset-simple.yaml`. Names that would collide carry
/// the API group, then the namespace, then a number. Compared without case: a clone on macOS or Windows
/// must not lose a file.
pub fn file_names(objects: &[Identity]) -> Vec<String> {
    let spellings: [fn(&Identity) -> String; 3] = [short, with_group, with_namespace];
    let mut names: Vec<String> = objects.iter().map(short).collect();
    for spelling in spellings {
        let twice = repeated(&names);
        for (name, object) in names.iter_mut().zip(objects) {
            if twice.contains(&name.to_lowercase()) {
                *name = spelling(object);
            }
        }
    }
    number(names).into_iter().map(|name| name + ".yaml").collect()
}

fn short(object: &Identity) -> String {
    safe(&format!("{}-{}", object.kind.to_lowercase(), object.name))
}

fn with_group(object: &Identity) -> String {
    let group = object.api_version.split_once('/').map_or("core", |(group, _)| group);
    safe(&format!("{}.{group}-{}", object.kind.to_lowercase(), object.name))
}

fn with_namespace(object: &Identity) -> String {
    let group = object.api_version.split_once('/').map_or("core", |(group, _)| group);
    safe(&format!("{}.{group}-{}-{}", object.kind.to_lowercase(), object.namespace, object.name))
}

/// Object names such as `system:node` hold characters that some file systems refuse.
fn safe(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '_' };
    name.chars().map(plain).take(LONGEST).collect()
}

fn repeated(names: &[String]) -> BTreeSet<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name.to_lowercase()).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect()
}

fn number(names: Vec<String>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let free = |name: String| {
        let candidates = std::iter::once(name.clone()).chain((2..).map(move |n| format!("{name}-{n}")));
        candidates.into_iter().find(|name| taken.insert(name.to_lowercase())).unwrap_or_default()
    };
    names.into_iter().map(free).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> Identity {
        let [api_version, kind, namespace, name] = [api_version, kind, namespace, name].map(String::from);
        Identity { api_version, kind, namespace, name }
    }

    #[test]
    fn kind_and_name_are_enough() {
        let names = file_names(&[
            object("apps/v1", "StatefulSet", "", "simple"),
            object("v1", "Service", "", "simple"),
        ]);
        assert_eq!(names, ["statefulset-simple.yaml", "service-simple.yaml"]);
    }

    #[test]
    fn colliding_names_carry_the_group() {
        let names = file_names(&[
            object("networking.k8s.io/v1", "Ingress", "", "a"),
            object("config.openshift.io/v1", "Ingress", "", "a"),
            object("v1", "Service", "", "a"),
        ]);
        let expected =
            ["ingress.networking.k8s.io-a.yaml", "ingress.config.openshift.io-a.yaml", "service-a.yaml"];
        assert_eq!(names, expected);
    }

    #[test]
    fn then_the_namespace_then_a_number() {
        let names = file_names(&[
            object("v1", "Service", "x", "a"),
            object("v1", "Service", "y", "a"),
            object("v1", "Service", "y", "A"),
        ]);
        assert_eq!(names, ["service.core-x-a.yaml", "service.core-y-a.yaml", "service.core-y-A-2.yaml"]);
    }

    #[test]
    fn hostile_names_stay_one_path_component() {
        let names =
            file_names(&[object("v1", "ClusterRole", "", "../../etc/passwd"), object("", "", "", "")]);
        assert_eq!(names, ["clusterrole-.._.._etc_passwd.yaml", "-.yaml"]);
    }
}
