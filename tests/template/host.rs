//! The functions and types that `reference/main.go` offers, for our side of the comparison.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use promgit::template::budgets::Limits;
use promgit::template::error::Error;
use promgit::template::eval::Exec;
use promgit::template::fmt::print_value;
use promgit::template::func::{CallError, Func, Method};
use promgit::template::funcs::Funcs;
use promgit::template::set::Set;
use promgit::template::types::{Named, Type};
use promgit::template::value::{List, Map, Object, Str, Value};

use crate::case::{Case, Outcome};

pub struct Host;

type Answer = Result<Value, CallError>;

/// Runs a case and tells what came of it in the form of the reference program.
pub fn run(case: &Case) -> Outcome {
    let mut set = Set::new("root", Arc::new(funcs()));
    let files = case.files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    for (name, text) in files.chain([("main", case.text.as_str())]) {
        if let Err(error) = set.parse(name, text.as_bytes()) {
            return Outcome::Failed(chain(error));
        }
    }
    let mut host = Host;
    let mut exec = Exec::new(Arc::new(set), &mut host, Limits::default());
    match exec.execute_template("main", value(&case.data)) {
        Ok(printed) => Outcome::Printed(String::from_utf8_lossy(&printed).into_owned()),
        Err(error) => Outcome::Failed(chain(error)),
    }
}

fn chain(error: Error) -> Vec<String> {
    let whole = error.to_string();
    let mut rest = whole.as_str();
    let mut texts: Vec<String> = Vec::new();
    for link in error.chain() {
        if texts.last().is_none_or(|text| text != rest) {
            texts.push(rest.to_owned());
        }
        rest = &rest[link.own().len()..];
    }
    texts
}

/// JSON as Go decodes it into `interface {}`.
pub fn value(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Nil,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Float(number.as_f64().expect("float64")),
        Json::String(text) => Value::str(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(value).collect()),
        Json::Object(entries) => Value::map(entries.iter().map(|(key, item)| (key.as_str(), value(item)))),
    }
}

pub fn funcs() -> Funcs<Host> {
    Funcs::new(&FUNCS)
}

