//! A folder of cases, each a command line with what it prints and how it ends.
//!
//! A case is `tests/cli/<case>/` with `args` (what follows `promgit`, as a shell reads it) and `stdout`, `stderr` and
//! `code` (absent: empty, empty, 0). `files/` is laid over the files of `tests/cli/shared`, `before` is a shell script
//! that runs first, `env` holds variables, one a line, `stdin` the input. `UPDATE=1` writes what comes out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use assert_cmd::Command;
use regex::Regex;

use super::support;

/// Every file of a case was changed at this moment: 2026-01-02T03:04:05Z. So have its commits.
const CHANGED: u64 = 1_767_323_045;

/// The folders of all cases, by name.
pub fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(support::root().join("tests/cli")).expect("the cases");
    let folders = entries.map(|entry| entry.expect("an entry").path());
    let mut cases: Vec<PathBuf> = folders.filter(|path| path.join("args").exists()).collect();
    cases.sort();
    cases
}

/// A folder with the shared files and those of the case.
pub fn workplace(case: Option<&Path>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    lay(&support::root().join("tests/cli/shared"), folder.path());
    if let Some(files) = case.map(|case| case.join("files")).filter(|files| files.exists()) {
        lay(&files, folder.path());
    }
    folder
}

fn lay(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.expect("an entry");
        let target = to.join(entry.path().strip_prefix(from).expect("below it"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).expect("a folder");
            continue;
        }
        fs::copy(entry.path(), &target).expect("a copy");
        let file = fs::File::options().write(true).open(&target).expect("the copy");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(CHANGED)).expect("a time");
    }
}

/// A shell in that folder that finds the program and nothing of the user's configuration.
pub fn shell(folder: &Path, script: &str) -> Command {
    let mut hermetic = support::hermetic("sh", folder);
    let program = Path::new(env!("CARGO_BIN_EXE_promgit")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").expect("PATH"));
    hermetic.current_dir(folder).env("PATH", path).args(["-euc", script]);
    let mut command = Command::from_std(hermetic);
    command.timeout(Duration::from_secs(60));
    command
}

struct Result {
    stdout: String,
    stderr: String,
    code: i32,
}

pub fn check(case: &Path) -> std::result::Result<(), String> {
    let folder = workplace(Some(case));
    let read = |name: &str| fs::read_to_string(case.join(name)).unwrap_or_default();
    let before = read("before");
    let variables = read("env");
    let variables: Vec<_> = variables.lines().filter_map(|line| line.split_once('=')).collect();
    let ready = shell(folder.path(), &before).output().expect("a shell");
    if !ready.status.success() {
        return Err(format!("before: {}", String::from_utf8_lossy(&ready.stderr)));
    }
    let mut command = shell(folder.path(), &format!("exec promgit {}", read("args").trim()));
    let output = command.envs(variables).write_stdin(read("stdin")).output().expect("promgit");
    let text = |bytes: &[u8]| redact(&String::from_utf8_lossy(bytes), folder.path());
    let code = output.status.code().unwrap_or(-1);
    compare(case, &Result { stdout: text(&output.stdout), stderr: text(&output.stderr), code })
}

fn compare(case: &Path, result: &Result) -> std::result::Result<(), String> {
    let code = format!("{}\n", result.code);
    let parts = [("stdout", &result.stdout, ""), ("stderr", &result.stderr, ""), ("code", &code, "0\n")];
    let mut wrong = String::new();
    for (name, is, usual) in parts {
        let path = case.join(name);
        if std::env::var_os("UPDATE").is_some() {
            match is == usual {
                true => drop(fs::remove_file(&path)),
                false => fs::write(&path, is).expect("writable"),
            }
        }
        let expected = fs::read_to_string(&path).unwrap_or_else(|_| usual.to_string());
        if *is != expected {
            wrong += &format!("{name} should be:\n{expected}\n{name} is:\n{is}\n");
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// Commits depend on every byte of the chart, and are tested elsewhere.
fn redact(text: &str, folder: &Path) -> String {
    static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let rule = |pattern: &str, to| (Regex::new(pattern).expect("a pattern"), to);
        vec![
            rule(r"sha256:[0-9a-f]{64}\b", "sha256:<digest>"),
            rule(r"\b[0-9a-f]{40}\b", "<commit>"),
            rule(r"\b[0-9a-f]{10}\b", "<short id>"),
        ]
    });
    let text = text.replace(&folder.display().to_string(), "<folder>");
    RULES.iter().fold(text, |text, (pattern, to)| pattern.replace_all(&text, *to).into_owned())
}
