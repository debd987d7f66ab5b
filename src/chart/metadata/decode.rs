//! Parsed YAML to metadata by the rules of Go: any case of a key, numbers and bools where a string is wanted,
//! the first wrong type reported (`sigs.k8s.io/yaml` and `encoding/json`).

use serde_json::{Map, Value};

use super::types::{Dependency, ImportValue, Lock, Maintainer, Metadata};
use crate::yaml::convert::kind;

/// A value of the wrong type, in the words of `encoding/json`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("json: cannot unmarshal {got} into Go value of type {want}")]
    Root { got: &'static str, want: &'static str },
    /// The structure and the path of the field in it: `Metadata.keywords`.
    #[error("json: cannot unmarshal {got} into Go struct field {field} of type {want}")]
    Field { got: &'static str, field: String, want: &'static str },
    #[error("{0}")]
    Time(String),
}

/// The `apiVersion` alone, which Helm reads first to choose a loader (`chartBase`).
pub fn api_version(yaml: &Value) -> Result<String, DecodeError> {
    let mut decoder = Decoder::new("chartBase", "");
    let mut version = String::new();
    for (key, value) in root(yaml, "loader.chartBase")? {
        if key.eq_ignore_ascii_case("apiVersion") {
            decoder.string(&mut version, "apiVersion", value);
        }
    }
    decoder.finish(version)
}

impl Metadata {
    /// Reads what `yaml` says over what is there already (`requirements.yaml` adds to `Chart.yaml`).
    pub fn read(&mut self, yaml: &Value) -> Result<(), DecodeError> {
        let mut decoder = Decoder::new("Metadata", "");
        for (key, value) in root(yaml, "v2.Metadata")? {
            self.field(&mut decoder, key, value);
        }
        decoder.finish(())
    }

    fn field(&mut self, decoder: &mut Decoder, key: &str, value: &Value) {
        let Some(name) = known(key, METADATA) else { return };
        match name {
            "name" => decoder.string(&mut self.name, name, value),
            "home" => decoder.string(&mut self.home, name, value),
            "sources" => decoder.strings(&mut self.sources, name, value),
            "version" => decoder.string(&mut self.version, name, value),
            "description" => decoder.string(&mut self.description, name, value),
            "keywords" => decoder.strings(&mut self.keywords, name, value),
            "maintainers" => {
                let before = std::mem::take(&mut self.maintainers);
                let maintainers = decoder.list(value, name, "[]*v2.Maintainer", before, maintainer);
                self.maintainers = maintainers.unwrap_or_default();
                self.null_maintainer = decoder.null_entry.take();
            }
            "icon" => decoder.string(&mut self.icon, name, value),
            "apiVersion" => decoder.string(&mut self.api_version, name, value),
            "condition" => decoder.string(&mut self.condition, name, value),
            "tags" => decoder.string(&mut self.tags, name, value),
            "appVersion" => decoder.string(&mut self.app_version, name, value),
            "deprecated" => decoder.bool(&mut self.deprecated, name, value),
            "annotations" => self.annotations = decoder.string_map(name, value),
            "kubeVersion" => decoder.string(&mut self.kube_version, name, value),
            "dependencies" => {
                let before = self.dependencies.take().unwrap_or_default();
                self.dependencies = decoder.list(value, name, "[]*v2.Dependency", before, dependency);
                self.null_dependency = decoder.null_entry.take();
            }
            _ => decoder.string(&mut self.kind, name, value),
        }
    }
}

impl Lock {
    /// Reads `Chart.lock` or `requirements.lock`.
    pub fn read(yaml: &Value) -> Result<Self, DecodeError> {
        let mut decoder = Decoder::new("Lock", "");
        let mut lock = Lock::default();
        for (key, value) in root(yaml, "v2.Lock")? {
            match known(key, &["generated", "digest", "dependencies"]) {
                Some("generated") => lock.generated = time(value)?,
                Some("digest") => decoder.string(&mut lock.digest, "digest", value),
                Some(name) => {
                    lock.dependencies = decoder.list(value, name, "[]*v2.Dependency", Vec::new(), dependency);
                }
                None => {}
            }
        }
        decoder.finish(lock)
    }
}

