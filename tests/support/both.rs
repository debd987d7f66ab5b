//! Arguments of `template` turned into what helm says and what promgit says.

use clap::Parser;
use promgit::cli::template;
use promgit::cli::template::arguments::Arguments;
use promgit::cli::template::flags::Plain;

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
    Said {
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

/// The command of promgit, in this process.
pub fn promgit(arguments: &[String]) -> Said {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let Plain { words, said } = template::flags::plain(arguments);
    let said: String = said.iter().map(|line| format!("{line}\n")).collect();
    let words = match words {
        Ok(words) => words,
        Err(error) => return Said { stdout, stderr: format!("{said}Error: {error}\n"), code: 1 },
    };
    let command = std::iter::once("template").chain(words.iter().map(String::as_str));
    let code = match Command::try_parse_from(command) {
        Ok(mut command) => {
            // The kubeconfig of whoever runs the tests counts for nothing.
            command.arguments.access.namespace.get_or_insert_with(|| "default".to_owned());
            template::run(&command.arguments, &mut stdout, &mut stderr).into()
        }
        Err(error) => {
            stderr = error.to_string().into_bytes();
            error.exit_code()
        }
    };
    Said { stdout, stderr: said + &String::from_utf8_lossy(&stderr), code }
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
