//! A rendered document turned into the objects of a folder: one, none (comments only), or the items of a list.

use serde_json::{Value as Json, json};

use crate::chart::model::Crd;
use crate::ledger::folder::Object;
use crate::ledger::names::Identity;
use crate::ledger::text::{self, TextError};
use crate::render::manifests::Manifest;
use crate::render::split;
use crate::yaml::convert;
use crate::yaml::read::{self, ReadError};

/// Why a document holds no objects that could be committed. The chart is what has to be mended.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    #[error("{path}: {source}")]
    Manifest { path: String, source: ReadError },
    /// `item`: empty, or the place in a list.
    #[error(
        "{path}: {item}a manifest is not an object with apiVersion, kind and metadata.name; correct the chart"
    )]
    NoObject { path: String, item: String },
    #[error(
        "{path}: {item}{kind} has the name {name:?}, which is no part of a path: no object can be called so; correct what \
         sets metadata.name"
    )]
    Name { path: String, item: String, kind: String, name: String },
    #[error("{path}: {source}")]
    Item { path: String, source: TextError },
}

/// What a manifest of the release holds.
pub fn rendered(manifest: Manifest) -> Result<Vec<Object>, ObjectError> {
    let (path, text) = (manifest.path.to_text().into_owned(), manifest.text.clone());
    let json = manifest.into_json().map_err(|source| ObjectError::Manifest { path: path.clone(), source })?;
    of_document(&path, &text, json)
}

/// The definitions in a file of the chart's `crds/`, which Helm does not render.
pub fn definitions(file: &Crd) -> impl Iterator<Item = Result<Vec<Object>, ObjectError>> {
    split::documents(&file.data).into_iter().map(|document| {
        let failed = |source| ObjectError::Manifest { path: file.path.clone(), source };
        of_document(&file.path, document, convert::to_json(&read::value(document).map_err(failed)?))
    })
}

/// The objects of one document of the file `path`. What stands alone keeps its text, to the byte; the items of a list
/// have none of their own and get the canonical one.
pub fn of_document(path: &str, bytes: &[u8], json: Json) -> Result<Vec<Object>, ObjectError> {
    if json.is_null() {
        return Ok(Vec::new());
    }
    if let Some(items) = items(&json) {
        let item = |(number, item)| self::item(path, &json, number, item);
        return items.iter().enumerate().map(item).collect();
    }
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(vec![object(path, "", text, json)?])
}

/// What kubectl and Helm apply one by one (`k8s.io/apimachinery`, `UnstructuredList`): `List`, `ConfigMapList` and the
/// like. A list in a list is not taken apart, and refused where it has no name.
fn items(json: &Json) -> Option<&Vec<Json>> {
    json["kind"].as_str()?.ends_with("List").then(|| json["items"].as_array())?
}

/// The items of a list of one kind may leave out what the list says.
fn item(path: &str, list: &Json, number: usize, item: &Json) -> Result<Object, ObjectError> {
    let mut item = item.clone();
    let kind = list["kind"].as_str().and_then(|kind| kind.strip_suffix("List")).unwrap_or_default();
    if let Some(fields) = item.as_object_mut().filter(|_| !kind.is_empty()) {
        fields.entry("kind").or_insert_with(|| json!(kind));
        fields.entry("apiVersion").or_insert_with(|| list["apiVersion"].clone());
    }
    let text = text::yaml("an item of the list", &item);
    let text = text.map_err(|source| ObjectError::Item { path: path.to_string(), source })?;
    object(path, &format!("items[{number}]: "), text, item)
}

fn object(path: &str, item: &str, text: String, json: Json) -> Result<Object, ObjectError> {
    let field = |pointer: &str| json.pointer(pointer).and_then(Json::as_str).map(str::to_string);
    let identity = (|| {
        Some(Identity {
            api_version: field("/apiVersion")?,
            kind: field("/kind")?,
            namespace: field("/metadata/namespace").unwrap_or_default(),
            name: field("/metadata/name")?,
        })
    })();
    let nothing = || ObjectError::NoObject { path: path.to_string(), item: item.to_string() };
    let identity = identity.ok_or_else(nothing)?;
    if !is_path_segment(&identity.name) {
        let Identity { kind, name, .. } = identity;
        return Err(ObjectError::Name { path: path.to_string(), item: item.to_string(), kind, name });
    }
    Ok(Object { identity, text, json })
}

/// The rule for every object (`k8s.io/apimachinery/pkg/api/validation/path/name.go`), and what a URL would cut off: a name
/// is part of the path of a request.
fn is_path_segment(name: &str) -> bool {
    let is_cut = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '%' | '?' | '#' | '\\');
    !matches!(name, "" | "." | "..") && !name.contains(is_cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_objects(document: &str) -> Result<Vec<Object>, ObjectError> {
        let json = convert::to_json(&read::value(document.as_bytes()).unwrap());
        of_document("c/templates/x.yaml", document.as_bytes(), json)
    }

    fn texts(document: &str) -> Vec<String> {
        let found = read_objects(document).unwrap();
        found
            .into_iter()
            .map(|object| format!("{}/{}:\n{}", object.identity.kind, object.identity.name, object.text))
            .collect()
    }

    #[test]
    fn an_object_keeps_its_text() {
        let text = "# why\nkind:   A\napiVersion: v1\nmetadata: {name: a}";
        assert_eq!(texts(text), [format!("A/a:\n{text}\n")]);
        assert!(texts("# a licence\n").is_empty());
    }

    #[test]
    fn a_list_is_its_items() {
        let list = "apiVersion: v1\nkind: List\nitems:\n- {kind: A, apiVersion: v1, metadata: {name: a}}\n\
                    - {kind: B, apiVersion: x/v1, metadata: {name: b}}\n";
        let a = "A/a:\napiVersion: v1\nkind: A\nmetadata:\n  name: a\n";
        let b = "B/b:\napiVersion: x/v1\nkind: B\nmetadata:\n  name: b\n";
        assert_eq!(texts(list), [a, b]);
        assert!(texts("apiVersion: v1\nkind: List\nitems: []\n").is_empty());
        let typed = "apiVersion: v1\nkind: AList\nmetadata: {name: x}\nitems:\n- metadata: {name: a}\n";
        assert_eq!(texts(typed), [a]);
    }

    #[test]
    fn what_is_no_list_of_items_is_an_object() {
        let text = "apiVersion: x/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {items: [1]}\n";
        assert_eq!(texts(text), [format!("AllowList/a:\n{text}")]);
    }

    #[test]
    fn a_name_is_part_of_a_path() {
        for name in ["..", "../x", "a/token", "a?x", "a#x", "a b", "a%2fb", ""] {
            let text = format!("apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name:?}}}\n");
            let error = read_objects(&text).unwrap_err().to_string();
            assert!(error.contains("ServiceAccount has the name"), "{error}");
        }
        for name in ["a", "system:a", "a.b-c", "..a"] {
            assert!(
                read_objects(&format!("apiVersion: v1\nkind: A\nmetadata: {{name: {name:?}}}\n")).is_ok()
            );
        }
    }

    #[test]
    fn an_item_that_is_no_object_is_named() {
        for items in ["[1]", "[{kind: A, apiVersion: v1}]", "[{kind: List, apiVersion: v1, items: []}]"] {
            let list = format!("apiVersion: v1\nkind: List\nitems: {items}\n");
            let error = read_objects(&list).unwrap_err().to_string();
            let expected = "c/templates/x.yaml: items[0]: a manifest is not an object with apiVersion";
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
