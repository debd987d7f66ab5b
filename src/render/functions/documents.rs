//! YAML and JSON texts to values and back: Helm's functions, and those of Sprig that Helm leaves in place.

use super::define::{ANY, Answer, LIST, MAP, STRING, any, fail, func, text};
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::types::Type;
use crate::template::value::{Map, Value};
use crate::yaml::json::{self, Options};
use crate::yaml::{pretty, read, write};

pub static TABLE: &[Func<Context>] = &[
    func("toYaml", &[ANY], STRING, |exec, a| yaml_or_empty(exec, yaml(any(a, 0)))),
    func("mustToYaml", &[ANY], STRING, |exec, a| {
        let written = yaml(any(a, 0)).or_else(|error| fail(error.to_string()))?;
        charged(exec, written)
    }),
    func("toYamlPretty", &[ANY], STRING, |exec, a| {
        yaml_or_empty(exec, pretty::to_vec(any(a, 0)).map(without_newline))
    }),
    func("fromYaml", &[STRING], MAP, |exec, a| {
        charge_reading(exec, text(a, 0)?)?;
        Ok(Value::Map(read::map(text(a, 0)?).unwrap_or_else(|error| error_map(error.to_string()))))
    }),
    func("fromYamlArray", &[STRING], LIST, |exec, a| {
        charge_reading(exec, text(a, 0)?)?;
        let read = read::list(text(a, 0)?);
        Ok(read.map_or_else(|error| Value::list(vec![Value::str(error.to_string())]), Value::List))
    }),
    func("toJson", &[ANY], STRING, |exec, a| json_or_empty(exec, json::encode(any(a, 0)))),
    func("mustToJson", &[ANY], STRING, |exec, a| must_encode(exec, a, HTML_SAFE)),
    func("toPrettyJson", &[ANY], STRING, |exec, a| json_or_empty(exec, json::encode_indent(any(a, 0)))),
    func("mustToPrettyJson", &[ANY], STRING, |exec, a| {
        must_encode(exec, a, Options { indent: true, ..HTML_SAFE })
    }),
    func("toRawJson", &[ANY], STRING, |exec, a| {
        must_encode(exec, a, Options { escape_html: false, ..HTML_SAFE })
    }),
    func("mustToRawJson", &[ANY], STRING, |exec, a| {
        must_encode(exec, a, Options { escape_html: false, ..HTML_SAFE })
    }),
    func("fromJson", &[STRING], MAP, |exec, a| {
        charge_reading(exec, text(a, 0)?)?;
        let json::Partial { value, error } = json::decode_map(text(a, 0)?);
        if let Some(error) = error {
            value.insert("Error", Value::str(error.to_string()));
        }
        Ok(Value::Map(value))
    }),
    func("fromJsonArray", &[STRING], LIST, |exec, a| {
        charge_reading(exec, text(a, 0)?)?;
        let json::Partial { value, error } = json::decode_list(text(a, 0)?);
        Ok(match error {
            Some(error) => Value::list(vec![Value::str(error.to_string())]),
            None => Value::List(value),
        })
    }),
    func("mustFromJson", &[STRING], ANY, |exec, a| {
        charge_reading(exec, text(a, 0)?)?;
        json::decode(text(a, 0)?).map_err(|error| CallError::new(error.to_string()))
    }),
];

/// Charges the reading of a document, or the writing of YAML: two bytes of it take as long as a step.
fn charge_reading(exec: &mut Exec<'_, Context>, text: &[u8]) -> Result<(), CallError> {
    Ok(exec.budget.steps(text.len() as u64 / 2)?)
}

const HTML_SAFE: Options = Options { escape_html: true, indent: false };

fn yaml(value: &Value) -> Result<Vec<u8>, write::WriteError> {
    write::to_vec(value).map(without_newline)
}

fn without_newline(mut text: Vec<u8>) -> Vec<u8> {
    if text.ends_with(b"\n") {
        text.pop();
    }
    text
}

fn must_encode(exec: &mut Exec<'_, Context>, args: &[Value], options: Options) -> Answer {
    let written = json::encode_with(any(args, 0), options).or_else(|error| fail(error.to_string()))?;
    charged(exec, written)
}

/// Helm gives an empty string for what cannot be written; a text that is too long is an error all the same.
fn yaml_or_empty(exec: &mut Exec<'_, Context>, written: Result<Vec<u8>, write::WriteError>) -> Answer {
    match written {
        Err(error @ write::WriteError::TooLong) => fail(error.to_string()),
        written => {
            let written = written.unwrap_or_default();
            charge_reading(exec, &written)?;
            charged(exec, written)
        }
    }
}

/// The same for JSON.
fn json_or_empty(exec: &mut Exec<'_, Context>, written: Result<Vec<u8>, json::EncodeError>) -> Answer {
    match written {
        Err(error @ json::EncodeError::TooLong) => fail(error.to_string()),
        written => charged(exec, written.unwrap_or_default()),
    }
}

/// The text as a value, after it was charged: a chart can double a value and write it again and again.
fn charged(exec: &mut Exec<'_, Context>, text: Vec<u8>) -> Answer {
    exec.budget.text(text.len())?;
    Ok(Value::str(text))
}

/// Helm's way to say in a map what is wrong with the text.
pub fn error_map(text: String) -> Map {
    Map::new(Type::Any, [("Error".into(), Value::str(text))].into())
}
