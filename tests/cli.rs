//! The command line, asked as a user asks it: the real program in a folder of its own.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "cli/golden.rs"]
mod golden;
#[path = "cli/process.rs"]
mod process;
#[path = "cli/reference.rs"]
mod reference;
mod support;

use std::collections::BTreeSet;
use std::fs;

use clap::CommandFactory;

#[test]
fn every_case_prints_what_it_should() {
    let mut wrong = String::new();
    for case in golden::cases() {
        if let Err(text) = golden::check(&case) {
            wrong += &format!("== {}\n{text}", case.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}(UPDATE=1 writes what comes out)");
}

/// Name of a case: the command, a dash, what is special.
#[test]
fn every_command_has_a_good_and_a_bad_case() {
    let mut seen = BTreeSet::new();
    for case in golden::cases() {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let command = name.split('-').next().unwrap_or_default().to_string();
        seen.insert((command, !case.join("code").exists()));
    }
    let program = promgit::cli::Arguments::command();
    for command in program.get_subcommands().map(|command| command.get_name().to_string()) {
        // Both print a whole file that other tests compare.
        let long = ["crd", "completions"].contains(&command.as_str());
        assert!(long || seen.contains(&(command.clone(), true)), "{command} has no good case");
        assert!(seen.contains(&(command.clone(), false)), "{command} has no bad case");
    }
}

#[test]
fn every_command_shows_examples_that_it_would_take() {
    let program = promgit::cli::Arguments::command();
    for command in program.get_subcommands() {
        let examples = command.get_after_help().expect("examples").to_string();
        assert!(examples.starts_with("Examples:\n"), "{}", command.get_name());
        for line in examples.lines().skip(1) {
            let part = line.split(" | ").find(|part| part.trim().starts_with("promgit ")).expect("a command");
            let words = part.split(" #").next().unwrap_or_default().split(" > ").next().unwrap_or_default();
            let words = words.split_whitespace();
            program.clone().try_get_matches_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
}

#[test]
fn generated_pages_are_current() {
    let root = support::root();
    let file = fs::read_to_string(root.join("config/promgit.yaml")).expect("the settings file");
    let pages = [("commands.md", reference::commands()), ("settings.md", reference::settings(&file))];
    for (name, page) in pages {
        let path = root.join("docs/reference").join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(root.join("docs/reference")).expect("a folder");
            fs::write(&path, &page).expect("writable");
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(there, page, "{} is not current; `make generate` writes it", path.display());
    }
}
