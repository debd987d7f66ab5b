//! `promgit history`: the commits of one cluster, newest first.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::bail;
use jiff::Timestamp;
use serde::Serialize;

use super::console::Console;
use super::exit::Exit;
use super::operation::{self, SettingsArguments, Target};
use crate::git::history;
use crate::git::object::Commit;
use crate::git::oid::Oid;
use crate::git::trailers;
use crate::reconcile::branch::{CLUSTER_TRAILER, GENERATION_TRAILER};
use crate::settings::load::Flags;

/// List the commits of a cluster, newest first
#[derive(clap::Args)]
pub struct Arguments {
    /// The cluster
    #[arg(value_name = "NAMESPACE/NAME")]
    cluster: Target,
    /// The repository
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// At most so many
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
    /// text or json
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// One commit, as `-o json` prints it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    commit: String,
    at: String,
    author: String,
    generation: Option<i64>,
    subject: String,
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let Arguments { cluster, repo, limit, output, settings } = arguments;
    if cluster.revision.is_some() {
        bail!("history takes no revision; `promgit show` does");
    }
    let settings = settings.load(Flags { repository: repo, ..Flags::default() })?;
    let (reader, branch) = operation::branch(&settings, &cluster.key.namespace)?;
    let log = history::log(&reader, reader.tip(&branch)?, &cluster.key.name);
    let entries = log.take(limit).map(|found| found.map(|(oid, commit)| entry(oid, &commit)));
    let entries: Vec<Entry> = entries.collect::<Result<_, _>>()?;
    if entries.is_empty() {
        bail!("branch {branch} of {} has no commit of {}", settings.repository.path.display(), cluster.key);
    }
    console.data(match output {
        Format::Text => table(&entries),
        Format::Json => serde_json::to_string_pretty(&entries)? + "\n",
    })?;
    Ok(Exit::Done)
}

fn entry(oid: Oid, commit: &Commit) -> Entry {
    let trailers = trailers::parse(&commit.message);
    let subject = commit.message.lines().next().unwrap_or_default();
    let prefix = trailers::find(&trailers, CLUSTER_TRAILER).map(|cluster| format!("{cluster}: "));
    let subject = prefix.and_then(|prefix| subject.strip_prefix(&prefix)).unwrap_or(subject);
    Entry {
        commit: oid.to_string(),
        at: time(commit.author.seconds),
        author: commit.author.name.clone(),
        generation: trailers::find(&trailers, GENERATION_TRAILER).and_then(|number| number.parse().ok()),
        subject: subject.to_string(),
    }
}

/// UTC, as the API server prints times.
pub fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |at| at.to_string())
}

fn table(entries: &[Entry]) -> String {
    let mut text = format!("{:<10}  {:<20}  {:>3}  {:<20}  CHANGE\n", "COMMIT", "WHEN", "GEN", "WHO");
    for Entry { commit, at, author, generation, subject } in entries {
        let short: String = commit.chars().take(10).collect();
        let generation = generation.map_or(String::new(), |number| number.to_string());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{short:<10}  {at:<20}  {generation:>3}  {author:<20}  {subject}");
    }
    text
}
