//! The text of `config/values.yaml` into a tree of leaves, and that tree with a resource into values.

use minijinja::value::Value as Ninja;
use serde_json::{Map, Value};

use super::bridge::{self, BridgeError, Budget, MAX_DEPTH};
use super::expression::{Expression, ExpressionError};
use super::leaf::{Leaf, LeafError};
use crate::yaml::document::{self, Document, DocumentError};

/// Bytes of a mapping file. The one that covers every field of a PrometheusCluster has 4 kB.
pub const MAX_FILE: usize = 1 << 20;

/// A parsed mapping: which value of a chart comes from what of a resource.
#[derive(Debug)]
pub struct Mapping {
    file: String,
    root: Node,
}

/// What expressions see of a resource.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
    /// The resource's `spec` as JSON.
    pub spec: &'a Value,
    /// The resource's `metadata.labels` and `metadata.annotations` as JSON maps; null where it has none.
    pub labels: &'a Value,
    pub annotations: &'a Value,
}

/// What is wrong with a mapping, or with a leaf of it for one resource. Prints as
/// `config/values.yaml:12: storage.size: unknown filter …`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{problem}", self.place(), self.leaf())]
pub struct MappingError {
    /// The file, as given to [`Mapping::parse`].
    pub file: String,
    /// The line of the leaf, counted from 1.
    pub line: Option<usize>,
    /// The keys that lead to the leaf, joined with dots; empty for the whole file.
    pub path: String,
    pub problem: Problem,
}

/// The ways in which a mapping is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("{0}")]
    Yaml(String),
    #[error("{0}; YAML reads bare braces as a map, so quote the leaf: \"{{{{ spec.replicas }}}}\"")]
    Braces(String),
    #[error("holds more than one YAML document; a mapping is one")]
    Documents,
    #[error("is larger than {MAX_FILE} bytes; a mapping says where values go and holds none itself")]
    File,
    #[error("is no map; write the keys of the chart's values")]
    NotAMap,
    #[error("a key cannot be an expression; write the key, and an expression that gives a map as its value")]
    Key,
    #[error(transparent)]
    Leaf(#[from] LeafError),
    #[error(transparent)]
    Evaluation(#[from] ExpressionError),
    #[error(transparent)]
    Value(#[from] BridgeError),
}

#[derive(Debug)]
enum Node {
    Map(Vec<(String, Node)>),
    List(Vec<Node>),
    /// A number, boolean, null or text without braces.
    Literal(Value),
    Expression {
        expression: Expression,
        path: String,
        line: Option<usize>,
    },
}

impl Mapping {
    /// Reads a mapping; `file` is what errors call it.
    pub fn parse(file: &str, text: &str) -> Result<Self, MappingError> {
        let whole =
            |line, problem| MappingError { file: file.to_owned(), line, path: String::new(), problem };
        if text.len() > MAX_FILE {
            return Err(whole(None, Problem::File));
        }
        let bad_yaml = |error: DocumentError| whole(Some(error.line), Problem::from_yaml(error, text));
        let mut documents = document::split(text.as_bytes());
        let Some(document) = documents.next().transpose().map_err(bad_yaml)? else {
            return Ok(Mapping { file: file.to_owned(), root: Node::Map(Vec::new()) });
        };
        if let Some(next) = documents.next() {
            let line = next.map_or_else(|error| error.line, |document| document.first_line);
            return Err(whole(Some(line), Problem::Documents));
        }
        if !document.value.is_object() {
            return Err(whole(Some(document.first_line), Problem::NotAMap));
        }
        let root = Reader { file, document: &document, path: Vec::new() }.node(&document.value)?;
        Ok(Mapping { file: file.to_owned(), root })
    }

    /// The values for a resource: always a map; integers stay integers.
    ///
    /// An undefined leaf drops its key or item. A map or list of the mapping that loses everything so is dropped as
    /// well; one that the mapping wrote empty stays.
    pub fn apply(&self, subject: &Subject<'_>) -> Result<Value, MappingError> {
        let context = subject.context().map_err(|problem| MappingError {
            file: self.file.clone(),
            line: None,
            path: String::new(),
            problem: problem.into(),
        })?;
        let mut run = Run { file: &self.file, context, budget: Budget::default() };
        Ok(run.value(&self.root)?.unwrap_or_else(|| Value::Object(Map::new())))
    }

    /// The values that are a field of the resource and nothing else, so that they can be told backwards. Items of lists are not
    /// among them.
    pub fn fields(&self) -> Vec<Field<'_>> {
        let mut found = Vec::new();
        fields(&self.root, &mut Vec::new(), &mut found);
        found
    }
}

/// A value that is what a field of the resource says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The keys that lead to the value.
    pub value: Vec<&'a str>,
    /// The keys that lead to the field, below `spec`.
    pub field: &'a [String],
}

