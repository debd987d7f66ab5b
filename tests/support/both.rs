//! Arguments of `template` turned into what helm says and what promgit says.

use clap::Parser;
use promgit::cli::template;
use promgit::cli::template::arguments::Arguments;

use crate::support;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    arguments: Arguments,
}

/// What a program printed, and its exit code.
#[derive(PartialEq)]
pub struct Said {
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub code: i32,
}

/// The real helm, which knows nothing of this machine.
pub fn helm(arguments: &[String]) -> Said {
    let home = tempfile::tempdir().expect("a temporary folder");
    let output = support::hermetic(support::helm(), home.path()).arg("template").args(arguments).output();
    let output = output.expect("helm runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Said {
        stdout: output.stdout,
        // What helm logs of its work with `--debug` is no answer.
        stderr: stderr.split_inclusive('\n').filter(|line| !line.starts_with("level=DEBUG ")).collect(),
        code: output.status.code().unwrap_or(-1),
    }
}

/// The command of promgit, in this process.
pub fn promgit(arguments: &[String]) -> Said {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let words = match template::flags::plain(arguments) {
        Ok(words) => words,
        Err(error) => return Said { stdout, stderr: format!("Error: {error}\n"), code: 1 },
    };
    let command = std::iter::once("template").chain(words.iter().map(String::as_str));
    let code = match Command::try_parse_from(command) {
        Ok(command) => template::run(&command.arguments, &mut stdout, &mut stderr).into(),
        Err(error) => {
            stderr = error.to_string().into_bytes();
            error.exit_code()
        }
    };
    Said { stdout, stderr: String::from_utf8_lossy(&stderr).into_owned(), code }
}

/// A readable difference, if there is one.
pub fn difference(helm: &Said, ours: &Said) -> Option<String> {
    if helm == ours {
        return None;
    }
    let mut text = String::new();
    if helm.code != ours.code {
        text += &format!("exit code: helm {}, ours {}\n", helm.code, ours.code);
    }
    let stdout = |said: &Said| String::from_utf8_lossy(&said.stdout).into_owned();
    for (what, helm, ours) in
        [("stderr", helm.stderr.clone(), ours.stderr.clone()), ("stdout", stdout(helm), stdout(ours))]
    {
        if helm != ours {
            let diff = similar::TextDiff::from_lines(&helm, &ours);
            let header = format!("helm {what}");
            text += &diff.unified_diff().context_radius(2).header(&header, "ours").to_string();
        }
    }
    Some(text)
}
