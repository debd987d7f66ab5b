//! `promgit history`: the commits of one cluster, newest first.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use jiff::Timestamp;
use serde::Serialize;

use super::console::Console;
use super::exit::{Exit, UsageError};
use super::operation::{self, ConfigArguments, Format, Target};
use crate::api::annotations;
use crate::git::history;
use crate::git::notes::{self, Notes};
use crate::git::object::{Commit, TreeEntry};
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::trailers;
use crate::ledger::folder::CLUSTER;
use crate::ledger::root::Marker;
use crate::reconcile::branch::{CLUSTER_TRAILER, generation};
use crate::reconcile::verify::{made, select};
use crate::settings::Settings;
use crate::settings::load::Flags;
use crate::source::event::Key;
use crate::yaml::{convert, read};

/// List the commits of a cluster, newest first
///
/// Beside each commit of the agent (*) stands what became of it, where it was delivered; commits of others (o) that
/// changed the cluster's files are listed as such.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  promgit history example/simple --repo deploy.git
  promgit history example/simple -n 1 -o json | jq -r '.[].commit'")]
pub struct Arguments {
    /// The cluster
    #[arg(value_name = "NAMESPACE/NAME")]
    cluster: Target,
    /// The repository [default: deploy.git]
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// At most so many
    #[arg(short = 'n', long, value_name = "COUNT", default_value = "50", value_parser = count)]
    limit: usize,
    /// json prints one list
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(flatten)]
    config: ConfigArguments,
}

fn count(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|count| *count > 0).ok_or("give a whole number from 1 on")
}

/// One commit, as `-o json` prints it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub commit: String,
    /// UTC.
    pub at: String,
    pub author: String,
    pub generation: Option<i64>,
    /// What changed, without the cluster's name.
    pub subject: String,
    /// Somebody else than the agent made it.
    pub by_hand: bool,
    /// What became of it in the cluster: the first line of its note in `refs/notes/promgit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The annotation `kubernetes.io/change-cause` that the resource had then. Somebody else's commit was not asked for by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let Arguments { cluster, repo, limit, output, config } = arguments;
    if cluster.revision.is_some() {
        bail!(UsageError("history takes no @COMMIT; `promgit show` does".into()));
    }
    let settings = config.load(&Flags { repository: repo.clone(), ..Flags::default() })?;
    let settings = operation::within(&settings, repo.as_deref(), &cluster.key.namespace);
    let (reader, branch) = operation::branch(&settings, &cluster.key.namespace)?;
    let tip = reader.tip(&branch)?;
    let entries = entries(&reader, tip, &cluster.key, limit)?;
    if entries.is_empty() {
        return Err(unknown(&settings, &branch, tip, &cluster.key));
    }
    console.data(match output {
        Format::Text => table(&entries, console),
        Format::Json => serde_json::to_string_pretty(&entries)? + "\n",
    })?;
    Ok(Exit::Done)
}

/// There is no such branch, or it never had the cluster.
pub fn unknown(settings: &Settings, branch: &str, tip: Option<Oid>, key: &Key) -> anyhow::Error {
    let path = settings.repository.path.display();
    match tip {
        Some(_) => {
            anyhow!("branch {branch} of {path} has no commit of {key}; its README.md lists the clusters")
        }
        None => {
            anyhow!("{path} has no branch {branch}, so no {key}; `git --git-dir {path} branch` lists them")
        }
    }
}

fn entries(reader: &Reader, tip: Option<Oid>, key: &Key, limit: usize) -> anyhow::Result<Vec<Entry>> {
    let Some(tip) = tip else { return Ok(Vec::new()) };
    let ledger = Ledger::open(reader, tip, key)?;
    let found = history::log(reader, Some(tip), &key.name).take(limit);
    let entries = found.map(|found| {
        let (oid, commit) = found?;
        ledger.entry(oid, &commit)
    });
    entries.collect()
}

/// What is known of the commits of a branch beside themselves.
pub struct Ledger<'r> {
    reader: &'r Reader,
    notes: Notes<'r>,
    marker: Option<Marker>,
    cluster: String,
}