/// The fields of `Chart.yaml` (Helm `pkg/chart/v2/metadata.go`, `Metadata`); an entry of an index has them too.
pub const METADATA: &[&str] = &[
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];
/// The fields of a dependency (Helm `pkg/chart/v2/dependency.go`, `Dependency`).
pub const DEPENDENCY: &[&str] =
    &["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];

/// The field that `encoding/json` would set for a key: case does not matter.
fn known(key: &str, names: &[&'static str]) -> Option<&'static str> {
    names.iter().find(|name| name.eq_ignore_ascii_case(key)).copied()
}

/// The entries in the order of their keys; an empty document has none.
fn root<'a>(yaml: &'a Value, want: &'static str) -> Result<Vec<(&'a String, &'a Value)>, DecodeError> {
    match yaml {
        Value::Null => Ok(Vec::new()),
        Value::Object(map) => Ok(sorted(map)),
        other => Err(DecodeError::Root { got: kind(other), want }),
    }
}

fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by(|a, b| a.0.cmp(b.0));
    entries
}

fn maintainer(decoder: &mut Decoder, value: &Value, before: Maintainer) -> Option<Maintainer> {
    let entries = decoder.structure("Maintainer", "v2.Maintainer", value)?;
    let mut maintainer = before;
    for (key, value) in entries {
        match known(key, &["name", "email", "url"]) {
            Some("name") => decoder.string(&mut maintainer.name, "name", value),
            Some("email") => decoder.string(&mut maintainer.email, "email", value),
            Some(name) => decoder.string(&mut maintainer.url, name, value),
            None => {}
        }
    }
    Some(maintainer)
}

fn dependency(decoder: &mut Decoder, value: &Value, before: Dependency) -> Option<Dependency> {
    let entries = decoder.structure("Dependency", "v2.Dependency", value)?;
    let mut dependency = before;
    for (key, value) in entries {
        let Some(name) = known(key, DEPENDENCY) else { continue };
        match name {
            "name" => decoder.string(&mut dependency.name, name, value),
            "version" => decoder.string(&mut dependency.version, name, value),
            "repository" => decoder.string(&mut dependency.repository, name, value),
            "condition" => decoder.string(&mut dependency.condition, name, value),
            "tags" => decoder.strings(&mut dependency.tags, name, value),
            "enabled" => decoder.bool(&mut dependency.enabled, name, value),
            "import-values" => match value {
                Value::Array(items) => {
                    dependency.import_values = items.iter().cloned().map(ImportValue::Written).collect();
                }
                Value::Null => {}
                other => decoder.wrong(name, other, "[]interface {}"),
            },
            _ => decoder.string(&mut dependency.alias, name, value),
        }
    }
    Some(dependency)
}

/// Fills fields and keeps the first error, as `encoding/json` does.
struct Decoder {
    /// The Go structure whose fields are being read.
    structure: &'static str,
    /// The fields around it: `maintainers.` inside of a maintainer.
    path: String,
    error: Option<DecodeError>,
    /// Where a list held a null instead of a structure; a later list of the document has the last word.
    null_entry: Option<usize>,
}

impl Decoder {
    fn new(structure: &'static str, path: &str) -> Self {
        Decoder { structure, path: path.to_owned(), error: None, null_entry: None }
    }

    fn finish<T>(self, value: T) -> Result<T, DecodeError> {
        self.error.map_or(Ok(value), Err)
    }

    fn wrong(&mut self, field: &str, value: &Value, want: &'static str) {
        let field = format!("{}.{}{field}", self.structure, self.path);
        self.error.get_or_insert(DecodeError::Field { got: kind(value), field, want });
    }

    fn string(&mut self, slot: &mut String, field: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::String(text) => slot.clone_from(text),
            Value::Bool(flag) => *slot = flag.to_string(),
            Value::Number(number) => *slot = number_text(number),
            other => self.wrong(field, other, "string"),
        }
    }

    fn bool(&mut self, slot: &mut bool, field: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(flag) => *slot = *flag,
            other => self.wrong(field, other, "bool"),
        }
    }

    fn strings(&mut self, slot: &mut Vec<String>, field: &str, value: &Value) {
        match value {
            Value::Null => slot.clear(),
            Value::Array(items) => {
                slot.clear();
                for item in items {
                    let mut text = String::new();
                    self.string(&mut text, field, item);
                    slot.push(text);
                }
            }
            other => self.wrong(field, other, "[]string"),
        }
    }

    fn string_map(&mut self, field: &str, value: &Value) -> Option<Vec<(String, String)>> {
        match value {
            Value::Null => None,
            Value::Object(map) => {
                let mut entries = Vec::new();
                for (key, value) in sorted(map) {
                    let mut text = String::new();
                    self.string(&mut text, field, value);
                    entries.push((key.clone(), text));
                }
                Some(entries)
            }
            other => {
                self.wrong(field, other, "map[string]string");
                None
            }
        }
    }

    /// A list over what stands in it already: Go reads an element over the one that has its place.
    fn list<T: Default>(
        &mut self,
        value: &Value,
        field: &str,
        want: &'static str,
        before: Vec<T>,
        read: fn(&mut Self, &Value, T) -> Option<T>,
    ) -> Option<Vec<T>> {
        match value {
            Value::Null => None,
            Value::Array(items) => {
                let (outer, path) = (self.structure, self.path.clone());
                self.path = format!("{path}{field}.");
                self.null_entry = items.iter().position(Value::is_null);
                let mut list = Vec::new();
                let mut before = before.into_iter();
                for item in items {
                    let base = before.next().unwrap_or_default();
                    if !item.is_null() {
                        list.extend(read(self, item, base));
                        self.structure = outer;
                    }
                }
                self.path = path;
                Some(list)
            }
            other => {
                self.wrong(field, other, want);
                None
            }
        }
    }

    /// The entries of a structure inside of a list.
    fn structure<'a>(
        &mut self,
        name: &'static str,
        want: &'static str,
        value: &'a Value,
    ) -> Option<Vec<(&'a String, &'a Value)>> {
        match value {
            Value::Object(map) => {
                self.structure = name;
                Some(sorted(map))
            }
            other => {
                let field = format!("{}.{}", self.structure, self.path.trim_end_matches('.'));
                self.error.get_or_insert(DecodeError::Field { got: kind(other), field, want });
                None
            }
        }
    }
}

