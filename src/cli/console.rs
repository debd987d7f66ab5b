//! Where a command writes: data to stdout, all else to stderr, colour only for a person at a terminal.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use anyhow::Context;

use super::harmless::harmless;

/// The two streams of a command. Tests give buffers.
pub struct Console {
    pub out: Box<dyn Write + Send>,
    pub err: Box<dyn Write + Send>,
    /// Stdout is a terminal: what somebody wrote into a commit is shown, not acted upon.
    pub terminal: bool,
    /// Escape sequences are welcome on stdout.
    pub colour: bool,
    /// A progress bar is welcome on stderr.
    pub progress: bool,
}

impl Console {
    /// The streams of the process.
    pub fn process() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|text| !text.is_empty());
        // https://no-color.org: any text but the empty one.
        let plain = set("NO_COLOR").is_some();
        let dumb = set("TERM").is_some_and(|terminal| terminal == "dumb");
        Console {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            terminal: io::stdout().is_terminal(),
            colour: io::stdout().is_terminal() && !plain && !dumb,
            progress: io::stderr().is_terminal() && !dumb,
        }
    }

    /// Writes data. A reader that went away (`promgit history … | head`) ends the command quietly.
    pub fn data(&mut self, text: impl fmt::Display) -> anyhow::Result<()> {
        let written = match self.terminal {
            true => write!(self.out, "{}", harmless(&text.to_string())),
            false => write!(self.out, "{text}"),
        };
        written.and_then(|()| self.out.flush()).context("standard output")
    }

    /// Writes a line of news to stderr; a closed stderr is nobody's concern.
    pub fn note(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.err, "{}", harmless(&text.to_string()));
    }

    /// `text` in this style (an SGR number: 31 red, 32 green, 33 yellow, 2 faint), or plain.
    pub fn styled(&self, style: u8, text: impl fmt::Display) -> String {
        match self.colour {
            true => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
            false => text.to_string(),
        }
    }
}
