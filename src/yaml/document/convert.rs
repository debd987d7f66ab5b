//! A tree of one document to a JSON value, with go-yaml's typing and the line of whatever is wrong.

use serde_json::{Map, Number, Value};

use crate::yaml::number::{format_g, format_g32, format_json};
use crate::yaml::resolve::{Scalar, Tag, resolve};
use crate::yaml::tree::{Shape, Tree};

use super::error::{DocumentError, Problem};

/// Deeper than any Kubernetes object, and safe for everybody who walks the value by recursion.
const MAX_DEPTH: usize = 200;

/// More values than an object of the largest size that etcd takes can hold.
const MAX_VALUES: usize = 500_000;

/// What becomes of a float without a fraction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Floats {
    /// It is an integer to whoever reads the JSON.
    AsJson,
    /// It stays one, for who must tell `1e7` from `10000000`.
    Kept,
}

pub(super) fn to_json(tree: &Tree, first_line: usize, floats: Floats) -> Result<Value, DocumentError> {
    Converter { tree, first_line, floats, values: 0, aliases: Vec::new() }.value(0, 0)
}

struct Converter<'t> {
    tree: &'t Tree,
    first_line: usize,
    floats: Floats,
    values: usize,
    /// The targets of the aliases that are being followed.
    aliases: Vec<usize>,
}

impl Converter<'_> {
    fn value(&mut self, place: usize, depth: usize) -> Result<Value, DocumentError> {
        self.values += 1;
        if depth > MAX_DEPTH {
            return Err(self.error(place, Problem::TooDeep(MAX_DEPTH)));
        }
        if self.values > MAX_VALUES {
            return Err(self.error(place, Problem::TooLarge(MAX_VALUES)));
        }
        match self.tree.nodes[place].shape {
            Shape::Scalar => self.scalar(place),
            Shape::Sequence => {
                let tree = self.tree;
                tree.children(place).map(|child| self.value(child, depth + 1)).collect()
            }
            Shape::Mapping => {
                let mut out = Map::new();
                self.fill(place, depth, &mut out)?;
                Ok(Value::Object(out))
            }
            Shape::Alias(target) => {
                self.enter(place, target)?;
                let value = self.value(target, depth + 1)?;
                self.aliases.pop();
                Ok(value)
            }
        }
    }

    fn enter(&mut self, place: usize, target: usize) -> Result<(), DocumentError> {
        // Inside of the target, or on the way through another alias.
        if self.aliases.contains(&target) || (target..self.tree.nodes[target].end).contains(&place) {
            let name = String::from_utf8_lossy(self.tree.text(&self.tree.nodes[place])).into_owned();
            return Err(self.error(place, Problem::Cycle(name)));
        }
        self.aliases.push(target);
        Ok(())
    }

    /// Puts a mapping's entries into `out`, in their order: what comes later wins, merged or not.
    fn fill(
        &mut self,
        place: usize,
        depth: usize,
        out: &mut Map<String, Value>,
    ) -> Result<(), DocumentError> {
        let mut own: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
        let children: Vec<usize> = self.tree.children(place).collect();
        for pair in children.chunks_exact(2) {
            let (key_place, value_place) = (pair[0], pair[1]);
            if self.tree.is_merge(key_place) {
                self.merge(value_place, depth + 1, out)?;
                continue;
            }
            let key = self.key(key_place)?;
            let value = self.value(value_place, depth + 1)?;
            if let Some(first) = own.insert(key.clone(), key_place) {
                let first = self.first_line + self.tree.nodes[first].mark.line;
                return Err(self.error(key_place, Problem::DuplicateKey { key, first }));
            }
            out.insert(key, value);
        }
        Ok(())
    }

    fn merge(
        &mut self,
        place: usize,
        depth: usize,
        out: &mut Map<String, Value>,
    ) -> Result<(), DocumentError> {
        if depth > MAX_DEPTH {
            return Err(self.error(place, Problem::TooDeep(MAX_DEPTH)));
        }
        let sources: Vec<usize> = match self.tree.nodes[place].shape {
            Shape::Sequence => self.tree.children(place).collect(),
            _ => vec![place],
        };
        for source in sources.into_iter().rev() {
            let target = self.tree.resolve(source);
            if self.tree.nodes[target].shape != Shape::Mapping {
                return Err(self.error(source, Problem::Merge));
            }
            if target != source {
                self.enter(source, target)?;
            }
            self.fill(target, depth, out)?;
            if target != source {
                self.aliases.pop();
            }
        }
        Ok(())
    }

    fn key(&mut self, place: usize) -> Result<String, DocumentError> {
        let target = self.tree.resolve(place);
        match self.tree.nodes[target].shape {
            Shape::Scalar => {}
            Shape::Mapping => return Err(self.error(place, Problem::Key("mapping"))),
            _ => return Err(self.error(place, Problem::Key("list"))),
        }
        Ok(match self.typed(target)? {
            Scalar::Null => return Err(self.error(place, Problem::Key("null"))),
            Scalar::Bool(flag) => flag.to_string(),
            Scalar::Int(number) => number.to_string(),
            Scalar::Uint(number) => number.to_string(),
            Scalar::Float(number) => format_g32(number),
            Scalar::Text | Scalar::Timestamp => self.text(target),
        })
    }

    fn scalar(&mut self, place: usize) -> Result<Value, DocumentError> {
        Ok(match self.typed(place)? {
            Scalar::Null => Value::Null,
            Scalar::Bool(flag) => Value::Bool(flag),
            Scalar::Int(number) => Value::from(number),
            Scalar::Uint(number) => Value::from(number),
            Scalar::Float(number) => self.float(place, number)?,
            Scalar::Text | Scalar::Timestamp => Value::String(self.text(place)),
        })
    }

    /// JSON has no separate integers: what prints as one is read back as one.
    fn float(&self, place: usize, number: f64) -> Result<Value, DocumentError> {
        let integer = match self.floats {
            Floats::AsJson => format_json(number).parse::<i64>().map(Number::from).ok(),
            Floats::Kept => None,
        };
        match integer.or_else(|| Number::from_f64(number)) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(self.error(place, Problem::Number(format_g(number)))),
        }
    }

    fn typed(&self, place: usize) -> Result<Scalar, DocumentError> {
        let node = &self.tree.nodes[place];
        if node.tag == Tag::None && !node.implicit {
            return Ok(Scalar::Text);
        }
        resolve(node.tag, self.tree.text(node)).map_err(|problem| self.error(place, Problem::Tag(problem)))
    }

    fn text(&self, place: usize) -> String {
        String::from_utf8_lossy(self.tree.text(&self.tree.nodes[place])).into_owned()
    }

    fn error(&self, place: usize, problem: Problem) -> DocumentError {
        DocumentError::new(self.first_line, self.tree.nodes[place].mark, &problem)
    }
}
