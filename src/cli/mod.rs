//! The command line, one file a command, each thin: arguments in, one operation called, the result printed.
#![allow(clippy::disallowed_methods)] // the process: arguments, environment and streams enter here

mod between;
pub mod completions;
pub mod console;
pub mod crd;
pub mod diff;
pub mod exit;
pub mod gc;
mod harmless;
mod hint;
pub mod history;
pub mod operation;
mod printer;
mod problem;
pub mod render;
pub mod run;
pub mod show;
mod shown;
pub mod template;
mod unified;
pub mod validate;
pub mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use console::Console;
use exit::Exit;
use template::flags::{self, FlagError, Plain};

/// Prometheus the GitOps way: renders a Helm chart for every PrometheusCluster and commits the result to git
#[derive(Parser)]
#[command(name = "promgit", version, max_term_width = 100, propagate_version = true, after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Begin with:
  promgit run --source dir:examples --repo deploy.git

Data goes to standard output, all else to standard error.
Exit codes: 0 done, 1 failed, 2 used wrongly (arguments, settings), 3 differences found (diff, verify).";

#[derive(Subcommand)]
pub enum Command {
    Run(run::Arguments),
    Render(render::Arguments),
    Template(Box<template::Arguments>),
    Validate(validate::Arguments),
    Diff(diff::Arguments),
    History(history::Arguments),
    Show(show::Arguments),
    Verify(verify::Arguments),
    Gc(gc::Arguments),
    Crd(crd::Arguments),
    Completions(completions::Arguments),
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let mut console = Console::process();
    let (words, said) = plain(std::env::args_os().collect());
    said.iter().for_each(|line| console.note(format_args!("{line}")));
    let words = match words {
        Ok(words) => words,
        Err(error) => {
            console.note(format_args!("Error: {error}"));
            return Exit::Failed.into();
        }
    };
    let exit = match Arguments::try_parse_from(words) {
        Ok(arguments) => exit::conclude(run(arguments, &mut console), &mut console),
        Err(error) => exit::usage(&error, &mut console),
    };
    exit.into()
}

/// The words after `template` are read by Helm's rules, all others as they are.
fn plain(words: Vec<OsString>) -> (Result<Vec<OsString>, FlagError>, Vec<String>) {
    let Some((command, flags)) = words.split_at_checked(2).filter(|(start, _)| start[1] == "template") else {
        return (Ok(words), Vec::new());
    };
    let flags: Vec<String> = flags.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let Plain { words, said } = flags::plain(&flags);
    let words =
        words.map(|words| command.iter().cloned().chain(words.into_iter().map(OsString::from)).collect());
    (words, said)
}

fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Run(arguments) => run::run(arguments, console),
        Command::Render(arguments) => render::run(arguments, console),
        Command::Template(arguments) => {
            Ok(Exit::of_code(template::run(&arguments, &mut console.out, &mut console.err)))
        }
        Command::Validate(arguments) => validate::run(arguments, console),
        Command::Diff(arguments) => diff::run(arguments, console),
        Command::History(arguments) => history::run(arguments, console),
        Command::Show(arguments) => show::run(arguments, console),
        Command::Verify(arguments) => verify::run(arguments, console),
        Command::Gc(arguments) => gc::run(arguments, console),
        Command::Crd(arguments) => crd::run(arguments, console),
        Command::Completions(arguments) => completions::run(arguments, console),
    }
}
