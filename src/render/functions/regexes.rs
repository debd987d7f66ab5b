//! Sprig's functions on regular expressions, with the matching rules of Go's `regexp`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use regex::bytes::{Captures, Match, Regex, RegexBuilder};

use super::define::{Answer, BOOL, INT, STRING, STRINGS, func, int, text};
use super::regex_cost::Cost;
use super::regex_error::{Code, RegexError};
use super::regex_syntax::translate;
use super::runes;
use crate::render::context::Context;
use crate::template::budgets::BudgetError;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::quote::quote;
use crate::template::value::{List, Str, Value};

/// Bytes of a compiled expression. The largest of public charts take a few kilobytes; Go stops at 128 MiB.
const MAX_COMPILED: usize = 2 << 20;

/// Steps that compiling an expression costs, and what it costs more for each repetition that it counts: `x{1000}` is
/// a thousand copies of `x`.
const COMPILE_STEPS: u64 = 10_000;
const REPETITION_STEPS: u64 = 300;

/// Bytes that a part of a text takes as a value.
const MATCH: usize = 100;

/// Nested items of the translated expression: groups, each with its flags and classes.
const MAX_NESTING: u32 = 1_000;

/// Compiled expressions that a thread keeps; charts use a handful again and again.
const MAX_KEPT: usize = 128;

/// What a function does with an expression that does not compile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnError {
    /// `regexp.Compile`: the error itself.
    Return,
    /// `regexp.MustCompile`: a panic that shows the expression.
    Panic,
}

/// A compiled expression and the names of its groups.
struct Expression {
    source: Str,
    regex: Regex,
    names: Vec<String>,
    cost: Cost,
}

type Compiled = Result<Rc<Expression>, RegexError>;

thread_local! {
    static KEPT: RefCell<BTreeMap<Str, Compiled>> = const { RefCell::new(BTreeMap::new()) };
}

