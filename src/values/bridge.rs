//! JSON values into minijinja's values, and back, within bounds.

use minijinja::value::{Value as Ninja, ValueKind};
use serde_json::{Map, Number, Value};

/// Maps and lists in one another: more than any Kubernetes type needs, far less than a stack holds.
pub const MAX_DEPTH: usize = 100;

/// Bytes of keys and scalars that one resource may fill: an object of the Kubernetes API has to fit into a request of
/// etcd (1.5 MiB), so more could never be stored.
pub const MAX_BYTES: usize = 2 << 20;

/// Maps, lists and scalars of one resource; stops what is large without being long, such as a million empty maps.
pub const MAX_NODES: usize = 200_000;

/// Why a value cannot be a Helm value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BridgeError {
    #[error("gives {0}, which is no YAML value; give text, a number, a boolean, a list or a map")]
    Kind(String),
    #[error("gives the number {0}, which JSON cannot hold; make it text with `| string`")]
    Number(String),
    #[error("gives a map with the key {0}, which is no text; make the keys text")]
    Key(String),
    #[error("is nested more than {MAX_DEPTH} levels deep; flatten it")]
    Deep,
    #[error(
        "gives more than {MAX_BYTES} bytes or {MAX_NODES} values; what is this large belongs in an object of its own"
    )]
    Large,
    #[error("{0}")]
    Broken(String),
}

/// What is left to spend on one resource.
#[derive(Debug)]
pub struct Budget {
    bytes: usize,
    nodes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { bytes: MAX_BYTES, nodes: MAX_NODES }
    }
}

impl Budget {
    /// Pays for one value with `bytes` of text.
    pub fn spend(&mut self, bytes: usize) -> Result<(), BridgeError> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(BridgeError::Large)?;
        self.nodes = self.nodes.checked_sub(1).ok_or(BridgeError::Large)?;
        Ok(())
    }
}

/// A JSON value as expressions see it: integers stay integers, objects are maps in key order.
pub fn from_json(value: &Value) -> Result<Ninja, BridgeError> {
    into_ninja(value, 0)
}

fn into_ninja(value: &Value, depth: usize) -> Result<Ninja, BridgeError> {
    if depth > MAX_DEPTH {
        return Err(BridgeError::Deep);
    }
    Ok(match value {
        Value::Null => Ninja::from(()),
        Value::Bool(flag) => Ninja::from(*flag),
        Value::Number(number) => number_into_ninja(number),
        Value::String(text) => Ninja::from(text.as_str()),
        Value::Array(items) => {
            let items: Result<Vec<Ninja>, _> = items.iter().map(|item| into_ninja(item, depth + 1)).collect();
            Ninja::from(items?)
        }
        Value::Object(entries) => {
            let entries =
                entries.iter().map(|(key, value)| Ok((key.as_str(), into_ninja(value, depth + 1)?)));
            Ninja::from_pairs(entries.collect::<Result<Vec<_>, BridgeError>>()?)
        }
    })
}

fn number_into_ninja(number: &Number) -> Ninja {
    match (number.as_i64(), number.as_u64()) {
        (Some(number), _) => Ninja::from(number),
        (None, Some(number)) => Ninja::from(number),
        (None, None) => Ninja::from(number.as_f64()),
    }
}

/// What an expression gave, as JSON; `None` when that is undefined. Undefined entries of a map or list are left out.
pub fn to_json(value: &Ninja, budget: &mut Budget) -> Result<Option<Value>, BridgeError> {
    into_json(value, budget, 0)
}

fn into_json(value: &Ninja, budget: &mut Budget, depth: usize) -> Result<Option<Value>, BridgeError> {
    if depth > MAX_DEPTH {
        return Err(BridgeError::Deep);
    }
    budget.spend(value.as_str().map_or(0, str::len))?;
    Ok(Some(match value.kind() {
        ValueKind::Undefined => return Ok(None),
        ValueKind::None => Value::Null,
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::Number => Value::Number(number_into_json(value)?),
        ValueKind::String => Value::String(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::Seq | ValueKind::Iterable => items_into_json(value, budget, depth)?,
        ValueKind::Map => entries_into_json(value, budget, depth)?,
        kind => return Err(BridgeError::Kind(kind.to_string())),
    }))
}

fn items_into_json(value: &Ninja, budget: &mut Budget, depth: usize) -> Result<Value, BridgeError> {
    let mut items = Vec::new();
    for item in value.try_iter().map_err(broken)? {
        items.extend(into_json(&item, budget, depth + 1)?);
    }
    Ok(Value::Array(items))
}

fn entries_into_json(value: &Ninja, budget: &mut Budget, depth: usize) -> Result<Value, BridgeError> {
    let mut entries = Map::new();
    for key in value.try_iter().map_err(broken)? {
        let Some(name) = key.as_str() else { return Err(BridgeError::Key(key.to_string())) };
        budget.spend(name.len())?;
        if let Some(entry) = into_json(&value.get_item(&key).map_err(broken)?, budget, depth + 1)? {
            entries.insert(name.to_owned(), entry);
        }
    }
    Ok(Value::Object(entries))
}

fn number_into_json(value: &Ninja) -> Result<Number, BridgeError> {
    let number = if value.is_integer() {
        let signed = i64::try_from(value.clone()).map(Number::from);
        signed.or_else(|_| u64::try_from(value.clone()).map(Number::from)).ok()
    } else {
        f64::try_from(value.clone()).ok().and_then(Number::from_f64)
    };
    number.ok_or_else(|| BridgeError::Number(value.to_string()))
}

fn broken(error: minijinja::Error) -> BridgeError {
    BridgeError::Broken(super::expression::message(&error))
}
