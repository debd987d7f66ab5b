//! `promgit history`: the commits of one cluster, newest first.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use jiff::Timestamp;
use serde::Serialize;

use super::console::Console;
use super::exit::{Exit, UsageError};
use super::operation::{self, ConfigArguments, Format, Target};
use crate::git::history;
use crate::git::object::Commit;
use crate::git::oid::Oid;
use crate::git::trailers;
use crate::reconcile::branch::{CLUSTER_TRAILER, GENERATION_TRAILER};
use crate::settings::Settings;
use crate::settings::load::Flags;
use crate::source::event::Key;

/// List the commits of a cluster, newest first
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
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let Arguments { cluster, repo, limit, output, config } = arguments;
    if cluster.revision.is_some() {
        bail!(UsageError("history takes no @COMMIT; `promgit show` does".into()));
    }
    let settings = config.load(&Flags { repository: repo, ..Flags::default() })?;
    let (reader, branch) = operation::branch(&settings, &cluster.key.namespace)?;
    let tip = reader.tip(&branch)?;
    let log = history::log(&reader, tip, &cluster.key.name);
    let entries = log.take(limit).map(|found| found.map(|(oid, commit)| entry(oid, &commit)));
    let entries: Vec<Entry> = entries.collect::<Result<_, _>>()?;
    if entries.is_empty() {
        return Err(unknown(&settings, &branch, tip, &cluster.key));
    }
    console.data(match output {
        Format::Text => table(&entries),
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

pub fn entry(oid: Oid, commit: &Commit) -> Entry {
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