pub static TABLE: &[Func<Context>] = &[
    func("regexMatch", &[STRING, STRING], BOOL, |exec, a| {
        let found = match compiled(exec, text(a, 0)?)? {
            Ok(expression) => expression.find(exec, text(a, 1)?)?.is_some(),
            Err(_) => false,
        };
        Ok(Value::Bool(found))
    }),
    func("mustRegexMatch", &[STRING, STRING], BOOL, |exec, a| {
        let expression = expression(exec, a, OnError::Return)?;
        Ok(Value::Bool(expression.find(exec, text(a, 1)?)?.is_some()))
    }),
    func("regexFind", &[STRING, STRING], STRING, |exec, a| find(exec, a, OnError::Panic)),
    func("mustRegexFind", &[STRING, STRING], STRING, |exec, a| find(exec, a, OnError::Return)),
    func("regexFindAll", &[STRING, STRING, INT], STRINGS, |exec, a| find_all(exec, a, OnError::Panic)),
    func("mustRegexFindAll", &[STRING, STRING, INT], STRINGS, |exec, a| find_all(exec, a, OnError::Return)),
    func("regexReplaceAll", &[STRING, STRING, STRING], STRING, |exec, a| {
        replace_all(exec, a, OnError::Panic, expand)
    }),
    func("mustRegexReplaceAll", &[STRING, STRING, STRING], STRING, |exec, a| {
        replace_all(exec, a, OnError::Return, expand)
    }),
    func("regexReplaceAllLiteral", &[STRING, STRING, STRING], STRING, |exec, a| {
        replace_all(exec, a, OnError::Panic, literal)
    }),
    func("mustRegexReplaceAllLiteral", &[STRING, STRING, STRING], STRING, |exec, a| {
        replace_all(exec, a, OnError::Return, literal)
    }),
    func("regexSplit", &[STRING, STRING, INT], STRINGS, |exec, a| split(exec, a, OnError::Panic)),
    func("mustRegexSplit", &[STRING, STRING, INT], STRINGS, |exec, a| split(exec, a, OnError::Return)),
    func("regexQuoteMeta", &[STRING], STRING, |_, a| {
        let mut out = Vec::new();
        for byte in text(a, 0)?.iter() {
            if b"\\.+*?()|[]{}^$".contains(byte) {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        Ok(Value::str(out))
    }),
];

/// The expression from the memory of this thread, or compiled now. A render is charged for each expression that it has
/// not used before, whether this thread remembers it or not: the limits must not depend on what ran before.
fn compiled(exec: &mut Exec<'_, Context>, source: &Str) -> Result<Compiled, BudgetError> {
    if !exec.host.expressions.contains_key(source) {
        exec.host.expressions.insert(source.clone(), Default::default());
        exec.budget.steps(COMPILE_STEPS + source.len() as u64 + REPETITION_STEPS * repetitions(source))?;
    }
    Ok(remembered(source))
}

/// The sum of all numbers that follow a `{`.
fn repetitions(source: &[u8]) -> u64 {
    let counts = source.split(|byte| *byte == b'{').skip(1).map(|rest| {
        let digits = rest.iter().map_while(|byte| char::from(*byte).to_digit(10));
        digits.fold(0_u64, |count, digit| count.saturating_mul(10).saturating_add(digit.into()))
    });
    counts.fold(0, u64::saturating_add).min(crate::template::budgets::MAX_STEPS)
}

fn remembered(source: &Str) -> Compiled {
    KEPT.with_borrow_mut(|kept| {
        if let Some(compiled) = kept.get(source) {
            return compiled.clone();
        }
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        let compiled = compile(source).map(Rc::new);
        kept.insert(source.clone(), compiled.clone());
        compiled
    })
}

fn compile(source: &Str) -> Result<Expression, RegexError> {
    let translated = translate(source)?;
    let built =
        RegexBuilder::new(&translated.pattern).size_limit(MAX_COMPILED).nest_limit(MAX_NESTING).build();
    match (built, Cost::of(&translated.pattern)) {
        (Ok(regex), Some(cost)) => {
            Ok(Expression { source: source.clone(), regex, names: translated.names, cost })
        }
        (Err(regex::Error::CompiledTooBig(_)), _) => Code::Large.at(&source.to_text()),
        _ => Code::Internal.at(&source.to_text()),
    }
}

fn expression(
    exec: &mut Exec<'_, Context>,
    args: &[Value],
    on_error: OnError,
) -> Result<Rc<Expression>, CallError> {
    let source = text(args, 0)?;
    compiled(exec, source)?.map_err(|error| match on_error {
        OnError::Return => CallError::new(error.to_string()),
        OnError::Panic => CallError::new(format!("regexp: Compile({}): {error}", quoted(source))),
    })
}

/// In back quotes if the text can stand in them (`strconv.CanBackquote`).
fn quoted(source: &Str) -> String {
    let plain =
        |letter: char| letter == '\t' || letter >= ' ' && !matches!(letter, '`' | '\u{7f}' | '\u{feff}');
    match std::str::from_utf8(source) {
        Ok(text) if text.chars().all(plain) => format!("`{text}`"),
        _ => quote(source),
    }
}

fn find(exec: &mut Exec<'_, Context>, args: &[Value], on_error: OnError) -> Answer {
    let expression = expression(exec, args, on_error)?;
    let found = expression.find(exec, text(args, 1)?)?;
    Ok(Value::str(found.map_or(&b""[..], |found| found.as_bytes())))
}

fn find_all(exec: &mut Exec<'_, Context>, args: &[Value], on_error: OnError) -> Answer {
    let expression = expression(exec, args, on_error)?;
    let source = text(args, 1)?;
    let found = expression.matches(exec, source, int(args, 2)?)?;
    Ok(match found.is_empty() {
        true => Value::List(List::nil(STRING)),
        false => Value::strings(found.into_iter().map(|(start, end)| &source[start..end])),
    })
}

/// `Regexp.Split`: the text between matches, at most `limit` parts (all when negative).
fn split(exec: &mut Exec<'_, Context>, args: &[Value], on_error: OnError) -> Answer {
    let expression = expression(exec, args, on_error)?;
    let (source, limit) = (text(args, 1)?, int(args, 2)?);
    if limit == 0 {
        return Ok(Value::List(List::nil(STRING)));
    }
    if source.is_empty() && !text(args, 0)?.is_empty() {
        return Ok(Value::strings([""]));
    }
    let (mut parts, mut start, mut end) = (Vec::new(), 0, 0);
    for (from, to) in expression.matches(exec, source, limit)? {
        if limit > 0 && parts.len() as i64 == limit - 1 {
            break;
        }
        end = from;
        if to != 0 {
            parts.push(&source[start..end]);
        }
        start = to;
    }
    if end != source.len() {
        parts.push(&source[start..]);
    }
    Ok(Value::strings(parts))
}

impl Expression {
    fn find<'t>(
        &self,
        exec: &mut Exec<'_, Context>,
        source: &'t [u8],
    ) -> Result<Option<Match<'t>>, BudgetError> {
        self.find_at(exec, source, 0)
    }

    /// The first match from a place on; the render is charged for what it costs.
    fn find_at<'t>(
        &self,
        exec: &mut Exec<'_, Context>,
        source: &'t [u8],
        at: usize,
    ) -> Result<Option<Match<'t>>, BudgetError> {
        if let Some(spent) = exec.host.expressions.get_mut(&self.source) {
            exec.budget.steps(self.cost.of_search(source.len() - at, spent))?;
        }
        let found = self.regex.find_at(source, at);
        exec.budget.steps(self.cost.of_reading(found.map_or(source.len(), |found| found.end()) - at))?;
        Ok(found)
    }

    /// Start and end of up to `limit` matches (all when negative); an empty match that touches the one
    /// before it does not count (`Regexp.allMatches`).
    fn matches(
        &self,
        exec: &mut Exec<'_, Context>,
        source: &[u8],
        limit: i64,
    ) -> Result<Vec<(usize, usize)>, BudgetError> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut found, mut at, mut last_end) = (Vec::new(), 0, None);
        while found.len() < most && at <= source.len() {
            let Some(hit) = self.find_at(exec, source, at)? else { break };
            let touches = hit.end() == at && Some(hit.start()) == last_end;
            at = if hit.end() == at { step(source, at) } else { hit.end() };
            last_end = Some(hit.end());
            if !touches {
                found.push((hit.start(), hit.end()));
            }
        }
        exec.budget.memory(found.len() * MATCH)?;
        Ok(found)
    }
}

