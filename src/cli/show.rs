//! `promgit show`: a cluster as it was at a commit.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::console::Console;
use super::exit::Exit;
use super::history::time;
use super::operation::{self, SettingsArguments, Target};
use crate::git::history;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::folder::{CLUSTER, RELEASE, VALUES};
use crate::ledger::record::Record;
use crate::settings::load::Flags;

/// Show a cluster as it was at a commit (default: now)
///
/// `promgit show example/simple@3f2a91c --cr | kubectl apply -f -` goes back to it.
#[derive(clap::Args)]
pub struct Arguments {
    /// The cluster, and the commit (any unique beginning of its id)
    #[arg(value_name = "NAMESPACE/NAME[@COMMIT]")]
    cluster: Target,
    /// The repository
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// Print the resource, ready for `kubectl apply`
    #[arg(long, group = "part")]
    cr: bool,
    /// Print the values that the chart was given
    #[arg(long, group = "part")]
    values: bool,
    /// Print the manifests, in apply order
    #[arg(long, group = "part")]
    manifests: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let Arguments { cluster: Target { key, revision }, repo, cr, values, manifests, settings } = arguments;
    let settings = settings.load(Flags { repository: repo, ..Flags::default() })?;
    let (reader, branch) = operation::branch(&settings, &key.namespace)?;
    let Some(tip) = reader.tip(&branch)? else {
        bail!("{} has no branch {branch}, so no {key}", settings.repository.path.display());
    };
    let commit = match &revision {
        None => history::log(&reader, Some(tip), &key.name).next().transpose()?.map_or(tip, |(oid, _)| oid),
        Some(prefix) => on_branch(&reader, tip, prefix, &branch)?,
    };
    let folder = Folder { reader: &reader, commit, cluster: &key.name };
    let text = match (cr, values, manifests) {
        (true, ..) => folder.file(CLUSTER)?,
        (_, true, _) => folder.file(VALUES)?,
        (.., true) => folder.manifests()?,
        _ => summary(&reader, commit)?,
    };
    console.data(text)?;
    Ok(Exit::Done)
}

/// A commit of another branch would show another namespace.
fn on_branch(reader: &Reader, tip: Oid, prefix: &str, branch: &str) -> anyhow::Result<Oid> {
    let commit = reader.resolve(prefix)?;
    for found in history::log(reader, Some(tip), "") {
        if found?.0 == commit {
            return Ok(commit);
        }
    }
    bail!("commit {} is not on branch {branch}; `promgit history` lists those that are", commit.short())
}

struct Folder<'a> {
    reader: &'a Reader,
    commit: Oid,
    cluster: &'a str,
}

impl Folder<'_> {
    fn file(&self, name: &str) -> anyhow::Result<String> {
        let Folder { reader, commit, cluster } = self;
        let bytes = reader.file(*commit, &format!("{cluster}/{name}"))?;
        let missing =
            || format!("commit {} has no {cluster}/{name}: the cluster did not exist then", commit.short());
        Ok(String::from_utf8_lossy(&bytes.with_context(missing)?).into_owned())
    }

    fn manifests(&self) -> anyhow::Result<String> {
        let record =
            Record::parse(self.file(RELEASE)?.as_bytes()).map_err(anyhow::Error::msg).context(RELEASE)?;
        let files = record.inventory.iter().map(|item| self.file(&item.file));
        let texts: Vec<String> = files.collect::<Result<_, _>>()?;
        Ok(texts.into_iter().fold(String::new(), |all, text| all + "---\n" + &text))
    }
}

fn summary(reader: &Reader, oid: Oid) -> anyhow::Result<String> {
    let commit = reader.commit(oid)?;
    let indented =
        commit.message.trim_end().lines().map(|line| format!("    {line}").trim_end().to_string() + "\n");
    Ok(format!(
        "commit {oid}\nAuthor: {}\nDate:   {}\n\n{}",
        commit.author.name,
        time(commit.author.seconds),
        indented.collect::<String>()
    ))
}
