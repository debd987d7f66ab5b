//! Helm's functions that execute templates or stop the render (`pkg/engine/engine.go`).

use super::define::{ANY, Answer, MAP, STRING, any, fail, func, text};
use super::runes;
use crate::render::context::Context;
use crate::render::outside::{self, Wanted};
use crate::template::eval::Exec;
use crate::template::frozen::Frozen;
use crate::template::func::{CallError, Func};
use crate::template::quote::quote;
use crate::template::value::{Str, Value};

/// How often a template may be including itself when Helm stops it (`recursionMaxNums`).
const MAX_INCLUDES: usize = 1_000;

/// Of one question to a cluster or a resolver: a way through the network and the work of a server. Public charts ask
/// some ten times each, and five thousand questions use up an execution.
const QUESTION_STEPS: u64 = 2_000;

/// As much of an answer is read and made into values in one step: with a value for every few bytes as with long texts.
const ANSWER_PER_STEP: usize = 16;

/// What Helm puts around the text of `fail` and `required`, and cuts out again for the user.
const ERROR_START: &str = "HELM_ERR_START";
const ERROR_END: &str = "HELM_ERR_END";

pub static TABLE: &[Func<Context>] = &[
    func("include", &[STRING, ANY], STRING, include),
    func("tpl", &[STRING, ANY], STRING, tpl),
    func("required", &[STRING, ANY], ANY, |_, a| match any(a, 1) {
        Value::Nil | Value::Invalid => fail(warning(text(a, 0)?)),
        Value::Str(given) if given.is_empty() => fail(warning(text(a, 0)?)),
        given => Ok(given.clone()),
    }),
    func("fail", &[STRING], STRING, |_, a| fail(warning(text(a, 0)?))),
    func("lookup", &[STRING, STRING, STRING, STRING], MAP, lookup),
    func("getHostByName", &[STRING], STRING, host_by_name),
];

fn warning(text: &Str) -> String {
    format!("{ERROR_START}{}{ERROR_END}", text.to_text())
}

/// An object of the cluster, or all of a kind; nothing is ever found without one.
fn lookup(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let word = |at| text(args, at).map(|text| text.to_text().into_owned());
    let (api_version, kind, namespace, name) = (word(0)?, word(1)?, word(2)?, word(3)?);
    let Some(lookup) = &mut exec.host.outside.lookup else { return Ok(Frozen::empty().thaw()) };
    exec.budget.steps(QUESTION_STEPS)?;
    let most = exec.budget.memory_left();
    let outside::Answer { said, found, size } = lookup(&Wanted { api_version, kind, namespace, name, most });
    exec.budget.steps((size / ANSWER_PER_STEP) as u64)?;
    exec.budget.print(said.iter().map(|line| line.to_string().len()).sum())?;
    exec.host.said.extend(said);
    found.map_err(CallError::new)
}

/// One address of a host; none unless DNS lookups are switched on.
fn host_by_name(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let name = text(args, 0)?.to_text();
    let Some(resolve) = &mut exec.host.outside.host_by_name else { return Ok(Value::str("")) };
    exec.budget.steps(QUESTION_STEPS)?;
    resolve(&name).map(Value::str).map_err(CallError::new)
}

/// Executes a template by name over the value and returns what it prints.
fn include(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let name = text(args, 0)?;
    let running = exec.host.includes.entry(name.clone()).or_insert(0);
    if *running > MAX_INCLUDES {
        return fail(format!(
            "rendering template has a nested reference name: {}: unable to execute template",
            name.to_text()
        ));
    }
    *running += 1;
    let before = exec.budget.printed();
    let printed = exec.execute_template(name, any(args, 1).clone());
    exec.budget.taken(before);
    if let Some(running) = exec.host.includes.get_mut(name) {
        *running -= 1;
    }
    printed.map(Value::str).map_err(|error| CallError::template("", error))
}

/// Executes a text as a template over the value; what it defines is gone afterwards.
fn tpl(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let source = text(args, 0)?;
    let name = exec.set().name().clone();
    let before = exec.budget.printed();
    let printed = exec.execute_text(name, source, any(args, 1).clone());
    exec.budget.taken(before);
    match printed {
        Ok(printed) => Ok(Value::str(without_no_value(printed))),
        Err(error) => {
            let action =
                if error.exec { "error during tpl function execution for" } else { "cannot parse template" };
            Err(CallError::template(format!("{action} {}: ", quote(source)), error))
        }
    }
}

/// What Helm does to every rendered text: an absent value prints as nothing.
fn without_no_value(printed: Vec<u8>) -> Vec<u8> {
    const NO_VALUE: &[u8] = b"<no value>";
    if runes::find(&printed, NO_VALUE).is_none() { printed } else { runes::replace(&printed, NO_VALUE, b"") }
}
