//! What Helm logs turned into lines on standard error; those of its debugging only where they are wanted.

use std::io::{self, Write};

use crate::chart::warning::{Level, Warning};

/// Where lines go.
pub struct Log<'w> {
    pub stderr: &'w mut dyn Write,
    /// `--debug`
    pub debug: bool,
}

impl Log<'_> {
    /// Prints a line.
    pub fn say(&mut self, line: &Warning) -> io::Result<()> {
        if line.level == Level::Debug && !self.debug { Ok(()) } else { writeln!(self.stderr, "{line}") }
    }

    /// Prints lines in their order.
    pub fn all(&mut self, lines: &[Warning]) -> io::Result<()> {
        lines.iter().try_for_each(|line| self.say(line))
    }

    /// Prints a line that only `--debug` shows.
    pub fn debug(&mut self, message: &str, key: &'static str, value: impl Into<String>) -> io::Result<()> {
        self.say(&Warning::debug(message).with(key, value))
    }
}