/// The place after the rune at this one.
fn step(source: &[u8], at: usize) -> usize {
    at + runes::decode(&source[at..]).1.max(1)
}

/// What writes the replacement of one match.
type Replace = fn(&mut Vec<u8>, &[u8], &Captures<'_>, &[String]);

/// `Regexp.replaceAll`: an empty match right behind another is not replaced.
fn replace_all(exec: &mut Exec<'_, Context>, args: &[Value], on_error: OnError, write: Replace) -> Answer {
    let expression = expression(exec, args, on_error)?;
    let (source, replacement) = (text(args, 1)?, text(args, 2)?);
    let (mut out, mut last_end, mut at) = (Vec::new(), 0, 0);
    while at <= source.len() {
        let Some(hit) = expression.find_at(exec, source, at)? else { break };
        out.extend_from_slice(&source[last_end..hit.start()]);
        if hit.end() > last_end || hit.start() == 0 {
            let part = longest(replacement, hit.len());
            exec.budget.text(part)?;
            exec.budget.fits(out.len().saturating_add(part))?;
            exec.budget.steps(expression.cost.slowly(hit.len()))?;
            let Some(captures) = expression.regex.captures_at(source, hit.start()) else { break };
            write(&mut out, replacement, &captures, &expression.names);
        }
        last_end = hit.end();
        at = step(source, at).max(hit.end());
    }
    out.extend_from_slice(&source[last_end..]);
    Ok(Value::str(out))
}

/// The most that a replacement can come to, if each `$` in it stands for the whole match.
fn longest(replacement: &[u8], matched: usize) -> usize {
    let groups = replacement.iter().filter(|byte| **byte == b'$').count();
    replacement.len().saturating_add(groups.saturating_mul(matched))
}

fn literal(out: &mut Vec<u8>, replacement: &[u8], _: &Captures<'_>, _: &[String]) {
    out.extend_from_slice(replacement);
}

/// `$1`, `$name`, `${name}`, `$$`; a name takes as many letters as it can, an unknown one is empty
/// (`Regexp.expand`).
fn expand(out: &mut Vec<u8>, replacement: &[u8], captures: &Captures<'_>, names: &[String]) {
    let mut left = replacement;
    while let Some(dollar) = left.iter().position(|byte| *byte == b'$') {
        out.extend_from_slice(&left[..dollar]);
        left = &left[dollar + 1..];
        if left.starts_with(b"$") {
            out.push(b'$');
            left = &left[1..];
        } else if let Some((name, rest)) = reference(left) {
            out.extend_from_slice(group(name, captures, names));
            left = rest;
        } else {
            out.push(b'$');
        }
    }
    out.extend_from_slice(left);
}

/// The name behind a dollar sign, and what follows it.
fn reference(left: &[u8]) -> Option<(&[u8], &[u8])> {
    let braced = left.starts_with(b"{");
    let name = &left[usize::from(braced)..];
    let letter = |rune: char| rune == '_' || runes::is_letter(rune) || runes::is_digit(rune);
    let length =
        runes::pieces(name).take_while(|(rune, _)| letter(*rune)).map(|(_, piece)| piece.len()).sum();
    let (name, rest) = name.split_at(length);
    let rest = if braced { rest.strip_prefix(b"}")? } else { rest };
    (!name.is_empty()).then_some((name, rest))
}

/// What a group matched: by number (no leading zeros), or the first of that name that matched.
fn group<'c>(name: &[u8], captures: &Captures<'c>, names: &[String]) -> &'c [u8] {
    let text = std::str::from_utf8(name).unwrap_or("");
    let number =
        name.iter().all(u8::is_ascii_digit) && name.len() <= 9 && (name[0] != b'0' || name.len() == 1);
    let found = match text.parse::<usize>().ok().filter(|_| number) {
        Some(number) => captures.get(number),
        None => {
            let named = names.iter().enumerate().filter(|(_, known)| *known == text);
            named.filter_map(|(at, _)| captures.get(at)).next()
        }
    };
    found.map_or(b"", |found| found.as_bytes())
}
