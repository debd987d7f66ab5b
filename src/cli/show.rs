//! `promgit show`: a cluster as it was at a commit.

use std::path::PathBuf;

use anyhow::Context;

use serde_json::{Value as Json, json};

use super::console::Console;
use super::exit::Exit;
use super::history::{self, Entry, Ledger, time};
use super::operation::{self, ConfigArguments, Format, Target};
use super::unified::{self, FileChange};
use crate::git::history as log;
use crate::git::object::Commit;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::git::trailers;
use crate::ledger::folder::{CLUSTER, RELEASE, VALUES};
use crate::ledger::record::Record;
use crate::settings::load::Flags;
use crate::yaml::{convert, read};

/// Show a cluster as it was at a commit (default: now)
///
/// Without --cr, --values, --manifests or --diff: the commit that made it so.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  promgit show example/simple --repo deploy.git
  promgit show example/simple --manifests
  promgit show example/simple@3f2a91c --diff
  promgit show example/simple@3f2a91c --cr | kubectl apply -f -     # go back to it")]
pub struct Arguments {
    /// The cluster, and a commit of its branch (any unique beginning of the id)
    #[arg(value_name = "NAMESPACE/NAME[@COMMIT]")]
    cluster: Target,
    /// The repository [default: deploy.git]
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
    /// Print the commit and what it changed in the cluster's folder
    #[arg(long, group = "part")]
    diff: bool,
    /// json prints one object (manifests: a list)
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(flatten)]
    config: ConfigArguments,
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let Arguments { cluster: Target { key, revision }, repo, cr, values, manifests, diff, output, config } =
        arguments;
    let settings = config.load(&Flags { repository: repo.clone(), ..Flags::default() })?;
    let settings = operation::within(&settings, repo.as_deref(), &key.namespace);
    let (reader, branch) = operation::branch(&settings, &key.namespace)?;
    let Some(tip) = reader.tip(&branch)? else {
        return Err(history::unknown(&settings, &branch, None, &key));
    };
    let at = operation::commit(&reader, &branch, tip, revision.as_deref())?;
    let Some((commit, found)) = log::log(&reader, Some(at), &key.name).next().transpose()? else {
        return Err(history::unknown(&settings, &branch, Some(tip), &key));
    };
    let folder = Folder { reader: &reader, commit, cluster: &key.name };
    let texts = match (cr, values, manifests) {
        (true, ..) => vec![folder.file(CLUSTER)?],
        (_, true, _) => vec![folder.file(VALUES)?],
        (.., true) => folder.manifests()?,
        _ => {
            let files = if diff { Some(changes(&reader, &found, &key.name)?) } else { None };
            let entry = Ledger::open(&reader, tip, &key)?.entry(commit, &found)?;
            console.data(match output {
                Format::Text => text(commit, &found, files.as_deref(), console),
                Format::Json => json(&entry, &found, files.as_deref())?,
            })?;
            return Ok(Exit::Done);
        }
    };
    console.data(match (output, manifests) {
        (Format::Text, false) => texts.concat(),
        (Format::Text, true) => texts.iter().fold(String::new(), |all, text| all + "---\n" + text),
        (Format::Json, false) => pretty(&values_of(&texts)?[0])?,
        (Format::Json, true) => pretty(&Json::Array(values_of(&texts)?))?,
    })?;
    Ok(Exit::Done)
}

fn values_of(texts: &[String]) -> anyhow::Result<Vec<Json>> {
    let one = |text: &String| Ok(convert::to_json(&read::value(text.as_bytes())?));
    texts.iter().map(one).collect()
}

fn pretty(value: &Json) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
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
        let missing = || {
            let short = commit.short();
            format!("{cluster} was deleted by commit {short}; give an older one, from `promgit history`")
        };
        Ok(String::from_utf8_lossy(&bytes.with_context(missing)?).into_owned())
    }

    fn manifests(&self) -> anyhow::Result<Vec<String>> {
        let record =
            Record::parse(self.file(RELEASE)?.as_bytes()).map_err(anyhow::Error::msg).context(RELEASE)?;
        record.inventory.iter().map(|item| self.file(&item.file)).collect()
    }
}

/// What a commit changed in the folder of a cluster.
fn changes(reader: &Reader, commit: &Commit, cluster: &str) -> anyhow::Result<Vec<FileChange>> {
    let before = commit.parents.first().map(|parent| reader.commit(*parent)).transpose()?;
    let found = log::diff(reader, before.map(|parent| parent.tree), Some(commit.tree), cluster)?;
    Ok(found.into_iter().map(FileChange::from).collect())
}

fn text(oid: Oid, commit: &Commit, files: Option<&[FileChange]>, console: &Console) -> String {
    let indented =
        commit.message.trim_end().lines().map(|line| format!("    {line}").trim_end().to_string() + "\n");
    let mut text = format!(
        "commit {oid}\nAuthor: {}\nDate:   {}\n\n{}",
        commit.author.name,
        time(commit.author.seconds),
        indented.collect::<String>()
    );
    if let Some(files) = files {
        text += "\n";
        text.extend(files.iter().map(|file| unified::text(file, console)));
    }
    text
}

/// The entry of `history`, with the whole message, its trailers, and the files if they were asked for.
fn json(entry: &Entry, commit: &Commit, files: Option<&[FileChange]>) -> anyhow::Result<String> {
    let mut value = serde_json::to_value(entry)?;
    let all = trailers::parse(&commit.message);
    value["message"] = json!(commit.message);
    value["trailers"] = all.iter().map(|trailer| (trailer.key.clone(), json!(trailer.value))).collect();
    if let Some(files) = files {
        value["files"] = files.iter().map(unified::json).collect();
    }
    pretty(&value)
}
