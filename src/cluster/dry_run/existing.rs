//! Rendered objects and what the cluster has turned into what an installation would stumble over
//! (Helm `pkg/action/validate.go`, `pkg/kube/client.go`, `Build`).

use serde_json::Value as Json;

use super::ask::{AskError, Server};
use super::metadata;
use super::place::Place;
use super::served::Served;
use crate::template::quote::quote;

/// Whose objects these are going to be.
pub struct Owner<'a> {
    pub release: &'a str,
    pub namespace: &'a str,
    /// The objects need not be the release's own (`--take-ownership`).
    pub takes_over: bool,
}

/// Why Helm would not go on; the texts are Helm's.
#[derive(Debug, thiserror::Error)]
pub enum ExistingError {
    #[error("unable to build kubernetes objects from release manifest: {0}")]
    Build(String),
    #[error("unable to continue with install: {0}")]
    Continue(String),
}

/// An object with its address.
pub struct Placed {
    kind: String,
    namespace: String,
    name: String,
    has_generated_name: bool,
    place: Place,
}

/// Finds the address of every object.
pub fn build(objects: &[Json], served: &Served, namespace: &str) -> Result<Vec<Placed>, ExistingError> {
    let (mut placed, mut wrong) = (Vec::new(), Vec::new());
    for object in objects {
        if let Err(reason) = has_kind(object) {
            wrong.push(reason);
            break;
        }
        match metadata::wrong(&object["metadata"]) {
            Some(reason) => wrong.push(format!("unable to decode \"\": {reason}")),
            None => place(object, served, namespace, &mut placed, &mut wrong),
        }
    }
    wrong.dedup();
    match &*wrong {
        [] => Ok(placed),
        [one] => Err(ExistingError::Build(one.clone())),
        several => Err(ExistingError::Build(format!("[{}]", several.join(", ")))),
    }
}

/// What kubectl's validation says before anything is sent (`getObjectKind`).
fn has_kind(object: &Json) -> Result<(), String> {
    let wrong = |key: &&str| match &object[*key] {
        Json::Null => Some(format!("{key} not set")),
        Json::String(text) if text.is_empty() => Some(format!("{key} not set")),
        Json::String(_) => None,
        _ => Some(format!("{key} isn't string type")),
    };
    let said: Vec<String> = ["apiVersion", "kind"].iter().filter_map(wrong).collect();
    match &*said {
        [] => Ok(()),
        [one] => Err(format!("error validating \"\": error validating data: {one}")),
        several => Err(format!("error validating \"\": error validating data: [{}]", several.join(", "))),
    }
}

fn place(object: &Json, served: &Served, namespace: &str, placed: &mut Vec<Placed>, wrong: &mut Vec<String>) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned();
    let (api_version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
    let own = text("/metadata/namespace");
    let known = |kind: &str| served.kinds.get(&(api_version.clone(), kind.to_owned()));
    let is_list =
        (api_version == "v1" && kind == "List") || kind.strip_suffix("List").and_then(known).is_some();
    if let Some(items) = object["items"].as_array().filter(|_| is_list) {
        let mut unknown = Vec::new();
        items.iter().for_each(|item| place(item, served, namespace, placed, &mut unknown));
        // kubectl has fewer words for what is in a list.
        wrong.extend(unknown.iter().map(|reason| match reason.split_once("\": no matches") {
            Some((_, rest)) => {
                format!("unable to recognize no matches{}", rest.lines().next().unwrap_or_default())
            }
            None => reason.clone(),
        }));
        return;
    }
    let Some(resource) = known(&kind) else {
        let [name, own, kind, version] =
            [&name, &own, &kind, &api_version].map(|text| quote(text.as_bytes()));
        wrong.push(format!(
            "resource mapping not found for name: {name} namespace: {own} from \"\": no matches for kind {kind} in \
             version {version}\nensure CRDs are installed first"
        ));
        return;
    };
    let own = if own.is_empty() && resource.is_namespaced { namespace.to_owned() } else { own };
    placed.push(Placed {
        place: resource.place(&api_version),
        has_generated_name: !text("/metadata/generateName").is_empty(),
        kind,
        namespace: own,
        name,
    });
}

/// Asks for each object; one that is there has to be the release's.
pub async fn check(server: &Server, placed: &[Placed], owner: &Owner<'_>) -> Result<(), ExistingError> {
    for object in placed {
        let Placed { kind, namespace, name, has_generated_name, place } = object;
        match (name.is_empty(), has_generated_name) {
            (true, true) => continue,
            (false, true) => {
                let reason = "metadata.name and metadata.generateName cannot both be set";
                return Err(ExistingError::Continue(reason.to_owned()));
            }
            _ => {}
        }
        let shown = format!("{kind} {} in namespace {}", quote(name.as_bytes()), quote(namespace.as_bytes()));
        let unknown = |reason: String| {
            ExistingError::Continue(format!("could not get information about the resource {shown}: {reason}"))
        };
        let path = place.object(namespace, name).map_err(|error| unknown(error.to_string()))?;
        let there = match server.get(&path).await {
            Ok(there) => there,
            Err(error) if error.is_not_found() => continue,
            Err(error @ (AskError::Status { .. } | AskError::Transport { .. })) => {
                return Err(unknown(error.to_string()));
            }
            Err(error) => return Err(ExistingError::Continue(error.to_string())),
        };
        let foreign = foreign(&there, owner);
        if !owner.takes_over && !foreign.is_empty() {
            return Err(ExistingError::Continue(format!(
                "{shown} exists and cannot be imported into the current release: invalid ownership metadata; {}",
                foreign.join("; ")
            )));
        }
    }
    Ok(())
}

/// What says that an object is not the release's (`checkOwnership`).
fn foreign(there: &Json, owner: &Owner<'_>) -> Vec<String> {
    let marks = [
        ("label", "labels", "app.kubernetes.io/managed-by", "Helm"),
        ("annotation", "annotations", "meta.helm.sh/release-name", owner.release),
        ("annotation", "annotations", "meta.helm.sh/release-namespace", owner.namespace),
    ];
    let wrong = |(what, place, key, wanted): (&str, &str, &str, &str)| {
        let shown = quote(wanted.as_bytes());
        match there["metadata"][place][key].as_str() {
            Some(found) if found == wanted => None,
            Some(found) => Some(format!(
                "{what} validation error: key \"{key}\" must equal {shown}: current value is {}",
                quote(found.as_bytes())
            )),
            None => Some(format!("{what} validation error: missing key \"{key}\": must be set to {shown}")),
        }
    };
    marks.into_iter().filter_map(wrong).collect()
}
