//! The pages of `docs/reference`, made from the command line's own definition and from `config/promgit.yaml`.

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};
use promgit::settings::environment;

const NOTE: &str = "<!-- Written by `make generate`; edit";

/// `docs/reference/commands.md`
pub fn commands() -> String {
    let mut program = promgit::cli::Arguments::command().term_width(0);
    program.build();
    let mut page = format!("{NOTE} src/cli instead. -->\n\n# Commands\n\n");
    page += &format!("{}.\n\n", program.get_about().expect("a sentence"));
    page += &format!("```text\n{}\n```\n", program.get_after_help().expect("a text"));
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        page += &one(command);
    }
    page
}

fn one(command: &Command) -> String {
    let mut page = format!("\n## promgit {}\n\n", command.get_name());
    let about = command.get_long_about().or(command.get_about()).expect("a sentence").to_string();
    let (first, rest) = about.split_once('\n').unwrap_or((&about, ""));
    page += &format!("{first}.{}\n\n", if rest.is_empty() { String::new() } else { format!("\n{rest}") });
    let usage = command.clone().render_usage().to_string();
    page += &format!("```text\n{}\n```\n\n", usage.trim_start_matches("Usage: "));
    page += "| argument | meaning |\n|---|---|\n";
    let shown = |arg: &&Arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str());
    for arg in command.get_arguments().filter(shown) {
        let _ = writeln!(page, "| `{}` | {} |", title(arg), meaning(arg));
    }
    if let Some(examples) = command.get_after_help() {
        let examples = examples.to_string();
        let lines = examples.lines().skip(1).map(|line| line.trim_start().to_string() + "\n");
        page += &format!("\n```sh\n{}```\n", lines.collect::<String>());
    }
    page
}

/// `-f, --file <FILE>`
fn title(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let flags: Vec<String> = short.into_iter().chain(long).collect();
    let takes = arg.get_num_args().is_some_and(|range| range.takes_values());
    let names = arg.get_value_names().unwrap_or_default();
    let value = names.iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" ");
    match (flags.is_empty(), takes) {
        (true, _) => value,
        (false, true) => format!("{} {value}", flags.join(", ")),
        (false, false) => flags.join(", "),
    }
}

fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let takes = arg.get_num_args().is_some_and(|range| range.takes_values());
    let mut parts = vec![help.replace('\n', " ").replace('|', "\\|")];
    let values: Vec<String> =
        arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if takes && !values.is_empty() {
        parts.push(format!("One of {}", values.join(", ")));
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if takes && !defaults.is_empty() {
        parts.push(format!("Default: `{}`", defaults.join(",")));
    }
    if let Some(variable) = arg.get_env() {
        parts.push(format!("Variable: `{}`", variable.to_string_lossy()));
    }
    parts.join(". ")
}

/// `docs/reference/settings.md`
pub fn settings(file: &str) -> String {
    let mut page = format!("{NOTE} config/promgit.yaml instead. -->\n\n# Settings\n\n");
    let mut comments: Vec<&str> = Vec::new();
    let mut section = "";
    let names = environment::names();
    for line in file.lines() {
        let text = line.trim();
        if let Some(comment) = text.strip_prefix("# ") {
            comments.push(comment);
        } else if text.is_empty() {
            // What stands at the top is about all of it.
            page += &comments.drain(..).map(|line| format!("{line}\n")).collect::<String>();
        } else if let Some(section) =
            line.strip_suffix(": []").filter(|section| *section == section.trim_start())
        {
            let meaning = std::mem::take(&mut comments).join("\n");
            let _ = write!(page, "\n## {section}\n\n{meaning}\n\nDefault: `[]`\n");
        } else if line.starts_with(char::is_alphabetic) {
            section = text.trim_end_matches(':');
            let _ = write!(
                page,
                "\n## {section}\n\n| setting | default | variable | meaning |\n|---|---|---|---|\n"
            );
        } else if let Some((key, default)) = text.split_once(": ") {
            let variable = names.iter().find(|(_, (path, _))| *path == [section, key]);
            let variable = variable.map(|(name, _)| name.as_str()).expect("a variable for every setting");
            let meaning = std::mem::take(&mut comments).join(" ").replace('|', "\\|");
            let _ = writeln!(page, "| `{section}.{key}` | `{default}` | `{variable}` | {meaning} |");
        }
    }
    page
}