const fn func(
    name: &'static str,
    params: &'static [Type],
    returns: Type,
    call: fn(&mut Exec<'_, Host>, &[Value]) -> Answer,
) -> Func<Host> {
    Func { name, params, variadic: false, returns, call }
}

const fn variadic(
    name: &'static str,
    params: &'static [Type],
    returns: Type,
    call: fn(&mut Exec<'_, Host>, &[Value]) -> Answer,
) -> Func<Host> {
    Func { name, params, variadic: true, returns, call }
}

const ANY_MAP: Type = Type::Map(&Type::Any);

static FUNCS: [Func<Host>; 24] = [
    func("str", &[Type::String], Type::String, same),
    func("int", &[Type::Int], Type::Int, same),
    func("int64", &[Type::Int64], Type::Int64, same),
    func("uint8", &[Type::Uint8], Type::Uint8, same),
    func("float", &[Type::Float64], Type::Float64, same),
    func("bool", &[Type::Bool], Type::Bool, same),
    func("any", &[Type::Any], Type::Any, same),
    variadic("list", &[Type::Any], Type::List(&Type::Any), |_, args| Ok(Value::list(args.to_vec()))),
    variadic("strings", &[Type::String], Type::List(&Type::String), |_, args| {
        Ok(Value::List(List::new(Type::String, args.to_vec())))
    }),
    func("mapping", &[ANY_MAP], Type::Int, |_, args| {
        Ok(Value::int(args[0].as_map().map_or(0, |map| map.len() as i64)))
    }),
    func("asMap", &[ANY_MAP], ANY_MAP, same),
    func("asTable", &[Type::Named(&TABLE)], Type::Named(&TABLE), same),
    variadic("joined", &[Type::String, Type::Int], Type::String, |_, args| {
        let numbers: Vec<String> =
            args[1..].iter().map(|arg| String::from_utf8(print_value(arg)).expect("digits")).collect();
        Ok(Value::str(format!("{}{}", numbers.join(" "), args[0].as_str().expect("string").to_text())))
    }),
    func("none", &[], Type::Any, |_, _| Ok(Value::Nil)),
    func("bytes", &[Type::String], Type::Bytes, |_, args| {
        Ok(Value::Bytes(args[0].as_str().expect("string").clone()))
    }),
    func("fail", &[Type::String], Type::String, |_, args| Err(message(&args[0]))),
    func("versions", &[], Type::Named(&VERSIONS), |_, _| {
        Ok(Value::List(List::named(&VERSIONS, vec![Value::str("v1"), Value::str("apps/v1")])))
    }),
    func("table", &[], Type::Named(&TABLE), |_, _| {
        let entries = [("a", Value::str("x")), ("Get", Value::int(1)), ("nil", Value::Nil)];
        Ok(Value::Map(Map::named(&TABLE, entries.map(|(key, value)| (Str::from(key), value)).into())))
    }),
    func("info", &[], Type::Named(&INFO), |_, _| Ok(Value::Object(Rc::new(Info)))),
    func("plain", &[], Type::Named(&PLAIN), |_, _| Ok(Value::Object(Rc::new(Plain)))),
    func("nilmap", &[], ANY_MAP, |_, _| Ok(Value::Map(Map::nil(Type::Any)))),
    func("texts", &[], Type::Map(&Type::String), |_, _| {
        Ok(Value::Map(Map::new(Type::String, [(Str::from("a"), Value::str("1"))].into())))
    }),
    func("include", &[Type::String, Type::Any], Type::String, |exec, args| {
        let name = args[0].as_str().expect("string");
        let printed = exec.execute_template(name, args[1].clone());
        printed.map(Value::str).map_err(|error| CallError::template("", error))
    }),
    func("tpl", &[Type::String, Type::Any], Type::String, |exec, args| {
        let text = args[0].as_str().expect("string");
        let printed = exec.execute_text("root", text, args[1].clone());
        printed.map(Value::str).map_err(|error| {
            let what =
                if error.exec { "error during tpl function execution for" } else { "cannot parse template" };
            let quoted = promgit::template::quote::quote(text);
            CallError::template(format!("{what} {quoted}: "), error)
        })
    }),
];

fn same(_: &mut Exec<'_, Host>, args: &[Value]) -> Answer {
    Ok(args[0].clone())
}

fn message(text: &Value) -> CallError {
    CallError::new(text.as_str().expect("string").to_text())
}

static VERSIONS: Named = Named {
    name: "main.Versions",
    underlying: Type::List(&Type::String),
    methods: &[Method {
        name: "Has",
        params: &[Type::String],
        variadic: false,
        returns: Type::Bool,
        call: |args| {
            let list = args[0].as_list().expect("list").snapshot();
            Ok(Value::Bool(list.iter().any(|item| item.as_str() == args[1].as_str())))
        },
    }],
};

static TABLE: Named = Named {
    name: "main.Table",
    underlying: ANY_MAP,
    methods: &[
        Method {
            name: "Get",
            params: &[Type::String],
            variadic: false,
            returns: Type::String,
            call: |args| {
                let found = args[0].as_map().expect("map").get(args[1].as_str().expect("string"));
                Ok(Value::str(print_value(&found.unwrap_or(Value::Nil))))
            },
        },
        Method {
            name: "Fail",
            params: &[Type::String],
            variadic: false,
            returns: Type::String,
            call: |args| Err(message(&args[1])),
        },
        Method {
            name: "Keys",
            params: &[],
            variadic: false,
            returns: Type::Int,
            call: |args| Ok(Value::int(args[0].as_map().expect("map").len() as i64)),
        },
    ],
};

static INFO: Named = Named {
    name: "*main.Info",
    underlying: Type::Any,
    methods: &[
        Method {
            name: "String",
            params: &[],
            variadic: false,
            returns: Type::String,
            call: |_| Ok(Value::str("v1")),
        },
        Method {
            name: "Add",
            params: &[Type::Int, Type::Int],
            variadic: true,
            returns: Type::Int,
            call: |args| match args[1] {
                Value::Int(_, number) => Ok(Value::int(2 + number + args.len() as i64 - 2)),
                _ => Err(CallError::new("not an int")),
            },
        },
    ],
};

#[derive(Debug)]
struct Info;

impl Object for Info {
    fn named(&self) -> &'static Named {
        &INFO
    }
    fn field(&self, name: &str) -> Option<Value> {
        self.fields().into_iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Major", Value::str("1")), ("Minor", Value::int(2)), ("Nothing", Value::Nil)]
    }
    fn display(&self) -> Option<String> {
        Some("v1".into())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

static PLAIN: Named = Named { name: "*main.Plain", underlying: Type::Any, methods: &[] };

#[derive(Debug)]
struct Plain;

impl Object for Plain {
    fn named(&self) -> &'static Named {
        &PLAIN
    }
    fn field(&self, name: &str) -> Option<Value> {
        self.fields().into_iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Name", Value::str("n")), ("Tags", Value::strings(["a", "b"]))]
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
