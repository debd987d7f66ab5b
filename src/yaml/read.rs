//! YAML text to template values, as `sigs.k8s.io/yaml` v1.6.0 `Unmarshal` does it: go-yaml v2 reads the first
//! document, keys become strings, and encoding/json decodes the rest, so every number is a float64.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::template::types::Type;
use crate::template::value::{List, Map, Str, Value};

use super::events::MAX_DEPTH;
use super::number::{format_g, format_g32};
use super::resolve::{Scalar, Tag, resolve};
use super::syntax;
use super::tree::{MAX_NODES, Shape, Tree, TreeError};

/// Why a text is not the value that was asked for. Displays as Helm shows it in `fromYaml`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// go-yaml cannot read it, or the result is nothing JSON can hold.
    #[error("error converting YAML to JSON: {0}")]
    Yaml(String),
    /// Aliases nest it deeper than encoding/json reads.
    #[error("error unmarshaling JSON: while decoding JSON: invalid character '{0}' exceeded max depth")]
    TooDeep(char),
    /// It is YAML, but not of the wanted type.
    #[error(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type {wanted}"
    )]
    Type { found: &'static str, wanted: &'static str },
}

impl ReadError {
    fn yaml(problem: impl std::fmt::Display) -> Self {
        ReadError::Yaml(format!("yaml: {problem}"))
    }
}

impl From<TreeError> for ReadError {
    fn from(error: TreeError) -> Self {
        ReadError::Yaml(error.to_string())
    }
}

/// Reads into an `interface {}`. An empty text is nil; what follows the first document is not looked at.
pub fn value(text: &[u8]) -> Result<Value, ReadError> {
    value_of(text, MAX_NODES)
}

/// The same with a limit of one's own, for documents that are larger by nature.
pub fn value_of(text: &[u8], max_nodes: usize) -> Result<Value, ReadError> {
    match Tree::first(text, max_nodes)? {
        Some(tree) => Decoder::new(&tree).decode(),
        None => Ok(Value::Nil),
    }
}

/// Reads into a new `map[string]interface {}`. Null, or no text at all, leaves it empty.
pub fn map(text: &[u8]) -> Result<Map, ReadError> {
    match value(text)? {
        Value::Map(map) => Ok(map),
        Value::Nil => Ok(Map::new(Type::Any, BTreeMap::new())),
        other => Err(ReadError::Type { found: json_kind(&other), wanted: "map[string]interface {}" }),
    }
}

/// Reads into a new `[]interface {}`. Null, or no text at all, leaves it empty.
pub fn list(text: &[u8]) -> Result<List, ReadError> {
    match value(text)? {
        Value::List(list) => Ok(list),
        Value::Nil => Ok(List::new(Type::Any, Vec::new())),
        other => Err(ReadError::Type { found: json_kind(&other), wanted: "[]interface {}" }),
    }
}

/// What encoding/json calls a value in `cannot unmarshal …`.
pub(super) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Map(_) | Value::Object(_) => "object",
        Value::List(_) => "array",
        Value::Bool(_) => "bool",
        Value::Str(_) | Value::Bytes(_) => "string",
        _ => "number",
    }
}

/// Below so many decoded nodes, 99 % may come out of aliases (decode.go, `alias_ratio_range_low`).
const ALIAS_RATIO_LOW: usize = 400_000;
/// From so many on, only 10 % may (`alias_ratio_range_high`).
const ALIAS_RATIO_HIGH: usize = 4_000_000;

/// go-yaml's `decoder` without its recursion: an explicit stack of collections under work.
struct Decoder<'t> {
    tree: &'t Tree,
    stack: Vec<Frame>,
    /// The collections being filled; a merge fills the map that is already there.
    open: Vec<Open>,
    /// For each open alias, its place: go-yaml refuses one that contains itself.
    aliases: Vec<usize>,
    decoded: usize,
    from_aliases: usize,
    has_bad_keys: bool,
    has_special_floats: bool,
}

enum Frame {
    Sequence {
        next: usize,
        end: usize,
    },
    Mapping {
        next: usize,
        end: usize,
        key: Option<Str>,
        merge: bool,
    },
    /// Mappings to merge, the last one first.
    Merges {
        places: Vec<usize>,
    },
    /// A collection that is a key: decoded for the errors in it, then an error itself.
    Key {
        place: usize,
    },
    /// Ends an alias.
    Alias,
}

