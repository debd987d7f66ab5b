//! The flags that say where the chart is to the chart in memory (Helm `ChartPathOptions`, `runInstall`).
#![allow(clippy::disallowed_methods)] // reads what the user names

use std::io;
use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::TemplateError;
use super::log::Log;
use crate::chart::warning::Warning;
use crate::chart::{Chart, dependency, load};
use crate::pull::cache::Cache;
use crate::pull::environment::Environment;
use crate::pull::http::tls::Trust;
use crate::pull::locate::{self, Located};
use crate::pull::repository::Credentials;

/// Any version, prereleases included (`--devel`).
const DEVEL: &str = ">0.0.0-0";

/// Where a chart that is no path is found; the flags are Helm's.
#[derive(Args, Clone, Debug, Default)]
pub struct ChartFlags {
    /// Address of the repository that has the chart
    #[arg(long, value_name = "URL")]
    pub repo: Option<String>,
    /// Version of the chart, or a range such as ^2.0 [default: the newest release]
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Take prereleases too; means --version '>0.0.0-0', which --version overrides
    #[arg(long)]
    pub devel: bool,
    /// User at the repository or registry
    #[arg(long, value_name = "USER")]
    pub username: Option<String>,
    /// Password of that user
    #[arg(long, value_name = "PASSWORD")]
    pub password: Option<String>,
    /// Send user and password to other hosts too
    #[arg(long)]
    pub pass_credentials: bool,
    /// Certificates of the authorities to trust, instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// The certificate that says who we are
    #[arg(long, value_name = "FILE")]
    pub cert_file: Option<PathBuf>,
    /// The key of that certificate
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Trust any certificate
    #[arg(long)]
    pub insecure_skip_tls_verify: bool,
    /// Speak HTTP with a registry, not HTTPS
    #[arg(long)]
    pub plain_http: bool,
    /// Not supported: promgit checks no signatures
    #[arg(long, hide = true)]
    pub verify: bool,
    /// Accepted for Helm's sake; only --verify would read it
    #[arg(long, hide = true, value_name = "FILE")]
    pub keyring: Option<PathBuf>,
    /// helm's file of repositories [default: where helm has it]
    #[arg(long, value_name = "FILE")]
    pub repository_config: Option<PathBuf>,
    /// helm's folder of indexes [default: where helm has it]
    #[arg(long, value_name = "DIR")]
    pub repository_cache: Option<PathBuf>,
    /// helm's file of logins at registries [default: where helm has it]
    #[arg(long, value_name = "FILE")]
    pub registry_config: Option<PathBuf>,
}

impl ChartFlags {
    /// Whether prereleases are taken too (`--devel`, where no version is named).
    pub fn takes_any(&self) -> bool {
        self.devel && self.version.as_deref().unwrap_or_default().is_empty()
    }
}

/// Finds and loads the chart, and says on `stderr` what Helm says of it.
pub fn load(name: &str, flags: &ChartFlags, log: &mut Log<'_>) -> Result<Source, TemplateError> {
    if flags.verify {
        return Err(TemplateError::Verify);
    }
    let environment = Environment::of_process();
    let cache = Cache::new(environment.chart_cache());
    let located = locate::locate(name, &options(flags, &environment), environment.proxies(), &cache)?;
    match &located {
        Located::Path(path) => log.debug("Chart path", "path", shown(path))?,
        Located::Archive { said, .. } => said.iter().try_for_each(|line| writeln!(log.stderr, "{line}"))?,
    }
    Ok(Source(located))
}

/// The path from the root, without dots (Go `filepath.Abs`).
fn shown(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut clean = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean.display().to_string()
}

/// A chart that was found and not read yet: Helm reads the values first.
pub struct Source(Located);

impl Source {
    /// Reads and checks it.
    pub fn chart(&self, log: &mut Log<'_>) -> Result<Chart, TemplateError> {
        let mut said = Vec::new();
        let chart = match &self.0 {
            Located::Path(path) => load::path_or_said(path, &mut said),
            Located::Archive { bytes, from, .. } => load::bytes(bytes, from),
        };
        log.all(&said)?;
        let chart = chart?;
        warn(&chart, log)?;
        let kind = &chart.metadata.kind;
        if !kind.is_empty() && kind != "application" {
            return Err(TemplateError::NotInstallable(kind.clone()));
        }
        if chart.metadata.deprecated {
            log.say(&Warning::warn("this chart is deprecated"))?;
        }
        dependency::check(&chart)?;
        Ok(chart)
    }
}

/// What loading had to say: of the chart, then of what lies in it.
fn warn(chart: &Chart, log: &mut Log<'_>) -> io::Result<()> {
    log.all(&chart.warnings)?;
    chart.dependencies.iter().try_for_each(|subchart| warn(subchart, log))
}

fn options(flags: &ChartFlags, environment: &Environment) -> locate::Options {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let path = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
    let version = text(&flags.version);
    let version = if flags.takes_any() { DEVEL.to_owned() } else { version };
    let mut trust = Trust {
        ca_file: path(&flags.ca_file),
        cert_file: path(&flags.cert_file),
        key_file: path(&flags.key_file),
        insecure: flags.insecure_skip_tls_verify,
    };
    // One of the two alone changes nothing, as in Helm.
    let pair = trust.cert_file.is_some() && trust.key_file.is_some();
    if !pair && trust.ca_file.is_none() && !trust.insecure {
        trust = Trust::default();
    }
    let registry_config = flags.registry_config.clone().unwrap_or_else(|| environment.registry_config());
    locate::Options {
        repository: text(&flags.repo),
        version,
        credentials: Credentials {
            username: text(&flags.username),
            password: text(&flags.password),
            pass_to_all: flags.pass_credentials,
        },
        trust,
        plain_http: flags.plain_http,
        repository_config: flags.repository_config.clone().unwrap_or_else(|| environment.repository_config()),
        repository_cache: flags.repository_cache.clone().unwrap_or_else(|| environment.repository_cache()),
        logins: vec![registry_config, environment.docker_config()],
    }
}
