//! One command line, asked of helm and of promgit in a home of its own, and what each of them answered.

use std::fmt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use regex::Regex;

use crate::site::{Seen, Site};
use crate::support;

/// What came out, and what the servers saw.
#[derive(PartialEq, Eq)]
pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: Vec<String>,
    /// Who was asked, with which credentials.
    pub seen: Vec<Seen>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { code, stdout, stderr, seen } = self;
        write!(f, "{stdout}{}\n= {code}", stderr.join("\n"))?;
        seen.iter().try_for_each(|seen| write!(f, "\n  {seen:?}"))
    }
}

/// A home folder without any configuration but what a test writes there.
pub struct Home {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Home {
    pub fn new() -> Self {
        Home { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn set(&mut self, name: &str, text: &str) {
        self.variables.push((name.to_owned(), text.to_owned()));
    }

    /// As `helm repo add` writes it down.
    pub fn add_repository(&self, name: &str, url: &str, index: Option<&str>) {
        self.add(&format!("- name: {name}\n  url: {url}\n"), name, index);
    }

    pub fn add_login(&self, name: &str, url: &str, user: &str, password: &str, index: Option<&str>) {
        let entry = format!("- name: {name}\n  url: {url}\n  username: {user}\n  password: {password}\n");
        self.add(&entry, name, index);
    }

    fn add(&self, entry: &str, name: &str, index: Option<&str>) {
        let file = self.path().join(".config/helm/repositories.yaml");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let known =
            std::fs::read_to_string(&file).unwrap_or_else(|_| "apiVersion: v1\nrepositories:\n".into());
        std::fs::write(&file, known + entry).unwrap();
        let folder = self.path().join(".cache/helm/repository");
        std::fs::create_dir_all(&folder).unwrap();
        if let Some(index) = index {
            std::fs::write(folder.join(format!("{name}-index.yaml")), index).unwrap();
        }
    }

    /// As `docker login` writes it down.
    pub fn docker_login(&self, host: &str, user: &str, password: &str) {
        use base64::Engine as _;
        let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        let folder = self.path().join(".docker");
        std::fs::create_dir_all(&folder).unwrap();
        let text = format!(r#"{{"auths": {{"{host}": {{"auth": "{auth}"}}}}}}"#);
        std::fs::write(folder.join("config.json"), text).unwrap();
    }

    pub fn helm(&self, arguments: &[&str], site: Option<&Site>) -> Answer {
        self.run(&support::helm(), arguments, site)
    }

    pub fn promgit(&self, arguments: &[&str], site: Option<&Site>) -> Answer {
        self.run(Path::new(env!("CARGO_BIN_EXE_promgit")), arguments, site)
    }

    fn run(&self, program: &Path, arguments: &[&str], site: Option<&Site>) -> Answer {
        if let Some(site) = site {
            site.take_seen();
        }
        let output = self.command(program).args(["template", "x"]).args(arguments).output().unwrap();
        answer(output, site.map(Site::take_seen).unwrap_or_default())
    }

    /// What neither of the two answers was asked about is kept from one question to the next.
    fn command(&self, program: &Path) -> Command {
        for cache in [".cache/helm/content", ".cache/promgit"] {
            let _ = std::fs::remove_dir_all(self.path().join(cache));
        }
        let mut command = support::hermetic(program, self.path());
        command.current_dir(self.path());
        command.envs(self.variables.iter().map(|(name, text)| (name, text)));
        command
    }
}

fn answer(output: Output, seen: Vec<Seen>) -> Answer {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Answer {
        code: output.status.code().unwrap_or(-1),
        stdout: text(&output.stdout),
        stderr: said(&text(&output.stderr)),
        seen,
    }
}

/// Without what cannot be the same: where a copy is kept, who answers for names, what helm says twice because it
/// reads an index twice, and passwords, which promgit never prints.
fn said(text: &str) -> Vec<String> {
    static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let rule = |pattern: &str, to| (Regex::new(pattern).unwrap(), to);
        vec![
            rule("file '[^']*'", "file '<chart>'"),
            rule("lookup ([a-z.-]+) on [0-9.:\\[\\]]+: ", "lookup $1: "),
            rule(" source=\\S+", ""),
            rule("//u:[a-z]+@", "//u:***@"),
        ]
    });
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line =
            RULES.iter().fold(line.to_owned(), |line, (pattern, to)| pattern.replace_all(&line, *to).into());
        if !(line.starts_with("level=") && lines.contains(&line)) {
            lines.push(line);
        }
    }
    lines
}
