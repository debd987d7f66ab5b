//! `promgit diff`: what a commit would change, printed from the plan that the agent would execute.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::json;
use similar::TextDiff;

use super::console::Console;
use super::exit::Exit;
use super::operation::{self, FileArguments, Format, Resources, SettingsArguments};
use super::problem::Problem;
use super::shown::{self, Shown};
use crate::git::reader::Reader;
use crate::reconcile::inputs::Inputs;
use crate::reconcile::plan::{self, Change, Kind, Plan};
use crate::settings::load::Flags;
use crate::source::event::Observed;

/// Show what a commit would change
///
/// Exit code 0: nothing; 3: something; 1: it failed; 2: used wrongly. Clusters that the repository holds and
/// the files do not are left out.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  promgit diff -f examples --repo deploy.git
  promgit diff -f examples/simple.yaml -o json | jq -r .subject")]
pub struct Arguments {
    #[command(flatten)]
    files: FileArguments,
    /// The repository to compare with [default: deploy.git]
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// json prints one object a cluster, a line each
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// A file before and after; `None`: not there.
type FileChange = (String, Option<Vec<u8>>, Option<Vec<u8>>);

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let flags = Flags { repository: arguments.repo.clone(), ..Flags::default() };
    let settings = arguments.settings.load(flags)?;
    let Resources { clusters, problems } = arguments.files.read()?;
    let inputs = Inputs::load(&settings)?;
    let reader = operation::repository(&settings)?;
    for problem in &problems {
        console.note(format_args!("error: {problem}"));
    }
    let mut exit = if problems.is_empty() { Exit::Done } else { Exit::Failed };
    for observed in &clusters {
        if observed.cluster.spec.suspend {
            console.note(format_args!("note: {} is suspended, so nothing is committed for it", observed.key));
            continue;
        }
        match one(observed, &inputs, &reader, &settings.repository.path, console) {
            Ok(None) => {}
            Ok(Some((change, files))) => {
                exit = if exit == Exit::Failed { exit } else { Exit::Different };
                let text = match arguments.output {
                    Format::Text => text(&change, &files, console),
                    Format::Json => json(&change, &files),
                };
                console.data(text)?;
            }
            Err(error) => {
                console.note(format_args!("error: {}", Problem::with(observed, error)));
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}

fn one(
    observed: &Observed,
    inputs: &Inputs,
    reader: &Reader,
    repository: &Path,
    console: &mut Console,
) -> anyhow::Result<Option<(Change, Vec<FileChange>)>> {
    let branch = inputs.branches.of(&observed.key.namespace)?;
    let shown = operation::deep(|| Ok(shown::prepare(observed, inputs, Some(repository))?))?;
    let Shown { prepared, note } = shown;
    note.iter().for_each(|note| console.note(note));
    let Plan::Change(change) = plan::write(reader, &branch, prepared, observed)? else { return Ok(None) };
    let files = files(&change, reader)?;
    Ok(Some((*change, files)))
}

fn files(change: &Change, reader: &Reader) -> anyhow::Result<Vec<FileChange>> {
    let Kind::Write { files, .. } = &change.kind else { return Ok(Vec::new()) };
    let mut paths: Vec<&String> = change.base.keys().chain(files.keys()).collect();
    paths.sort();
    paths.dedup();
    let mut found = Vec::new();
    for path in paths {
        let old = change.base.get(path).map(|held| held.bytes(reader)).transpose()?.flatten();
        let new = files.get(path).cloned();
        if old != new {
            found.push((format!("{}/{path}", change.key.name), old, new));
        }
    }
    Ok(found)
}

fn text(change: &Change, files: &[FileChange], console: &Console) -> String {
    let mut text = format!("{}  ({})\n", change.words.subject, change.branch);
    for line in &change.words.objects {
        let _ = writeln!(text, "  {line}");
    }
    for (path, old, new) in files {
        text.push_str(&unified(path, old.as_deref(), new.as_deref(), console));
    }
    text
}

fn unified(path: &str, old: Option<&[u8]>, new: Option<&[u8]>, console: &Console) -> String {
    let [before, after] =
        [old, new].map(|side| String::from_utf8_lossy(side.unwrap_or_default()).into_owned());
    let name =
        |side: Option<&[u8]>, prefix: &str| side.map_or("/dev/null".into(), |_| format!("{prefix}/{path}"));
    let diff = TextDiff::from_lines(&before, &after);
    let plain = diff.unified_diff().context_radius(3).header(&name(old, "a"), &name(new, "b")).to_string();
    let styled = plain.lines().map(|line| match line.as_bytes().first() {
        Some(b'+') => console.styled(32, line),
        Some(b'-') => console.styled(31, line),
        Some(b'@') => console.styled(36, line),
        _ => line.to_string(),
    });
    styled.fold(String::new(), |text, line| text + &line + "\n")
}

/// One JSON document a cluster, a line each.
fn json(change: &Change, files: &[FileChange]) -> String {
    let file = |(path, old, new): &FileChange| {
        let text =
            |side: &Option<Vec<u8>>| side.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        json!({"path": path, "old": text(old), "new": text(new)})
    };
    let value = json!({
        "cluster": change.key.to_string(),
        "branch": change.branch,
        "subject": change.words.subject,
        "changes": change.words.changes,
        "objects": change.words.objects,
        "files": files.iter().map(file).collect::<Vec<_>>(),
    });
    format!("{value}\n")
}
