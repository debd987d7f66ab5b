//! How a command ends: one table from the kind of end to the exit code, one way to print an error.

use std::io;
use std::process::ExitCode;

use anyhow::Context;

use super::console::Console;
use crate::agent::errors::OpenError;
use crate::ledger::branch::BranchError;
use crate::reconcile::inputs::InputsError;
use crate::settings::load::LoadError;
use crate::telemetry::TelemetryError;

/// The end of a command that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: failed; what failed was printed already.
    Failed,
    /// 2: used wrongly: arguments or settings that no run can work with.
    Usage,
    /// 3: differences found (`diff`, `verify`).
    Different,
}

impl Exit {
    /// The end of a command that counts as Helm does: 0 or not.
    pub fn of_code(code: u8) -> Self {
        if code == 0 { Exit::Done } else { Exit::Failed }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Different => 3,
        })
    }
}

/// An argument that the parser took and the command cannot.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Turns what a command returned into its exit, and prints the error with everything behind it.
pub fn conclude(result: anyhow::Result<Exit>, console: &mut Console) -> Exit {
    let error = match result {
        Ok(exit) => return exit,
        Err(error) => error,
    };
    if is_closed_pipe(&error) {
        return Exit::Done;
    }
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Many errors already print what they wrap.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    console.note(format_args!("error: {text}"));
    exit_of(&error)
}

/// Prints what the parser of arguments has to say: help and versions to stdout, errors to stderr.
pub fn usage(error: &clap::Error, console: &mut Console) -> Exit {
    let printed = error.print().and_then(|()| console.out.flush()).context("standard output");
    match error.use_stderr() {
        true => Exit::Usage,
        false => conclude(printed.map(|()| Exit::Done), console),
    }
}

/// Whoever starts the same command again gets the same answer: that is use, not failure.
fn exit_of(error: &anyhow::Error) -> Exit {
    let in_settings = |error: &InputsError| {
        matches!(
            error,
            InputsError::Branch(_)
                | InputsError::KubeVersion(_)
                | InputsError::Message(_)
                | InputsError::Readme(_)
                | InputsError::Mapping(_)
        )
    };
    let in_opening = |error: &OpenError| match error {
        OpenError::Source(_) | OpenError::Folder { .. } => true,
        OpenError::Remote(_) | OpenError::Together { .. } | OpenError::Own { .. } | OpenError::Branch(_) => {
            true
        }
        OpenError::Inputs(error) => in_settings(error),
        OpenError::Store(_) | OpenError::Listen(_) => false,
    };
    let wrong = error.is::<UsageError>()
        || error.is::<LoadError>()
        || error.is::<TelemetryError>()
        || error.is::<BranchError>()
        || error.downcast_ref().is_some_and(in_settings)
        || error.downcast_ref().is_some_and(in_opening);
    if wrong { Exit::Usage } else { Exit::Failed }
}

/// The reader of our output is gone: not an error of ours.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
