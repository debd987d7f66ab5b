//! `promgit diff`: what a commit would change, printed from the plan that the agent would execute; or two commits compared.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write;
use std::path::PathBuf;

use serde_json::json;

use super::between;
use super::console::Console;
use super::exit::Exit;
use super::operation::{self, FileArguments, Format, Resources, SettingsArguments, Target};
use super::problem::Problem;
use super::shown::{self, Shown};
use super::unified::{self, FileChange};
use crate::git::reader::Reader;
use crate::reconcile::inputs::Inputs;
use crate::reconcile::plan::{self, Change, Kind, Plan};
use crate::settings::load::Flags;
use crate::source::event::Observed;

/// Show what a commit would change, or what changed between two commits
///
/// With -f: what the agent would commit for these resources; clusters that the repository holds and the files do not are
/// left out. With revisions, as with `git diff`: A..B, where a side that is left out is the newest commit; one commit is
/// compared with the newest; two clusters are compared as `git diff REV:PATH REV:PATH` compares two folders.
/// Exit code 0: nothing; 3: something; 1: it failed; 2: used wrongly.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  promgit diff -f examples --repo deploy.git
  promgit diff -f examples/simple.yaml -o json | jq -r .subject
  promgit diff example/simple@3f2a91c..91c03fe --repo deploy.git
  promgit diff example/simple@3f2a91c                  # since then
  promgit diff staging/web production/web              # two clusters, as they are now")]
pub struct Arguments {
    /// Two commits of a cluster, or one of each of two clusters
    #[arg(value_name = "NAMESPACE/NAME[@A[..B]]", num_args = 1..=2, conflicts_with = "files")]
    revisions: Vec<Target>,
    /// Files or folders with PrometheusClusters; - reads standard input
    #[arg(short = 'f', long = "file", value_name = "FILE", num_args = 1.., required_unless_present = "revisions")]
    files: Vec<PathBuf>,
    /// The repository to compare with [default: deploy.git]
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// json prints one object a cluster, a line each
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(flatten)]
    settings: SettingsArguments,
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let flags = Flags { repository: arguments.repo.clone(), ..Flags::default() };
    let settings = arguments.settings.load(flags)?;
    if !arguments.revisions.is_empty() {
        let (repo, named) = (arguments.repo.as_deref(), &arguments.revisions);
        return between::run(&settings, repo, named, arguments.output, console);
    }
    let Resources { clusters, problems } = FileArguments { files: arguments.files }.read()?;
    let inputs = Inputs::load(&settings)?;
    for problem in &problems {
        console.note(format_args!("error: {problem}"));
    }
    let mut exit = if problems.is_empty() { Exit::Done } else { Exit::Failed };
    let mut readers = BTreeMap::new();
    for observed in &clusters {
        if observed.cluster.spec.suspend {
            console.note(format_args!("note: {} is suspended, so nothing is committed for it", observed.key));
            continue;
        }
        let namespace = &observed.key.namespace;
        let path = operation::within(&settings, arguments.repo.as_deref(), namespace).repository.path;
        let reader = match readers.entry(path) {
            Entry::Occupied(opened) => opened.into_mut(),
            Entry::Vacant(new) => {
                let reader = operation::opened(new.key())?;
                new.insert(reader)
            }
        };
        match one(observed, inputs.of(namespace), reader, console) {
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
    console: &mut Console,
) -> anyhow::Result<Option<(Change, Vec<FileChange>)>> {
    let branch = inputs.branches.of(&observed.key.namespace)?;
    let repository = reader.root();
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
            found.push(FileChange { path: format!("{}/{path}", change.key.name), old, new });
        }
    }
    Ok(found)
}

fn text(change: &Change, files: &[FileChange], console: &Console) -> String {
    let mut text = format!("{}  ({})\n", change.words.subject, change.branch);
    for line in &change.words.objects {
        let _ = writeln!(text, "  {line}");
    }
    text.extend(files.iter().map(|file| unified::text(file, console)));
    text
}

/// One JSON document a cluster, a line each.
fn json(change: &Change, files: &[FileChange]) -> String {
    let value = json!({
        "cluster": change.key.to_string(),
        "branch": change.branch,
        "subject": change.words.subject,
        "changes": change.words.changes,
        "objects": change.words.objects,
        "files": files.iter().map(unified::json).collect::<Vec<_>>(),
    });
    format!("{value}\n")
}
