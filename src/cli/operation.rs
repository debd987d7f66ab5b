//! What several commands share: settings, resource files, the branch of a cluster.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::exit::UsageError;
use super::problem::Problem;
use crate::git::history as log;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::branch::Branches;
use crate::settings::Settings;
use crate::settings::environment::PREFIX;
use crate::settings::load::{self, Flags};
use crate::source::event::{Key, Observed};
use crate::source::folder::read::{self, Contents};
use crate::source::folder::walk::{self, Stamp};
use crate::template::budgets;

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// Where the settings come from.
#[derive(clap::Args, Clone, Debug)]
pub struct ConfigArguments {
    /// Settings file; without one the defaults apply (`promgit run --check` prints them)
    #[arg(long, value_name = "FILE", env = "PROMGIT_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
}

impl ConfigArguments {
    /// File, environment and the flags of the command.
    pub fn load(&self, flags: &Flags) -> anyhow::Result<Settings> {
        let mut variables = Vec::new();
        for (name, text) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
            let text = text.into_string().map_err(|_| {
                UsageError(format!("environment variable {name} is not UTF-8; use the settings file"))
            })?;
            variables.push((name.to_string(), text));
        }
        Ok(load::load(self.config.as_deref(), variables.into_iter(), flags)?)
    }
}

/// What is rendered.
#[derive(clap::Args, Clone, Debug)]
pub struct SettingsArguments {
    #[command(flatten)]
    pub config: ConfigArguments,
    /// Chart to render, a folder or a .tgz [default: the one that promgit ships]
    #[arg(long, value_name = "PATH")]
    pub chart: Option<PathBuf>,
    /// Repository of the chart, instead of a path: https://… or oci://…
    #[arg(long, value_name = "URL", conflicts_with = "chart")]
    pub chart_repository: Option<String>,
    /// Name of the chart in that repository
    #[arg(long, value_name = "NAME", conflicts_with = "chart")]
    pub chart_name: Option<String>,
    /// Version of the chart, or a range [default: the newest]
    #[arg(long, value_name = "VERSION", conflicts_with = "chart")]
    pub chart_version: Option<String>,
    /// Resolve a range of versions anew instead of keeping what release.yaml records
    #[arg(long)]
    pub update_chart: bool,
    /// How a resource becomes values of that chart [default: the mapping that promgit ships]
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
}

impl SettingsArguments {
    /// File, environment and these flags; `more` carries the flags of the command.
    pub fn load(&self, more: Flags) -> anyhow::Result<Settings> {
        let SettingsArguments {
            config,
            chart,
            chart_repository,
            chart_name,
            chart_version,
            update_chart,
            mapping,
        } = self.clone();
        let flags =
            Flags { chart, chart_repository, chart_name, chart_version, update_chart, mapping, ..more };
        config.load(&flags)
    }
}

/// Which resource files.
#[derive(clap::Args, Clone, Debug)]
pub struct FileArguments {
    /// Files or folders with PrometheusClusters; - reads standard input
    #[arg(short = 'f', long = "file", value_name = "FILE", required = true, num_args = 1..)]
    pub files: Vec<PathBuf>,
}

/// What files hold.
pub struct Resources {
    /// Each cluster once.
    pub clusters: Vec<Observed>,
    /// What could not be taken.
    pub problems: Vec<Problem>,
}

impl FileArguments {
    /// Reads the clusters in these files and folders. Fails where there is nothing to work on.
    pub fn read(&self) -> anyhow::Result<Resources> {
        let mut all = Contents::default();
        for path in &self.files {
            for contents in contents(path)? {
                all.clusters.extend(contents.clusters);
                all.refused.extend(contents.refused);
            }
        }
        let mut problems: Vec<Problem> = all.refused.iter().flat_map(Problem::of).collect();
        let clusters = each_once(all.clusters, &mut problems);
        if clusters.is_empty() && problems.is_empty() {
            let names: Vec<String> = self.files.iter().map(|path| path.display().to_string()).collect();
            bail!(
                "no PrometheusCluster in {}; its document has `apiVersion: promgit.dev/v1alpha1`",
                names.join(", ")
            );
        }
        Ok(Resources { clusters, problems })
    }
}

