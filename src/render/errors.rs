//! An error of a template to the message that Helm prints for it (Helm `pkg/engine/engine.go`).

use crate::template::error::Error;

/// What `required` and `fail` put around their message so that it is found again in the chain.
pub const MESSAGE_START: &str = "HELM_ERR_START";
pub const MESSAGE_END: &str = "HELM_ERR_END";

/// Bytes of a message that nobody compares with Helm's or that goes into a log: a screen of text.
pub const LONGEST: usize = 4 << 10;

/// The message of a parse error: `parse error at (chart/templates/x.yaml:3): unclosed action`
/// (`cleanupParseError`).
pub fn parse_message(file: &str, error: &Error) -> String {
    let text = error.to_string();
    let Some(location) = text.split(": ").nth(1) else {
        return format!("parse error in ({file}): {text}");
    };
    let message = text.rsplit(": ").next().unwrap_or_default();
    format!("parse error at ({location}): {message}")
}

/// The message of an execution error, one location per nested template (`reformatExecErrorMsg`). As long as Helm's,
/// but for what a budget ended: there Helm says nothing of the kind (it runs out of stack, or of memory).
pub fn exec_message(file: &str, error: &Error) -> String {
    let message = reformatted(file, error);
    if error.is_over_budget() { shortened(message) } else { message }
}

/// The message without its middle where it is longer than [`LONGEST`].
pub fn shortened(message: String) -> String {
    if message.len() <= LONGEST {
        return message;
    }
    let start = &message[..message.floor_char_boundary(LONGEST / 2)];
    let end = &message[message.ceil_char_boundary(message.len() - LONGEST / 2)..];
    let left_out = message.len() - start.len() - end.len();
    format!("{start} […{left_out} bytes are left out…] {end}")
}

fn reformatted(file: &str, error: &Error) -> String {
    let whole = error.to_string();
    if !error.chain().any(|link| link.exec) {
        return whole;
    }
    let mut tokens = whole.splitn(3, ": ");
    let (Some(_), Some(location), Some(rest)) = (tokens.next(), tokens.next(), tokens.next()) else {
        return format!("execution error in ({file}): {whole}");
    };
    if let Some(message) = wrapped_message(rest) {
        return format!("execution error at ({location}): {message}");
    }
    let mut traces: Vec<Trace> = Vec::new();
    let mut text = whole.as_str();
    for link in error.chain() {
        let Some(trace) = Trace::parse(text) else { return whole };
        if traces.last() != Some(&trace) {
            traces.push(trace);
        }
        // What a link says ends with what the next one says.
        text = &text[link.own().len()..];
    }
    let text: String = traces.iter().map(Trace::to_text).collect();
    text.trim().to_owned()
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

    fn error(text: &str) -> Error {
        Error::new(text, true)
    }

    #[test]
    fn a_parse_error_keeps_its_location_and_last_part() {
        let parse = Error::new("template: c/templates/a.yaml:3: unexpected \"}\" in operand", false);
        assert_eq!(
            parse_message("x", &parse),
            "parse error at (c/templates/a.yaml:3): unexpected \"}\" in operand"
        );
        assert_eq!(parse_message("x", &Error::new("no colon", false)), "parse error in (x): no colon");
    }

    #[test]
    fn the_message_of_fail_is_unwrapped() {
        let text = "template: a:1:2: executing \"a\" at <fail \"x\">: error calling fail: HELM_ERR_STARTstop: nowHELM_ERR_END";
        assert_eq!(exec_message("a", &error(text)), "execution error at (a:1:2): stop: now");
    }

    #[test]
    fn every_level_of_an_include_is_a_location() {
        let inner =
            error("template: h:2:3: executing \"in\" at <.a.b>: nil pointer evaluating interface {}.b");
        let outer = Error::around(
            "template: a:1:2: executing \"a\" at <include \"in\" .>: error calling include: ",
            true,
            Box::new(inner),
        );
        assert_eq!(
            exec_message("a", &outer),
            "a:1:2\n  executing \"a\" at <include \"in\" .>:\n    error calling include:\nh:2:3\n  \
             executing \"in\" at <.a.b>:\n    nil pointer evaluating interface {}.b"
        );
    }

    #[test]
    fn a_function_with_a_plain_message_leaves_the_text_alone() {
        let text = "template: a:1:2: executing \"a\" at <upper>: error calling f: ";
        let failed = Error::around(text, true, Box::new(Error::new("boom", false)));
        assert_eq!(exec_message("a", &failed), format!("{text}boom"));
    }

    #[test]
    fn a_long_message_loses_its_middle() {
        let message = format!("start {} end", "é".repeat(LONGEST));
        let short = shortened(message.clone());
        assert!(short.starts_with("start é") && short.ends_with("é end"), "{short}");
        assert!(short.len() < LONGEST + 100, "{}", short.len());
        assert!(short.contains(" bytes are left out"), "{short}");
        assert_eq!(shortened("short".into()), "short");
    }
}
