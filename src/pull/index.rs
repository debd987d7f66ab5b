//! The bytes of an `index.yaml` turned into the charts of a repository and their versions (Helm `pkg/repo/v1/index.go`).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::chart::json::to_json;
use crate::chart::load::depth::{TooDeep, bounded};
use crate::chart::metadata::{DEPENDENCY, METADATA};
use crate::chart::metadata::{DecodeError, Metadata};
use crate::chart::semver::{Constraint, SemverError, Version};
use crate::chart::warning::Warning;
use crate::template::quote::quote;
use crate::yaml::convert::kind;
use crate::yaml::read;

/// The largest public indexes have about 20 MB.
pub const MAX_INDEX: usize = 32 << 20;
/// Values in an index, keys included: each begins behind one of these characters. A reader keeps each in memory, and
/// 32 MB of `[[[[` would be many; 20 MB of a real index have less than two million.
const MAX_MARKS: usize = 3_000_000;

/// What a repository has.
#[derive(Debug)]
pub struct Index {
    entries: BTreeMap<String, Vec<Entry>>,
    /// What Helm says of entries that it leaves out.
    pub warnings: Vec<Warning>,
}

/// One version of a chart.
#[derive(Clone, Debug)]
pub struct Entry {
    /// As written.
    pub version: String,
    parsed: Version,
    pub urls: Vec<String>,
    /// As written: hexadecimal digits of a SHA-256, perhaps behind `sha256:`; empty where the index has none.
    pub digest: String,
}

/// Why bytes are no index; the texts are Helm's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    #[error("empty index.yaml file")]
    Empty,
    #[error("no API version specified")]
    NoApiVersion,
    #[error(transparent)]
    Yaml(#[from] read::ReadError),
    /// In an index that is YAML, and not JSON itself.
    #[error("error unmarshaling JSON: while decoding JSON: {0}")]
    Structure(StructureError),
    #[error(transparent)]
    JsonStructure(StructureError),
    #[error(
        "the index holds more than {MAX_MARKS} values, which no repository needs; look at what is served there"
    )]
    TooMany,
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
}

/// Why a value is not what Helm's structures hold; the texts are encoding/json's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    #[error("json: unknown field {0}")]
    UnknownField(String),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("json: cannot unmarshal {0}")]
    Shape(String),
}

/// Why an index has no such chart; the texts are Helm's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GetError {
    #[error("no chart name found")]
    NoName,
    #[error("no chart version found")]
    NoVersions,
    #[error(transparent)]
    Constraint(#[from] SemverError),
    #[error("no chart version found for {name}-{version}")]
    NoVersion { name: String, version: String },
}

/// Reads an index; `source` is where warnings say it comes from.
pub fn parse(bytes: &[u8], source: &str) -> Result<Index, IndexError> {
    if bytes.is_empty() {
        return Err(IndexError::Empty);
    }
    check_size(bytes)?;
    let (tree, strict) = tree(bytes)?;
    let top = match &tree {
        Json::Null => return Err(IndexError::NoApiVersion),
        Json::Object(map) => map,
        other => {
            let text = format!("{} into Go value of type repo.IndexFile", kind(other));
            return Err(IndexError::Structure(StructureError::Shape(text)));
        }
    };
    let index = entries(top, source, strict);
    let index = index.map_err(if strict { IndexError::Structure } else { IndexError::JsonStructure })?;
    match field(top, "apiVersion") {
        None | Some(Json::Null) => Err(IndexError::NoApiVersion),
        Some(Json::String(text)) if text.is_empty() => Err(IndexError::NoApiVersion),
        Some(_) => Ok(index),
    }
}

fn entries(top: &Map<String, Json>, source: &str, strict: bool) -> Result<Index, StructureError> {
    if strict {
        known_fields(top, TOP)?;
    }
    let mut index = Index { entries: BTreeMap::new(), warnings: Vec::new() };
    match field(top, "entries") {
        None | Some(Json::Null) => {}
        Some(Json::Object(charts)) => {
            for (name, versions) in charts {
                let read = index.chart(name, versions, source, strict)?;
                index.entries.insert(name.clone(), read);
            }
        }
        Some(other) => return Err(wrong("entries", other, "map[string]repo.ChartVersions")),
    }
    match field(top, "apiVersion") {
        Some(other @ (Json::Object(_) | Json::Array(_))) => Err(wrong("apiVersion", other, "string")),
        _ => Ok(index),
    }
}

/// JSON is read as JSON and may hold anything; YAML holds what Helm knows, and nothing else.
fn tree(bytes: &[u8]) -> Result<(Json, bool), IndexError> {
    let starts = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if matches!(starts, Some(b'{'))
        && let Ok(tree) = serde_json::from_slice(bytes)
    {
        return Ok((tree, false));
    }
    Ok((to_json(&bounded(read::value_of(bytes, MAX_MARKS)?)?), true))
}

