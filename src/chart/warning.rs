//! What Helm says on standard error without failing, as the line that it prints there.

use std::fmt;

use crate::template::quote::quote;

/// One log line of Go's `slog.TextHandler`: `level=WARN msg="returned non-bool value" path=a.b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub level: Level,
    pub message: String,
    /// Further keys with their values, in order.
    pub attributes: Vec<(&'static str, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What Helm says only with `--debug`.
    Debug,
    /// What Helm writes with Go's `log` package.
    Info,
    Warn,
    /// What Helm logs of an error before it reports it.
    Error,
}

impl Warning {
    pub fn debug(message: impl Into<String>) -> Self {
        Warning { level: Level::Debug, message: message.into(), attributes: Vec::new() }
    }

    pub fn info(message: impl Into<String>) -> Self {
        Warning { level: Level::Info, message: message.into(), attributes: Vec::new() }
    }

    pub fn warn(message: impl Into<String>) -> Self {
        Warning { level: Level::Warn, message: message.into(), attributes: Vec::new() }
    }

    pub fn error(message: impl Into<String>) -> Self {
        Warning { level: Level::Error, message: message.into(), attributes: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((key, value.into()));
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        };
        write!(f, "level={level} msg={}", text(&self.message))?;
        for (key, value) in &self.attributes {
            write!(f, " {key}={}", text(value))?;
        }
        Ok(())
    }
}

/// Quoted where `slog` would quote: empty, or holding a space, a quote, `=` or anything that is not printable ASCII.
fn text(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'=';
    if !value.is_empty() && value.bytes().all(plain) { value.to_owned() } else { quote(value.as_bytes()) }
}
