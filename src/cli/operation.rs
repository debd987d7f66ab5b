//! What several commands share: settings, resource files, the branch of a cluster.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::console::Console;
use crate::git::reader::Reader;
use crate::ledger::branch::Branches;
use crate::settings::Settings;
use crate::settings::load::{self, Flags};
use crate::source::event::{Key, Observed};
use crate::source::folder::read::{self, Contents};
use crate::source::folder::walk::{self, Stamp};
use crate::template::budgets;

/// Where the settings come from.
#[derive(clap::Args, Clone, Debug)]
pub struct SettingsArguments {
    /// Settings file (default: none; config/promgit.yaml shows every key)
    #[arg(long, value_name = "FILE", env = "PROMGIT_CONFIG")]
    pub config: Option<PathBuf>,
    /// Chart to render, a folder or a .tgz (default: the one that promgit ships)
    #[arg(long, value_name = "PATH")]
    pub chart: Option<PathBuf>,
    /// How a resource becomes values of that chart (default: the mapping that promgit ships)
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
}

impl SettingsArguments {
    /// File, environment and these flags; `more` carries the flags of the command.
    pub fn load(&self, more: Flags) -> anyhow::Result<Settings> {
        let flags = Flags { chart: self.chart.clone(), mapping: self.mapping.clone(), ..more };
        // A variable that is not UTF-8 sets nothing that we know.
        let variables =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        Ok(load::load(self.config.as_deref(), variables, &flags)?)
    }
}

/// The clusters in these files and folders (`-`: standard input). Prints every refusal; the second value is
/// how many there were.
pub fn resources(paths: &[PathBuf], console: &mut Console) -> anyhow::Result<(Vec<Observed>, usize)> {
    let mut all = Contents::default();
    for path in paths {
        for contents in contents(path)? {
            all.clusters.extend(contents.clusters);
            all.refused.extend(contents.refused);
        }
    }
    for refused in &all.refused {
        refused.lines().for_each(|line| console.note(line));
    }
    Ok((all.clusters, all.refused.len()))
}

fn contents(path: &Path) -> anyhow::Result<Vec<Contents>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(read::LARGEST_FILE).read_to_end(&mut bytes).context("standard input")?;
        return Ok(vec![read::contents(path, &bytes, Stamp::now())]);
    }
    if path.is_dir() {
        return Ok(walk::files(path)?.iter().map(|(path, found)| read::found(path, found)).collect());
    }
    let stamp = walk::stamp(path)
        .with_context(|| format!("{}: name a file or folder of resources", path.display()))?;
    Ok(vec![read::file(path, stamp)])
}

/// Fails when a command was given files without any resource.
pub fn some(clusters: &[Observed], refused: usize) -> anyhow::Result<()> {
    if clusters.is_empty() && refused == 0 {
        bail!("no PrometheusCluster was found; its document begins with `apiVersion: promgit.dev/v1alpha1`");
    }
    Ok(())
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

/// The repository of the settings, opened for reading, and the branch of a namespace.
pub fn branch(settings: &Settings, namespace: &str) -> anyhow::Result<(Reader, String)> {
    let branch = Branches::compile(&settings.repository.branch)?.of(namespace)?;
    Ok((Reader::open(&settings.repository.path)?, branch))
}