fn contents(path: &Path) -> anyhow::Result<Vec<Contents>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        let input = std::io::stdin().lock().take(read::LARGEST_FILE + 1).read_to_end(&mut bytes);
        if input.context("standard input")? as u64 > read::LARGEST_FILE {
            bail!("standard input holds more than {} bytes; give files instead", read::LARGEST_FILE);
        }
        return Ok(vec![read::contents(Path::new("<stdin>"), &bytes, Stamp::now())]);
    }
    if path.is_dir() {
        return Ok(walk::files(path)?.iter().map(|(path, found)| read::found(path, found)).collect());
    }
    let stamp = walk::stamp(path)
        .with_context(|| format!("{} cannot be read; name a file or folder of resources", path.display()))?;
    Ok(vec![read::file(path, stamp)])
}

/// The same cluster in two documents: as the agent does it, neither is taken.
fn each_once(clusters: Vec<Observed>, problems: &mut Vec<Problem>) -> Vec<Observed> {
    let mut by_key: BTreeMap<Key, Vec<Observed>> = BTreeMap::new();
    for observed in clusters {
        by_key.entry(observed.key.clone()).or_default().push(observed);
    }
    let mut once = Vec::new();
    for (key, mut found) in by_key {
        if found.len() == 1 {
            once.append(&mut found);
            continue;
        }
        for (first, second) in found.iter().zip(found.iter().skip(1)) {
            let at = &first.origin;
            let message = format!("PrometheusCluster {key} is defined at {at} too; keep one of them");
            problems.push(Problem::with(second, message));
        }
    }
    once
}

/// Work that renders: on a stack that is deep enough for every chart.
pub fn deep<T: Send>(work: impl FnOnce() -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    budgets::on_deep_stack(work).context("no thread can be started")?
}

/// `NAMESPACE/NAME[@REVISION]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub key: Key,
    pub revision: Option<String>,
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, revision) = match text.split_once('@') {
            Some((key, revision)) => (key, Some(revision.to_string())),
            None => (text, None),
        };
        let parts: Vec<&str> = key.split('/').collect();
        match parts.as_slice() {
            [namespace, name] if !namespace.is_empty() && !name.is_empty() => {
                let [namespace, name] = [namespace, name].map(|part| part.to_string());
                Ok(Target { key: Key { namespace, name }, revision })
            }
            _ => Err("write NAMESPACE/NAME, such as example/simple".into()),
        }
    }
}

/// The settings that hold for the repository that `--repo` names, or for the target that a namespace belongs to.
pub fn within(settings: &Settings, repo: Option<&Path>, namespace: &str) -> Settings {
    match repo {
        Some(path) => at(settings, path),
        None => settings.of(namespace),
    }
}

/// The settings of the target whose repository is at this path; those of all others for any other path, which they have by now.
pub fn at(settings: &Settings, repo: &Path) -> Settings {
    let mut each = settings.each();
    let target = each.iter().skip(1).position(|target| target.repository.path == repo);
    each.swap_remove(target.map_or(0, |at| at + 1))
}

/// The repository of the settings, opened for reading, and the branch of a namespace.
pub fn branch(settings: &Settings, namespace: &str) -> anyhow::Result<(Reader, String)> {
    let branch = branch_of(settings, namespace)?;
    Ok((repository(settings)?, branch))
}

/// The branch of a namespace.
pub fn branch_of(settings: &Settings, namespace: &str) -> anyhow::Result<String> {
    Ok(Branches::compile(&settings.repository.branch)?.of(namespace)?)
}

/// The commit of a branch that a user named by the beginning of its id; its tip if none was named. A commit of another branch
/// would show another namespace.
pub fn commit(reader: &Reader, branch: &str, tip: Oid, revision: Option<&str>) -> anyhow::Result<Oid> {
    let Some(prefix) = revision else { return Ok(tip) };
    let commit = reader.resolve(prefix)?;
    if !log::holds(reader, tip, commit)? {
        bail!("commit {} is not on branch {branch}; `promgit history` lists those that are", commit.short());
    }
    Ok(commit)
}

/// The repository of the settings, opened for reading.
pub fn repository(settings: &Settings) -> anyhow::Result<Reader> {
    opened(&settings.repository.path)
}

/// A repository, opened for reading.
pub fn opened(path: &Path) -> anyhow::Result<Reader> {
    if !path.exists() {
        let path = path.display();
        bail!("there is no repository at {path}; give its path with --repo (`promgit run` makes one)");
    }
    Ok(Reader::open(path)?)
}