/// `1.10` is the string `1.1`: the YAML was a number. Fractions have the precision of 32 bits.
fn number_text(number: &serde_json::Number) -> String {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(number), _, _) => number.to_string(),
        (_, Some(number), _) => number.to_string(),
        (_, _, Some(number)) => float_text(number as f32),
        _ => number.to_string(),
    }
}

/// Go's `strconv.FormatFloat(number, 'g', -1, 32)`.
fn float_text(number: f32) -> String {
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{number}"),
    }
}

/// An RFC 3339 time, with Go's words for the two mistakes that people make.
fn time(value: &Value) -> Result<String, DecodeError> {
    const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
    let text = match value {
        Value::Null => return Ok(String::new()),
        Value::String(text) => text,
        _ => return Err(DecodeError::Time("Time.UnmarshalJSON: input is not a JSON string".to_owned())),
    };
    if text.parse::<jiff::Timestamp>().is_ok() && text.contains('T') {
        return Ok(text.clone());
    }
    let date = text.parse::<jiff::civil::Date>().is_ok();
    let (rest, wanted) = if date { ("", "T") } else { (text.as_str(), "2006") };
    Err(DecodeError::Time(format!(
        "parsing time {text:?} as \"{LAYOUT}\": cannot parse {rest:?} as \"{wanted}\""
    )))
}