/// Every value begins behind a line's end, a comma or a bracket, or a sign with a space behind it.
fn check_size(bytes: &[u8]) -> Result<(), IndexError> {
    let mark = |pair: &[u8]| match pair[0] {
        b'\n' | b',' | b'[' | b'{' => true,
        b':' | b'-' | b'?' => pair.get(1).is_none_or(|next| next.is_ascii_whitespace()),
        _ => false,
    };
    let marks = bytes.windows(2).filter(|pair| mark(pair)).count();
    if marks > MAX_MARKS { Err(IndexError::TooMany) } else { Ok(()) }
}

impl Index {
    fn chart(
        &mut self,
        name: &str,
        versions: &Json,
        source: &str,
        strict: bool,
    ) -> Result<Vec<Entry>, StructureError> {
        let list = match versions {
            Json::Null => return Ok(Vec::new()),
            Json::Array(list) => list,
            other => return Err(wrong("entries", other, "repo.ChartVersions")),
        };
        let mut read = Vec::new();
        // Helm looks at them from the last to the first.
        let mut warnings = Vec::new();
        for version in list {
            match entry(version, strict)? {
                Ok(entry) => read.push(entry),
                Err(reason) => warnings.push(skipped(name, version, source, reason)),
            }
        }
        self.warnings.extend(warnings.into_iter().rev());
        read.sort_by(|a, b| Reverse(&a.parsed).cmp(&Reverse(&b.parsed)));
        Ok(read)
    }

    /// The newest version that satisfies this one (`IndexFile.Get`); empty means the newest release. What is to be
    /// said is said of a version that is not there and only near.
    pub fn get(&self, name: &str, version: &str) -> Result<(&Entry, Option<Warning>), GetError> {
        let versions = self.entries.get(name).ok_or(GetError::NoName)?;
        if versions.is_empty() {
            return Err(GetError::NoVersions);
        }
        let constraint = Constraint::parse(if version.is_empty() { "*" } else { version })?;
        if let Some(exact) = versions.iter().find(|entry| !version.is_empty() && entry.version == version) {
            return Ok((exact, None));
        }
        let found = versions.iter().find(|entry| constraint.check(&entry.parsed));
        let found =
            found.ok_or_else(|| GetError::NoVersion { name: name.into(), version: version.into() })?;
        let near = !version.is_empty() && !is_range(version);
        Ok((found, near.then(|| fallback(name, version, &found.version))))
    }

    /// All addresses that the index names.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.entries.values().flatten().flat_map(|entry| entry.urls.iter().map(String::as_str))
    }
}

fn fallback(name: &str, requested: &str, selected: &str) -> Warning {
    Warning::warn("unable to find exact version requested; falling back to closest available version")
        .with("chart", name)
        .with("requested", requested)
        .with("selected", selected)
}

fn skipped(name: &str, entry: &Json, source: &str, reason: Option<String>) -> Warning {
    let Some(reason) = reason else {
        let message = "skipping loading invalid entry for chart: empty entry";
        return Warning::warn(message).with("name", name).with("source", source);
    };
    let version = entry.as_object().and_then(|map| field(map, "version")).and_then(Json::as_str);
    Warning::warn("skipping loading invalid entry for chart")
        .with("name", name)
        .with("version", version.unwrap_or_default())
        .with("source", source)
        .with("error", reason)
}

/// Whether a version is a range and not one version (`isVersionRange`).
pub fn is_range(version: &str) -> bool {
    let core = version.split(['-', '+']).next().unwrap_or(version);
    version.contains(|c: char| "^~<>=!*".contains(c))
        || version.contains("||")
        || version.contains(" - ")
        || core.contains(['x', 'X'])
}

const TOP: &[&str] = &["serverInfo", "apiVersion", "generated", "entries", "publicKeys", "annotations"];
const VERSION: &[&str] =
    &["urls", "created", "removed", "digest", "checksum", "engine", "tillerVersion", "url"];
const MAINTAINER: &[&str] = &["name", "email", "url"];

