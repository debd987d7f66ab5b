//! The arguments of `lookup` turned into the object or list of the API server (Helm `pkg/engine/lookup_func.go`).

use serde_json::{Map, Value as Json};

use super::ask::{AskError, Said, Server};
use super::place::{Place, joined};
use crate::chart::warning::Warning;
use crate::render::outside::{Answer, Wanted};
use crate::template::frozen::Frozen;
use crate::template::value::Value;
use crate::yaml::convert;

/// Finds it; what is not there is an empty map.
pub async fn lookup(server: &Server, wanted: &Wanted) -> Answer {
    let mut answer = Answer { said: Vec::new(), found: Ok(nothing()), size: 0 };
    answer.found = found(server, wanted, &mut answer).await;
    answer
}

async fn found(server: &Server, wanted: &Wanted, answer: &mut Answer) -> Result<Value, String> {
    let (group, version) = parted(&wanted.api_version);
    let (kind, name) = (&wanted.kind, &wanted.name);
    let place = match resource(server, group, version, kind).await {
        Ok(resource) => resource,
        Err(reason) => {
            let joined = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
            let shown = format!("{group}/{version}, Kind={kind}");
            answer.said.extend([
                Warning::error("unable to retrieve resource list")
                    .with("GroupVersion", joined)
                    .with("error", &*reason),
                Warning::error("unable to get apiresource")
                    .with("groupVersionKind", &*shown)
                    .with("error", &*reason),
            ]);
            return Err(format!("unable to get apiresource from unstructured: {shown}: {reason}"));
        }
    };
    let path = match &**name {
        "" => place.list(&wanted.namespace),
        name => place.object(&wanted.namespace, name),
    };
    let path = path.map_err(|error| error.to_string())?;
    match server.get_within(&path, wanted.most).await {
        Ok(Said { json, size }) => {
            answer.size = size;
            Ok(convert::from_json(&if name.is_empty() { as_list(json) } else { json }))
        }
        Err(error) if error.is_not_found() => {
            let what = if name.is_empty() { "resource list" } else { "resource" };
            let line = Warning::debug(format!("lookup: {what} not found"))
                .with("apiVersion", &*wanted.api_version)
                .with("kind", &**kind)
                .with("namespace", &*wanted.namespace);
            answer.said.push(if name.is_empty() { line } else { line.with("name", &**name) });
            Ok(nothing())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn nothing() -> Value {
    Frozen::empty().thaw()
}

/// Group and version of `apps/v1`; both are empty where there is more than one slash
/// (`schema.FromAPIVersionAndKind`).
fn parted(api_version: &str) -> (&str, &str) {
    match api_version.split_once('/') {
        Some((_, version)) if version.contains('/') => ("", ""),
        Some(parts) => parts,
        None => ("", api_version),
    }
}

async fn resource(server: &Server, group: &str, version: &str, kind: &str) -> Result<Place, String> {
    if version.is_empty() && group.is_empty() {
        return Err("groupVersion shouldn't be empty".to_owned());
    }
    let root = if (group, version) == ("", "v1") { "api" } else { "apis" };
    let path = joined(&[root, group, version]);
    let list = server.get(&path).await.map_err(|error: AskError| error.to_string())?;
    let all = list["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_it = |resource: &&Json| {
        resource["kind"] == kind && !resource["name"].as_str().unwrap_or_default().contains('/')
    };
    // Helm goes on without an address where the group is served and the kind is not.
    Ok(all.iter().find(is_it).map_or_else(Place::default, |resource| Place {
        group: group.to_owned(),
        version: version.to_owned(),
        resource: resource["name"].as_str().unwrap_or_default().to_owned(),
        is_namespaced: resource["namespaced"] == true,
    }))
}

/// A list whose items say what they are: a server leaves that out (apimachinery `decodeToList`).
fn as_list(list: Json) -> Json {
    let Json::Object(mut list) = list else { return list };
    let text = |map: &Map<String, Json>, key: &str| map.get(key).and_then(Json::as_str).map(str::to_owned);
    let version = text(&list, "apiVersion").unwrap_or_default();
    let kind = text(&list, "kind").unwrap_or_default();
    let kind = kind.strip_suffix("List").unwrap_or(&kind).to_owned();
    let mut items = match list.remove("items") {
        Some(Json::Array(items)) => items,
        _ => Vec::new(),
    };
    for item in items.iter_mut().filter_map(Json::as_object_mut) {
        if text(item, "kind").unwrap_or_default().is_empty()
            && text(item, "apiVersion").unwrap_or_default().is_empty()
        {
            item.insert("kind".to_owned(), Json::from(&*kind));
            item.insert("apiVersion".to_owned(), Json::from(&*version));
        }
    }
    list.insert("items".to_owned(), Json::Array(items));
    Json::Object(list)
}