fn fields<'a>(node: &'a Node, path: &mut Vec<&'a str>, found: &mut Vec<Field<'a>>) {
    match node {
        Node::Map(entries) => {
            for (key, node) in entries {
                path.push(key);
                fields(node, path, found);
                path.pop();
            }
        }
        Node::Expression { expression, .. } => {
            found.extend(expression.field().map(|field| Field { value: path.clone(), field }));
        }
        Node::List(_) | Node::Literal(_) => {}
    }
}

impl Subject<'_> {
    fn context(&self) -> Result<Ninja, BridgeError> {
        Ok(Ninja::from_pairs([
            ("name", Ninja::from(self.name)),
            ("namespace", Ninja::from(self.namespace)),
            ("spec", bridge::from_json(self.spec)?),
            ("labels", bridge::from_json(self.labels)?),
            ("annotations", bridge::from_json(self.annotations)?),
        ]))
    }
}

impl Problem {
    /// A line with braces that is no YAML most likely lacks the quotes.
    fn from_yaml(error: DocumentError, text: &str) -> Self {
        let line = text.lines().nth(error.line.saturating_sub(1)).unwrap_or_default();
        if line.contains("{{") { Problem::Braces(error.message) } else { Problem::Yaml(error.message) }
    }
}

impl MappingError {
    fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}: ", self.file),
            None => format!("{}: ", self.file),
        }
    }

    fn leaf(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) }
    }
}

/// Turns the YAML tree into nodes, and knows where it is.
struct Reader<'a> {
    file: &'a str,
    document: &'a Document,
    path: Vec<String>,
}

impl Reader<'_> {
    fn node(&mut self, value: &Value) -> Result<Node, MappingError> {
        if self.path.len() > MAX_DEPTH {
            return Err(self.error(BridgeError::Deep.into()));
        }
        Ok(match value {
            Value::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| self.entry(key, value));
                Node::Map(entries.collect::<Result<_, _>>()?)
            }
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(at, item)| self.item(at, item));
                Node::List(items.collect::<Result<_, _>>()?)
            }
            Value::String(text) => match Leaf::parse(text).map_err(|error| self.error(error.into()))? {
                Leaf::Text(text) => Node::Literal(Value::String(text)),
                Leaf::Expression(expression) => {
                    Node::Expression { expression, path: self.joined(), line: self.line() }
                }
            },
            literal => Node::Literal(literal.clone()),
        })
    }

    fn entry(&mut self, key: &str, value: &Value) -> Result<(String, Node), MappingError> {
        self.path.push(key.to_owned());
        let node = if key.contains("{{") { Err(self.error(Problem::Key)) } else { self.node(value) };
        self.path.pop();
        Ok((key.to_owned(), node?))
    }

    fn item(&mut self, at: usize, value: &Value) -> Result<Node, MappingError> {
        self.path.push(format!("[{at}]"));
        let node = self.node(value);
        self.path.pop();
        node
    }

    /// `storage.accessModes[0]`
    fn joined(&self) -> String {
        let mut joined = String::new();
        for step in &self.path {
            if !joined.is_empty() && !step.starts_with('[') {
                joined.push('.');
            }
            joined.push_str(step);
        }
        joined
    }

    fn line(&self) -> Option<usize> {
        self.document.line_of(&self.joined())
    }

    fn error(&self, problem: Problem) -> MappingError {
        MappingError { file: self.file.to_owned(), line: self.line(), path: self.joined(), problem }
    }
}

/// One application of a mapping.
struct Run<'a> {
    file: &'a str,
    context: Ninja,
    budget: Budget,
}

impl Run<'_> {
    fn value(&mut self, node: &Node) -> Result<Option<Value>, MappingError> {
        match node {
            Node::Literal(value) => Ok(Some(value.clone())),
            Node::Map(entries) => self.map(entries),
            Node::List(items) => self.list(items),
            Node::Expression { expression, path, line } => self.evaluate(expression).map_err(|problem| {
                MappingError { file: self.file.to_owned(), line: *line, path: path.clone(), problem }
            }),
        }
    }

    fn map(&mut self, entries: &[(String, Node)]) -> Result<Option<Value>, MappingError> {
        let mut map = Map::new();
        for (key, node) in entries {
            if let Some(value) = self.value(node)? {
                map.insert(key.clone(), value);
            }
        }
        Ok((entries.is_empty() || !map.is_empty()).then_some(Value::Object(map)))
    }

    fn list(&mut self, nodes: &[Node]) -> Result<Option<Value>, MappingError> {
        let mut items = Vec::new();
        for node in nodes {
            items.extend(self.value(node)?);
        }
        Ok((nodes.is_empty() || !items.is_empty()).then_some(Value::Array(items)))
    }

    fn evaluate(&mut self, expression: &Expression) -> Result<Option<Value>, Problem> {
        let value = expression.evaluate(&self.context)?;
        Ok(bridge::to_json(&value, &mut self.budget)?)
    }
}
