//! An error of a template to the message that Helm prints for it (Helm `pkg/engine/engine.go`).

use crate::template::error::Error;

/// What `required` and `fail` put around their message so that it is found again in the chain.
pub const MESSAGE_START: &str = "HELM_ERR_START";
pub const MESSAGE_END: &str = "HELM_ERR_END";

/// The message of a parse error: `parse error at (chart/templates/x.yaml:3): unclosed action`
/// (`cleanupParseError`).
pub fn parse_message(file: &str, error: &Error) -> String {
    let Some(location) = error.text.split(": ").nth(1) else {
        return format!("parse error in ({file}): {error}");
    };
    let message = error.text.rsplit(": ").next().unwrap_or_default();
    format!("parse error at ({location}): {message}")
}

/// The message of an execution error, one location per nested template (`reformatExecErrorMsg`).
pub fn exec_message(file: &str, error: &Error) -> String {
    if !chain(error).any(|link| link.exec) {
        return error.text.clone();
    }
    let mut tokens = error.text.splitn(3, ": ");
    let (Some(_), Some(location), Some(rest)) = (tokens.next(), tokens.next(), tokens.next()) else {
        return format!("execution error in ({file}): {error}");
    };
    if let Some(message) = wrapped_message(rest) {
        return format!("execution error at ({location}): {message}");
    }
    let mut traces: Vec<Trace> = Vec::new();
    for link in chain(error) {
        let Some(trace) = Trace::parse(&link.text) else { return error.text.clone() };
        if traces.last() != Some(&trace) {
            traces.push(trace);
        }
    }
    let text: String = traces.iter().map(Trace::to_text).collect();
    text.trim().to_owned()
}

fn chain(error: &Error) -> impl Iterator<Item = &Error> {
    std::iter::successors(Some(error), |link| link.source.as_deref())
}

/// What stands between the first start and the last end mark.
fn wrapped_message(text: &str) -> Option<&str> {
    let (_, after) = text.split_once(MESSAGE_START)?;
    after.rsplit_once(MESSAGE_END).map(|(message, _)| message)
}

/// One level of the chain (`TraceableError`).
#[derive(Debug, Default, PartialEq)]
struct Trace {
    location: String,
    message: String,
    executed: String,
}

impl Trace {
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Trace { message: text.to_owned(), ..Trace::default() });
        }
        Self::executing(rest).or_else(|| Self::simple(rest))
    }

    /// `NAME:LINE:COL: executing "FUNCTION" at <NODE>: MESSAGE`
    fn executing(rest: &str) -> Option<Self> {
        let (location, after) = rest.split_once(": executing ")?;
        let (function, after) = after.strip_prefix('"')?.split_once('"')?;
        let (node, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Trace {
            location: location.to_owned(),
            message: without_next(message).to_owned(),
            executed: format!("executing \"{function}\" at <{node}>:"),
        })
    }

    /// `NAME:LINE: MESSAGE`
    fn simple(rest: &str) -> Option<Self> {
        let (location, message) = rest.rsplit_once(": ")?;
        let (location, message) = (location.to_owned(), without_next(message).to_owned());
        Some(Trace { location, message, executed: String::new() })
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        for (part, end) in [(&self.location, "\n  "), (&self.executed, "\n    "), (&self.message, "\n")] {
            if !part.is_empty() {
                text.push_str(part);
                text.push_str(end);
            }
        }
        text
    }
}

/// The message up to the next error of the chain.
fn without_next(message: &str) -> &str {
    message.split_once(" template:").map_or(message, |(own, _)| own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str, source: Option<Error>) -> Error {
        Error { text: text.to_owned(), exec: true, source: source.map(Box::new) }
    }

    #[test]
    fn a_parse_error_keeps_its_location_and_last_part() {
        let parse = Error {
            exec: false,
            ..error("template: c/templates/a.yaml:3: unexpected \"}\" in operand", None)
        };
        assert_eq!(
            parse_message("x", &parse),
            "parse error at (c/templates/a.yaml:3): unexpected \"}\" in operand"
        );
        let other = Error { exec: false, ..error("no colon", None) };
        assert_eq!(parse_message("x", &other), "parse error in (x): no colon");
    }

    #[test]
    fn the_message_of_fail_is_unwrapped() {
        let text = "template: a:1:2: executing \"a\" at <fail \"x\">: error calling fail: HELM_ERR_STARTstop: nowHELM_ERR_END";
        assert_eq!(exec_message("a", &error(text, None)), "execution error at (a:1:2): stop: now");
    }

    #[test]
    fn every_level_of_an_include_is_a_location() {
        let inner =
            error("template: h:2:3: executing \"in\" at <.a.b>: nil pointer evaluating interface {}.b", None);
        let outer = error(
            "template: a:1:2: executing \"a\" at <include \"in\" .>: error calling include: \
             template: h:2:3: executing \"in\" at <.a.b>: nil pointer evaluating interface {}.b",
            Some(inner),
        );
        assert_eq!(
            exec_message("a", &outer),
            "a:1:2\n  executing \"a\" at <include \"in\" .>:\n    error calling include:\nh:2:3\n  \
             executing \"in\" at <.a.b>:\n    nil pointer evaluating interface {}.b"
        );
    }

    #[test]
    fn a_function_with_a_plain_message_leaves_the_text_alone() {
        let text = "template: a:1:2: executing \"a\" at <upper>: error calling f: boom";
        let plain = Error { exec: false, ..error("boom", None) };
        assert_eq!(exec_message("a", &error(text, Some(plain))), text);
    }
}