impl<'r> Ledger<'r> {
    pub fn open(reader: &'r Reader, tip: Oid, key: &Key) -> Result<Self, ReadError> {
        let notes = Notes::open(reader, notes::REFERENCE)?;
        Ok(Ledger { reader, notes, marker: select::marker(reader, tip)?, cluster: key.name.clone() })
    }

    /// One line of the history.
    pub fn entry(&self, oid: Oid, commit: &Commit) -> anyhow::Result<Entry> {
        let trailers = trailers::parse(&commit.message);
        let subject = commit.message.lines().next().unwrap_or_default();
        let prefix = trailers::find(&trailers, CLUSTER_TRAILER).map(|cluster| format!("{cluster}: "));
        let subject = prefix.and_then(|prefix| subject.strip_prefix(&prefix)).unwrap_or(subject);
        let made = self.marker.as_ref().is_some_and(|marker| made::by_promgit(commit, marker).is_ok());
        let note = self.notes.of(oid)?;
        let outcome = note.as_deref().and_then(|note| note.lines().next()).map(trailers::one_line);
        Ok(Entry {
            commit: oid.to_string(),
            at: time(commit.author.seconds),
            author: trailers::one_line(&commit.author.name),
            generation: generation(&trailers),
            subject: trailers::one_line(subject),
            by_hand: !made,
            outcome: outcome.filter(|outcome| !outcome.is_empty()),
            cause: if made { self.cause(commit)? } else { None },
        })
    }

    /// Only a file that holds the words is parsed: most do not.
    fn cause(&self, commit: &Commit) -> Result<Option<String>, ReadError> {
        let path = format!("{}/{CLUSTER}", self.cluster);
        let file = self.reader.entry_in_tree(commit.tree, &path)?.filter(TreeEntry::is_file);
        let Some(file) = file else { return Ok(None) };
        let text = self.reader.blob(file.oid)?;
        if memchr::memmem::find(&text, annotations::CHANGE_CAUSE.as_bytes()).is_none() {
            return Ok(None);
        }
        let cluster = read::value(&text).map(|value| convert::to_json(&value)).unwrap_or_default();
        let cause = cluster["metadata"]["annotations"][annotations::CHANGE_CAUSE].as_str();
        Ok(cause.map(trailers::one_line).filter(|cause| !cause.is_empty()))
    }
}

/// UTC, as the API server prints times.
pub fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |at| at.to_string())
}

/// Characters of a column at most; the last one has no end.
const WIDEST: usize = 60;

/// The graph is a line, as the branch is: `*` for the agent, `o` for somebody else.
fn table(entries: &[Entry], console: &Console) -> String {
    let has_cause = entries.iter().any(|entry| entry.cause.is_some());
    let head = ["", "COMMIT", "WHEN", "GEN", "OUTCOME", "WHO", "CHANGE", if has_cause { "WHY" } else { "" }];
    let rows: Vec<[String; COLUMNS]> = entries.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].len()]).max().unwrap_or_default().min(WIDEST)
    };
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let mut text = line(&head.map(str::to_string), &widths) + "\n";
    for (entry, row) in entries.iter().zip(&rows) {
        let line = line(row, &widths);
        text += &if entry.by_hand { console.styled(33, line) } else { line };
        text += "\n";
    }
    text
}

const COLUMNS: usize = 8;
/// The one that is aligned to the right.
const GENERATION: usize = 3;

fn row(entry: &Entry) -> [String; COLUMNS] {
    let Entry { commit, at, author, generation, subject, by_hand, outcome, cause } = entry;
    let short: String = commit.chars().take(10).collect();
    let generation = generation.map_or(String::new(), |number| number.to_string());
    let [outcome, cause] = [outcome, cause].map(|text| text.clone().unwrap_or_default());
    let (mark, subject) = match by_hand {
        true => ("o", format!("by hand: {subject}")),
        false => ("*", subject.clone()),
    };
    [mark.into(), short, at.clone(), generation, outcome, author.clone(), subject, cause]
}

fn line(row: &[String; COLUMNS], widths: &[usize; COLUMNS]) -> String {
    let cell = |(column, (text, width)): (usize, (&String, &usize))| match column {
        GENERATION => format!("{text:>width$}"),
        _ => format!("{text:<width$}"),
    };
    let cells: Vec<String> = row.iter().zip(widths).enumerate().map(cell).collect();
    cells.join("  ").trim_end().to_string()
}