enum Open {
    List(Vec<Value>),
    Map(BTreeMap<Str, Value>),
}

impl<'t> Decoder<'t> {
    fn new(tree: &'t Tree) -> Self {
        Decoder {
            tree,
            stack: Vec::new(),
            open: Vec::new(),
            aliases: Vec::new(),
            // The document node counts too.
            decoded: 1,
            from_aliases: 0,
            has_bad_keys: false,
            has_special_floats: false,
        }
    }

    fn decode(mut self) -> Result<Value, ReadError> {
        let mut result = self.begin(0)?;
        while let Some(frame) = self.stack.pop() {
            let finished = match frame {
                Frame::Sequence { next, end } => self.sequence(next, end)?,
                Frame::Mapping { next, end, merge, .. } => self.mapping(next, end, merge)?,
                Frame::Merges { places } => self.merges(places)?,
                Frame::Alias => {
                    self.aliases.pop();
                    None
                }
                Frame::Key { place } => {
                    let key = syntax::node(self.tree, place);
                    return Err(ReadError::yaml(format_args!("invalid map key: {key}")));
                }
            };
            if let Some(value) = finished {
                result = self.place(value);
            }
        }
        let result = result.unwrap_or(Value::Nil);
        if self.has_bad_keys {
            refuse_bad_keys(&result)?;
        }
        if self.has_special_floats {
            refuse_special_floats(&result)?;
        }
        Ok(result)
    }

    /// Puts a finished value where it belongs; hands it back when it is the root.
    fn place(&mut self, value: Value) -> Option<Value> {
        let owner = self.stack.iter_mut().rev().find(|frame| !matches!(frame, Frame::Alias));
        match (owner, self.open.last_mut()) {
            (Some(Frame::Sequence { .. }), Some(Open::List(items))) => items.push(value),
            (Some(Frame::Mapping { key, .. }), Some(Open::Map(entries))) => {
                if let Some(key) = key.take() {
                    entries.insert(key, value);
                }
            }
            (Some(Frame::Key { .. }), _) => {}
            _ => return Some(value),
        }
        None
    }

    /// Counts a visit, as go-yaml does to stop documents that explode by their aliases.
    fn visit(&mut self) -> Result<(), ReadError> {
        self.decoded += 1;
        self.from_aliases += usize::from(!self.aliases.is_empty());
        let (aliased, all) = (self.from_aliases as f64, self.decoded as f64);
        if self.from_aliases > 100 && self.decoded > 1000 && aliased / all > allowed_ratio(self.decoded) {
            return Err(ReadError::yaml("document contains excessive aliasing"));
        }
        if self.from_aliases > MAX_NODES {
            return Err(TreeError::TooMany(MAX_NODES).into());
        }
        Ok(())
    }

    /// Starts on a node: a scalar is a value at once, a collection is pushed.
    fn begin(&mut self, place: usize) -> Result<Option<Value>, ReadError> {
        self.visit()?;
        let node = &self.tree.nodes[place];
        match node.shape {
            Shape::Scalar => self.scalar(place).map(Some),
            Shape::Sequence if self.open.len() >= MAX_DEPTH => Err(ReadError::TooDeep('[')),
            Shape::Mapping if self.open.len() >= MAX_DEPTH => Err(ReadError::TooDeep('{')),
            Shape::Sequence => {
                self.open.push(Open::List(Vec::new()));
                self.stack.push(Frame::Sequence { next: place + 1, end: node.end });
                Ok(None)
            }
            Shape::Mapping => {
                self.open.push(Open::Map(BTreeMap::new()));
                self.push_mapping(place, false);
                Ok(None)
            }
            Shape::Alias(target) => {
                self.enter_alias(place)?;
                let value = self.begin(target)?;
                if value.is_some() {
                    self.aliases.pop();
                    self.stack.pop();
                }
                Ok(value)
            }
        }
    }

    fn enter_alias(&mut self, place: usize) -> Result<(), ReadError> {
        if self.aliases.contains(&place) {
            let name = String::from_utf8_lossy(self.tree.text(&self.tree.nodes[place]));
            return Err(ReadError::yaml(format_args!("anchor '{name}' value contains itself")));
        }
        self.aliases.push(place);
        self.stack.push(Frame::Alias);
        Ok(())
    }

    fn push_mapping(&mut self, place: usize, merge: bool) {
        let end = self.tree.nodes[place].end;
        self.stack.push(Frame::Mapping { next: place + 1, end, key: None, merge });
    }

