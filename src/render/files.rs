//! The files of a chart to `.Files` with its methods (Helm `pkg/engine/files.go`).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::chart::glob::Glob;
use crate::template::budgets::{BudgetError, MAX_MEMORY, MAX_TEXT};
use crate::template::func::{CallError, Method};
use crate::template::types::{Named, Type};
use crate::template::value::{Map, Str, Value};
use crate::yaml::write;

static FILES: Named = Named { name: "engine.files", underlying: Type::Map(&Type::Bytes), methods: &METHODS };

static METHODS: [Method; 6] = [
    Method {
        name: "Get",
        params: &[Type::String],
        variadic: false,
        returns: Type::String,
        call: |args| with_name(args, |files, name| Value::Str(data(files, name))),
    },
    Method {
        name: "GetBytes",
        params: &[Type::String],
        variadic: false,
        returns: Type::Bytes,
        call: |args| with_name(args, |files, name| Value::Bytes(data(files, name))),
    },
    Method {
        name: "Glob",
        params: &[Type::String],
        variadic: false,
        returns: Type::Named(&FILES),
        call: |args| with_name(args, |files, pattern| Value::Map(glob(files, pattern))),
    },
    Method {
        name: "AsConfig",
        params: &[],
        variadic: false,
        returns: Type::String,
        call: |args| by_base(args, |data| Value::Str(data.clone())),
    },
    Method {
        name: "AsSecrets",
        params: &[],
        variadic: false,
        returns: Type::String,
        call: |args| by_base(args, |data| Value::str(STANDARD.encode(&**data))),
    },
    Method {
        name: "Lines",
        params: &[Type::String],
        variadic: false,
        returns: Type::List(&Type::String),
        call: |args| with_name(args, data).and_then(|data| lines(&data)),
    },
];

/// The files as an `engine.files`: a map from path to bytes.
pub fn value(files: impl IntoIterator<Item = (Str, Str)>) -> Value {
    let entries = files.into_iter().map(|(name, data)| (name, Value::Bytes(data)));
    Value::Map(Map::named(&FILES, entries.collect()))
}

fn with_name<T>(args: &[Value], answer: impl Fn(&Map, &Str) -> T) -> Result<T, CallError> {
    match args {
        [Value::Map(files), Value::Str(name)] => Ok(answer(files, name)),
        _ => Err(CallError::new("a method of .Files takes a path")),
    }
}

/// The contents of a file; nothing where there is no such file.
fn data(files: &Map, name: &Str) -> Str {
    match files.get(name) {
        Some(Value::Bytes(data)) => data,
        _ => Str::from(""),
    }
}

/// The files whose path matches. A pattern that cannot be read matches everything (`glob.Compile("**")`).
fn glob(files: &Map, pattern: &Str) -> Map {
    let glob = Glob::new(&pattern.to_text()).ok();
    let matches = |name: &Str| glob.as_ref().is_none_or(|glob| glob.matches(&name.to_text()));
    let found = files.snapshot().into_iter().filter(|(name, _)| matches(name));
    Map::named(&FILES, found.collect())
}

/// A YAML map from base name to contents. Of two files with one base name the later path counts.
fn by_base(args: &[Value], contents: impl Fn(&Str) -> Value) -> Result<Value, CallError> {
    let [Value::Map(files)] = args else { return Err(CallError::new("the receiver is not .Files")) };
    let (mut entries, mut size) = (BTreeMap::new(), 0_usize);
    for (name, file) in files.snapshot() {
        if let Value::Bytes(data) = file {
            size = size.saturating_add(data.len());
            if size > MAX_TEXT {
                return Err(BudgetError::Text(MAX_TEXT).into());
            }
            entries.insert(Str::from(base(&name)), contents(&data));
        }
    }
    let map = Value::Map(Map::new(Type::String, entries));
    let mut text = write::to_vec(&map).unwrap_or_default();
    if text.last() == Some(&b'\n') {
        text.pop();
    }
    Ok(Value::str(text))
}

/// What a line takes up at least: its text, counters and place in the list.
const LINE: usize = 100;

/// Go's `path.Base` of a path without a trailing slash.
fn base(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b'/').next().unwrap_or(name)
}

fn lines(data: &Str) -> Result<Value, CallError> {
    if data.is_empty() {
        return Ok(Value::strings(Vec::<Str>::new()));
    }
    let text = data.strip_suffix(b"\n").unwrap_or(data);
    let count = text.iter().filter(|byte| **byte == b'\n').count() + 1;
    if count > MAX_MEMORY / LINE {
        return Err(BudgetError::Memory(MAX_MEMORY).into());
    }
    Ok(Value::strings(text.split(|byte| *byte == b'\n')))
}
