//! `promgit completions`: the completion script of a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::console::Console;
use super::exit::Exit;

/// Print the completion script for a shell
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  promgit completions bash > /etc/bash_completion.d/promgit
  promgit completions zsh > \"${fpath[1]}/_promgit\"
  promgit completions fish > ~/.config/fish/completions/promgit.fish")]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let mut command = super::Arguments::command();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "promgit", &mut script);
    console.data(String::from_utf8(script)?)?;
    Ok(Exit::Done)
}