    fn sequence(&mut self, mut next: usize, end: usize) -> Result<Option<Value>, ReadError> {
        while next < end {
            let child = next;
            next = self.tree.nodes[child].end;
            if self.tree.nodes[child].shape == Shape::Scalar {
                self.visit()?;
                let value = self.scalar(child)?;
                if let Some(Open::List(items)) = self.open.last_mut() {
                    items.push(value);
                }
                continue;
            }
            self.stack.push(Frame::Sequence { next, end });
            return self.begin(child);
        }
        Ok(match self.open.pop() {
            Some(Open::List(items)) => Some(Value::list(items)),
            _ => None,
        })
    }

    fn mapping(&mut self, mut next: usize, end: usize, merge: bool) -> Result<Option<Value>, ReadError> {
        while next < end {
            let key_place = next;
            let value_place = self.tree.nodes[key_place].end;
            next = self.tree.nodes[value_place].end;
            if self.tree.is_merge(key_place) {
                self.stack.push(Frame::Mapping { next, end, key: None, merge });
                self.merge(value_place)?;
                return Ok(None);
            }
            let target = self.tree.resolve(key_place);
            if self.tree.nodes[target].shape != Shape::Scalar {
                self.stack.push(Frame::Key { place: target });
                return self.begin(key_place);
            }
            let key = self.key(key_place, value_place)?;
            if self.tree.nodes[value_place].shape == Shape::Scalar {
                self.visit()?;
                let value = self.scalar(value_place)?;
                if let Some(Open::Map(entries)) = self.open.last_mut() {
                    entries.insert(key, value);
                }
                continue;
            }
            self.stack.push(Frame::Mapping { next, end, key: Some(key), merge });
            return self.begin(value_place);
        }
        if merge {
            return Ok(None);
        }
        Ok(match self.open.pop() {
            Some(Open::Map(entries)) => Some(Value::Map(Map::new(Type::Any, entries))),
            _ => None,
        })
    }

    /// `<<: …`: a mapping, an alias of one, or a list of these.
    fn merge(&mut self, place: usize) -> Result<(), ReadError> {
        let wrong = || ReadError::yaml("map merge requires map or sequence of maps as the value");
        let is_mapping = |place: usize| self.tree.nodes[self.tree.resolve(place)].shape == Shape::Mapping;
        match self.tree.nodes[place].shape {
            Shape::Sequence => {
                // go-yaml checks each item only when its turn comes, but nothing can be seen in between.
                let places: Vec<usize> = self.tree.children(place).collect();
                if !places.iter().all(|place| is_mapping(*place)) {
                    return Err(wrong());
                }
                self.stack.push(Frame::Merges { places });
                Ok(())
            }
            _ if is_mapping(place) => self.merge_one(place),
            _ => Err(wrong()),
        }
    }

    fn merges(&mut self, mut places: Vec<usize>) -> Result<Option<Value>, ReadError> {
        if let Some(place) = places.pop() {
            self.stack.push(Frame::Merges { places });
            self.merge_one(place)?;
        }
        Ok(None)
    }

    fn merge_one(&mut self, place: usize) -> Result<(), ReadError> {
        self.visit()?;
        if let Shape::Alias(target) = self.tree.nodes[place].shape {
            self.enter_alias(place)?;
            self.visit()?;
            self.push_mapping(target, true);
        } else {
            self.push_mapping(place, true);
        }
        Ok(())
    }

    /// A key as `convertToJSONableObject` spells it. `place` is a scalar's, or an alias's of one.
    fn key(&mut self, place: usize, value: usize) -> Result<Str, ReadError> {
        self.visit()?;
        let target = self.tree.resolve(place);
        if target != place {
            self.aliases.push(place);
            self.visit()?;
            self.aliases.pop();
        }
        let node = &self.tree.nodes[target];
        let text = self.tree.text(node);
        if node.tag == Tag::None && !node.implicit {
            return Ok(text.into());
        }
        let number = match resolve(node.tag, text).map_err(ReadError::yaml)? {
            Scalar::Text if node.tag == Tag::Binary => return binary(text),
            Scalar::Text | Scalar::Timestamp => return Ok(text.into()),
            Scalar::Bool(flag) => flag.to_string(),
            Scalar::Int(number) => number.to_string(),
            Scalar::Float(number) => match format_g32(number).as_str() {
                "+Inf" => ".inf".to_owned(),
                "-Inf" => "-.inf".to_owned(),
                "NaN" => ".nan".to_owned(),
                text => text.to_owned(),
            },
            Scalar::Null => return Ok(self.refuse_key("%!s(<nil>)", "<nil>", value)),
            Scalar::Uint(number) => return Ok(self.refuse_key("uint64", &format!("{number:#x}"), value)),
        };
        Ok(number.into())
    }

