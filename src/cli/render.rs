//! `promgit render`: a resource file turned into the tree that would be committed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::console::Console;
use super::exit::Exit;
use super::operation::{self, FileArguments, Format, Resources, SettingsArguments};
use super::problem::Problem;
use super::shown::{self, Shown};
use crate::ledger::root::{self, Row};
use crate::reconcile::inputs::{All, Inputs};
use crate::reconcile::prepare::Prepared;
use crate::settings::load::Flags;
use crate::source::event::Observed;

/// Print or write the tree that would be committed for a resource
///
/// What is printed is the folder of each cluster. With --out the files at the root of the branches come too.
/// Files in the folder that are not part of the tree stay.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  promgit render -f examples/simple.yaml
  promgit render -f examples --out tree
  promgit render -f examples/simple.yaml -o json | jq -r 'keys[]'")]
pub struct Arguments {
    #[command(flatten)]
    files: FileArguments,
    /// Write the tree below this folder, one folder a branch, instead of printing it
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    out: Option<PathBuf>,
    /// text is YAML documents, each headed by its path; json is one object: path to contents
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Path → contents, all branches together.
type Tree = BTreeMap<String, Vec<u8>>;

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let settings = arguments.settings.load(Flags::default())?;
    let Resources { clusters, mut problems } = arguments.files.read()?;
    let inputs = Inputs::load(&settings)?;
    let mut notes = Vec::new();
    let (tree, failures) = operation::deep(|| tree(&clusters, &inputs, arguments.out.is_some(), &mut notes))?;
    problems.extend(failures);
    notes.iter().for_each(|note| console.note(note));
    for problem in &problems {
        console.note(format_args!("error: {problem}"));
    }
    match (&arguments.out, arguments.output) {
        (Some(folder), _) => write(folder, &tree)?,
        (None, Format::Text) => console.data(text(&tree))?,
        (None, Format::Json) => console.data(json(&tree)?)?,
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failed })
}

/// All trees and what failed. `roots`: with the files at the root of the branches.
fn tree(
    clusters: &[Observed],
    inputs: &All,
    roots: bool,
    notes: &mut Vec<String>,
) -> anyhow::Result<(Tree, Vec<Problem>)> {
    let mut tree = Tree::new();
    let mut rows: BTreeMap<&str, BTreeMap<String, Row>> = BTreeMap::new();
    let mut failures = Vec::new();
    for observed in clusters {
        let inputs = inputs.of(&observed.key.namespace);
        let branch = inputs.branches.of(&observed.key.namespace)?;
        match shown::prepare(observed, inputs, None) {
            Ok(Shown { prepared: Prepared { key, files, row, .. }, note }) => {
                notes.extend(note);
                tree.extend(
                    files.into_iter().map(|(path, bytes)| (format!("{branch}/{}/{path}", key.name), bytes)),
                );
                rows.entry(&observed.key.namespace).or_default().insert(key.name, row);
            }
            Err(error) => failures.push(Problem::with(observed, error)),
        }
    }
    for (namespace, rows) in rows.iter().filter(|_| roots) {
        let inputs = inputs.of(namespace);
        let branch = inputs.branches.of(namespace)?;
        let marker = inputs.marker(namespace);
        let files = root::files(&marker, &branch, rows, &inputs.readme)?;
        tree.extend(files.into_iter().map(|(path, bytes)| (format!("{branch}/{path}"), bytes)));
    }
    Ok((tree, failures))
}

fn write(folder: &Path, tree: &Tree) -> anyhow::Result<()> {
    for (path, bytes) in tree {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).with_context(|| format!("folder {}", parent.display()))?;
        std::fs::write(&path, bytes).with_context(|| format!("file {}", path.display()))?;
    }
    Ok(())
}

/// A stream of YAML documents, each headed by its path.
fn text(tree: &Tree) -> String {
    let mut text = String::new();
    for (path, bytes) in tree {
        // Writing to a string cannot fail.
        let _ = write!(text, "---\n# {path}\n{}", String::from_utf8_lossy(bytes));
    }
    text
}

fn json(tree: &Tree) -> anyhow::Result<String> {
    let texts: BTreeMap<_, _> =
        tree.iter().map(|(path, bytes)| (path, String::from_utf8_lossy(bytes))).collect();
    Ok(serde_json::to_string_pretty(&texts)? + "\n")
}
