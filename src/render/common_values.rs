//! The methods of `.Values` and of the context itself (Helm `pkg/chart/common/values.go`).

use crate::template::func::{CallError, Method};
use crate::template::types::{Named, Type};
use crate::template::value::{Map, Str, Value};
use crate::yaml::write;

/// `common.Values`: a map with methods.
pub static VALUES: Named =
    Named { name: "common.Values", underlying: Type::Map(&Type::Any), methods: &METHODS };

/// The same map as a `common.Values`.
pub fn seen_as_values(map: &Map) -> Map {
    map.seen_as(&VALUES)
}

/// The table at a dotted path below `values`, sharing its entries (`Values.Table`).
///
/// The error is the part of the path that is none.
pub fn table(values: &Map, path: &[u8]) -> Result<Map, Str> {
    let mut table = values.clone();
    for part in path.split(|byte| *byte == b'.') {
        let Some(Value::Map(next)) = table.get(part) else { return Err(part.into()) };
        table = next;
    }
    Ok(seen_as_values(&table))
}

static METHODS: [Method; 4] = [
    Method {
        name: "AsMap",
        params: &[],
        variadic: false,
        returns: Type::Map(&Type::Any),
        call: |args| {
            let values = receiver(args)?;
            Ok(Value::Map(values.seen_as_plain()))
        },
    },
    Method {
        name: "PathValue",
        params: &[Type::String],
        variadic: false,
        returns: Type::Any,
        call: |args| path_value(receiver(args)?, argument(args)?),
    },
    Method {
        name: "Table",
        params: &[Type::String],
        variadic: false,
        returns: Type::Named(&VALUES),
        call: |args| {
            let found = table(receiver(args)?, argument(args)?);
            found
                .map(Value::Map)
                .map_err(|part| CallError::new(format!("\"{}\" is not a table", part.to_text())))
        },
    },
    Method {
        name: "YAML",
        params: &[],
        variadic: false,
        returns: Type::String,
        call: |args| {
            let text = write::to_vec(&Value::Map(receiver(args)?.clone()));
            text.map(Value::str).map_err(|error| CallError::new(error.to_string()))
        },
    },
];

fn receiver(args: &[Value]) -> Result<&Map, CallError> {
    args.first().and_then(Value::as_map).ok_or_else(|| CallError::new("the receiver is no map"))
}

fn argument(args: &[Value]) -> Result<&Str, CallError> {
    args.get(1).and_then(Value::as_str).ok_or_else(|| CallError::new("a path is missing"))
}

/// A value that is no table.
fn path_value(values: &Map, path: &Str) -> Result<Value, CallError> {
    if path.is_empty() {
        return Err(CallError::new("YAML path cannot be empty"));
    }
    let (parent, key) = match path.iter().rposition(|byte| *byte == b'.') {
        Some(dot) => (table(values, &path[..dot]).ok(), &path[dot + 1..]),
        None => (Some(values.clone()), &path[..]),
    };
    let found = parent.and_then(|table| table.get(key)).filter(|value| !matches!(value, Value::Map(_)));
    found.ok_or_else(|| CallError::new(format!("\"{}\" is not a value", String::from_utf8_lossy(key))))
}