    /// Keeps the error for later, in the place of the value: a mapping that is overwritten does not count.
    fn refuse_key(&mut self, kind: &str, key: &str, value: usize) -> Str {
        self.has_bad_keys = true;
        let value = match syntax::node(self.tree, value).as_str() {
            "interface {}(nil)" => "<nil>".to_owned(),
            text => text.to_owned(),
        };
        let text = format!("unsupported map key of type: {kind}, key: {key}, value: {value}");
        [&[BAD_KEY], text.as_bytes()].concat().into()
    }

    fn scalar(&mut self, place: usize) -> Result<Value, ReadError> {
        let node = &self.tree.nodes[place];
        let text = self.tree.text(node);
        if node.tag == Tag::None && !node.implicit {
            return Ok(Value::str(text));
        }
        Ok(match resolve(node.tag, text).map_err(ReadError::yaml)? {
            Scalar::Null => Value::Nil,
            Scalar::Bool(flag) => Value::Bool(flag),
            Scalar::Int(number) => Value::Float(number as f64),
            Scalar::Uint(number) => Value::Float(number as f64),
            Scalar::Float(number) => {
                self.has_special_floats |= !number.is_finite();
                Value::Float(number)
            }
            Scalar::Text if node.tag == Tag::Binary => Value::Str(binary(text)?),
            Scalar::Text | Scalar::Timestamp => Value::str(text),
        })
    }
}

/// The bytes behind a `!!binary`; JSON then makes text of them.
fn binary(text: &[u8]) -> Result<Str, ReadError> {
    // Go's decoder passes over line breaks, and over nothing else.
    let packed: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let bytes = STANDARD
        .decode(packed)
        .map_err(|_| ReadError::yaml("!!binary value contains invalid base64 data"))?;
    Ok(replace_invalid(&bytes))
}

/// encoding/json writes U+FFFD for every byte that is not UTF-8.
fn replace_invalid(bytes: &[u8]) -> Str {
    if std::str::from_utf8(bytes).is_ok() {
        return bytes.into();
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text.into()
}

fn allowed_ratio(decoded: usize) -> f64 {
    match decoded {
        ..=ALIAS_RATIO_LOW => 0.99,
        ALIAS_RATIO_HIGH.. => 0.10,
        _ => {
            let range = (ALIAS_RATIO_HIGH - ALIAS_RATIO_LOW) as f64;
            0.99 - 0.89 * ((decoded - ALIAS_RATIO_LOW) as f64 / range)
        }
    }
}

/// Begins a key that JSON cannot hold; no other key does, since all are UTF-8. go-yaml's error follows.
const BAD_KEY: u8 = 0xFF;

/// Go walks maps in a random order, so of several such keys it may name any.
fn refuse_bad_keys(root: &Value) -> Result<(), ReadError> {
    let mut pending = vec![root.clone()];
    while let Some(value) = pending.pop() {
        match value {
            Value::List(list) => pending.extend(list.snapshot().into_iter().rev()),
            Value::Map(map) => {
                for (key, value) in map.snapshot().into_iter().rev() {
                    if let Some(problem) = key.strip_prefix(&[BAD_KEY]) {
                        return Err(ReadError::Yaml(String::from_utf8_lossy(problem).into_owned()));
                    }
                    pending.push(value);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// encoding/json has no infinities; the first one in the order of keys is the one it names.
fn refuse_special_floats(root: &Value) -> Result<(), ReadError> {
    let mut pending = vec![root.clone()];
    while let Some(value) = pending.pop() {
        match value {
            Value::Float(number) if !number.is_finite() => {
                return Err(ReadError::Yaml(format!("json: unsupported value: {}", format_g(number))));
            }
            Value::List(list) => pending.extend(list.snapshot().into_iter().rev()),
            Value::Map(map) => pending.extend(map.snapshot().into_iter().rev().map(|(_, value)| value)),
            _ => {}
        }
    }
    Ok(())
}