/// An entry; why it is left out (none: it is null); or why the whole index is refused.
fn entry(version: &Json, strict: bool) -> Result<Result<Entry, Option<String>>, StructureError> {
    let map = match version {
        Json::Null => return Ok(Err(None)),
        Json::Object(map) => map,
        other => return Err(wrong("entries", other, "repo.ChartVersion")),
    };
    if strict {
        known_fields(map, &[METADATA, VERSION].concat())?;
        for (list, fields) in [("maintainers", MAINTAINER), ("dependencies", DEPENDENCY)] {
            let items = field(map, list).and_then(Json::as_array).into_iter().flatten();
            items.filter_map(Json::as_object).try_for_each(|item| known_fields(item, fields))?;
        }
    }
    texts(map)?;
    let mut metadata = Metadata::default();
    metadata.read(version)?;
    if metadata.api_version.is_empty() {
        "v1".clone_into(&mut metadata.api_version);
    }
    let urls = match field(map, "urls") {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(urls)) => {
            urls.iter().map(|url| url.as_str().unwrap_or_default().to_owned()).collect()
        }
        Some(other) => return Err(wrong("urls", other, "[]string")),
    };
    let digest = field(map, "digest").and_then(Json::as_str).unwrap_or_default().to_owned();
    // The version is compared as it is written; validation may respell other texts.
    let written = metadata.version.clone();
    if let Err(error) = metadata.validate() {
        let error = error.to_string();
        // Some repositories drop the aliases that tell two dependencies apart.
        if !error.starts_with("validation: more than one dependency with name or alias") {
            return Ok(Err(Some(error)));
        }
    }
    match Version::parse(&written) {
        Ok(parsed) => Ok(Ok(Entry { version: written, parsed, urls, digest })),
        Err(error) => Ok(Err(Some(error.to_string()))),
    }
}

/// In an index a number is no text, other than in `Chart.yaml`: the library that reads YAML for Helm does not look
/// into the structure of a chart that lies in another one.
fn texts(map: &Map<String, Json>) -> Result<(), StructureError> {
    let sorted: BTreeMap<_, _> = map.iter().collect();
    for (key, value) in sorted {
        let Some(name) = METADATA.iter().find(|name| name.eq_ignore_ascii_case(key)) else { continue };
        let wrong = match (*name, value) {
            ("maintainers" | "dependencies" | "annotations" | "deprecated", _) => None,
            ("sources" | "keywords", Json::Array(items)) => {
                items.iter().find(|item| !item.is_string() && !item.is_null())
            }
            ("sources" | "keywords", _) | (_, Json::String(_) | Json::Null) => None,
            (_, other) => Some(other),
        };
        if let Some(wrong) = wrong {
            let field = format!("ChartVersion.entries.Metadata.{name}");
            let text = format!("{} into Go struct field {field} of type string", kind(wrong));
            return Err(StructureError::Shape(text));
        }
    }
    Ok(())
}

/// The field that encoding/json would set: case does not matter.
fn field<'a>(map: &'a Map<String, Json>, name: &str) -> Option<&'a Json> {
    map.get(name)
        .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn known_fields(map: &Map<String, Json>, known: &[&str]) -> Result<(), StructureError> {
    let unknown = map.keys().filter(|key| !known.iter().any(|name| name.eq_ignore_ascii_case(key))).min();
    unknown.map_or(Ok(()), |key| Err(StructureError::UnknownField(quote(key.as_bytes()))))
}

fn wrong(name: &str, value: &Json, want: &str) -> StructureError {
    StructureError::Shape(format!("{} into Go struct field IndexFile.{name} of type {want}", kind(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(versions: &[&str]) -> Index {
        let entry =
            |version: &&str| format!("  - {{apiVersion: v2, name: a, version: {version}, urls: [a.tgz]}}\n");
        let text: String = versions.iter().map(entry).collect();
        parse(format!("apiVersion: v1\nentries:\n  a:\n{text}").as_bytes(), "x").unwrap()
    }

    #[test]
    fn the_highest_that_fits_is_found() {
        let index = index(&["1.0.0", "2.0.0-rc.1", "v1.10.0", "1.9.0", "nonsense", "1.9.0+b"]);
        for (version, expected) in [
            ("", "v1.10.0"),
            (">0.0.0-0", "2.0.0-rc.1"),
            ("^1.0", "v1.10.0"),
            ("1.9", "1.9.0"),
            ("1.9.0+b", "1.9.0+b"),
            ("2.0.0-rc.1", "2.0.0-rc.1"),
            ("3", "no chart version found for a-3"),
            ("what", "improper constraint: \"what\""),
        ] {
            let is =
                index.get("a", version).map_or_else(|error| error.to_string(), |(e, _)| e.version.clone());
            assert_eq!(is, expected, "{version}");
        }
        assert_eq!(index.get("b", "").unwrap_err(), GetError::NoName);
        assert!(index.get("a", "1.9").unwrap().1.is_some() && index.get("a", "1.9.x").unwrap().1.is_none());
        assert_eq!(index.warnings.len(), 1);
    }

    #[test]
    fn bombs_are_refused_at_once() {
        let deep = format!("apiVersion: v1\nentries: {}{}", "[".repeat(900), "]".repeat(900));
        assert_eq!(parse(deep.as_bytes(), "x").unwrap_err(), IndexError::TooDeep(TooDeep));
        for wide in ["[],", "\n- - - ", "{}, "] {
            let text = format!("apiVersion: v1\nentries: [{}]", wide.repeat(MAX_MARKS));
            assert_eq!(parse(text.as_bytes(), "x").unwrap_err(), IndexError::TooMany);
        }
    }
}
