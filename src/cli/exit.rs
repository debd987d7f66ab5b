//! How a command ends: one table from the kind of end to the exit code, one way to print an error.

use std::io;
use std::process::ExitCode;

use super::console::Console;

/// The end of a command that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: failed; what failed was printed already.
    Failed,
    /// 2: used wrongly.
    Usage,
    /// 3: differences found (`diff`).
    Different,
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
    Exit::Failed
}

/// The reader of our output is gone: not an error of ours.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
