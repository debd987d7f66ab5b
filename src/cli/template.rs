//! `promgit template`: a chart and values to the text that `helm template` prints (Helm `pkg/cmd/template.go`).
//!
//! The flags and their meaning are Helm's. Only with `--dry-run=server` is a cluster asked.

mod access;
pub mod arguments;
pub mod chart;
mod files;
pub mod flags;
mod helms;
mod log;
mod name;
mod parse;
mod path_match;
mod server;
mod show;
mod values;
mod world;

use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::sync::Arc;

use crate::chart::warning::Warning;
use crate::chart::{dependency, load};
use crate::cluster::dry_run::existing::ExistingError;
use crate::pull::locate::LocateError;
use crate::render;
use crate::render::capabilities::Capabilities;
use crate::render::engine::{Cause, RenderError, Request};
use crate::render::kube_version;
use crate::render::output::Output;
use crate::render::outside::Outside;
use crate::render::release::Release;
use crate::template::frozen::Frozen;

pub use arguments::Arguments;
use helms::Strategy;
use log::Log;
use server::Cluster;

/// Exit code when all is well.
pub const DONE: u8 = 0;
/// Exit code of every failure, as Helm's.
pub const FAILED: u8 = 1;

/// Why nothing, or not all, was printed. Displays as Helm says it after `Error: `.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("invalid kube version '{text}': {source}")]
    KubeVersion { text: String, source: kube_version::KubeVersionError },
    #[error(transparent)]
    Helms(#[from] helms::HelmsError),
    #[error(transparent)]
    Name(#[from] name::NameError),
    #[error(transparent)]
    Locate(#[from] LocateError),
    #[error(
        "--verify is not supported: promgit checks no signatures; run `helm verify`, or give the digest that you \
         trust as chart.digest to the agent"
    )]
    Verify,
    #[error(transparent)]
    Values(#[from] values::ValuesError),
    #[error(transparent)]
    Load(#[from] load::LoadError),
    #[error("{0} charts are not installable")]
    NotInstallable(String),
    #[error(transparent)]
    Dependencies(#[from] dependency::MissingDependencies),
    #[error(transparent)]
    Cluster(#[from] server::ClusterError),
    #[error(transparent)]
    Existing(#[from] ExistingError),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Show(#[from] show::ShowError),
    #[error(transparent)]
    Write(files::WriteError),
    #[error("standard output: {0}")]
    Stdout(io::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs the command and gives back the exit code.
pub fn run(arguments: &Arguments, stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8 {
    match template(arguments, stdout, stderr) {
        Ok(()) => DONE,
        // Who reads has read enough (`promgit template … | head`).
        Err(TemplateError::Io(error) | TemplateError::Stdout(error))
            if error.kind() == io::ErrorKind::BrokenPipe =>
        {
            DONE
        }
        Err(error) => {
            // Nothing is left to do where the terminal itself is gone.
            let _ = report(arguments, &error, stderr);
            FAILED
        }
    }
}

fn report(arguments: &Arguments, error: &TemplateError, stderr: &mut dyn Write) -> io::Result<()> {
    let mut log = Log { stderr, debug: arguments.is_verbose() };
    match error {
        TemplateError::Render(error) => {
            log.all(&error.warnings)?;
            log.all(log_line(&error.cause).as_slice())?;
        }
        TemplateError::Cluster(error) => log.all(error.log_line().as_slice())?,
        _ => {}
    }
    let Log { stderr, debug } = log;
    writeln!(stderr, "Error: {error}")?;
    let is_after_release = match error {
        TemplateError::Render(error) => error.cause.is_after_release(),
        TemplateError::Write(_) => true,
        _ => false,
    };
    if is_after_release && !debug {
        writeln!(stderr, "\nUse --debug flag to render out invalid YAML")?;
    }
    Ok(())
}

/// Helm logs a few errors before it reports them.
fn log_line(cause: &Cause) -> Option<Warning> {
    let text = cause.to_string();
    let (message, error) = match cause {
        Cause::Name { .. } | Cause::Dependencies(_) => text.split_once(": ")?,
        _ => return None,
    };
    Some(Warning::error(message).with("error", error))
}

fn template(
    arguments: &Arguments,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Result<(), TemplateError> {
    let mut log = Log { stderr, debug: arguments.is_verbose() };
    arguments.helms.together()?;
    let told = capabilities(arguments)?;
    let Strategy { asks_server, warning } = arguments.helms.strategy()?;
    if let Some(warning) = warning {
        log.say(&Warning::warn(warning))?;
    }
    log.debug("Original chart version", "version", arguments.chart.version.clone().unwrap_or_default())?;
    if arguments.chart.takes_any() {
        log.say(&Warning::debug("setting version to >0.0.0-0"))?;
    }
    let (name, path) = name::name_and_chart(arguments)?;
    let source = chart::load(&path, &arguments.chart, &mut log)?;
    let values = values::merge(&arguments.values, &mut log)?;
    let chart = source.chart(&mut log)?;
    let access = arguments.access.access();
    let cluster = if asks_server { Some(Cluster::reach(&access)?) } else { None };
    let release =
        Release { name, namespace: access.namespace(), revision: 1, is_upgrade: arguments.is_upgrade };
    // The process ends behind this: taking a large chart apart would be a tenth of its time.
    let chart = ManuallyDrop::new(render::prepare(Arc::new(chart)));
    let request = Request {
        chart: &chart,
        values: Frozen::from(&values),
        release: release.clone(),
        capabilities: cluster.as_ref().map_or(told, |cluster| cluster.served.capabilities.clone()),
        policy: world::open_policy(),
        outside: outside(arguments, cluster.as_ref()),
        skip_schema: arguments.skip_schema_validation,
        verbose: log.debug,
    };
    if let Some(cluster) = &cluster {
        said_of(cluster, arguments, &mut log)?;
    }
    match render::render(request)? {
        Ok(output) => {
            log.all(&output.warnings)?;
            if let Some(cluster) = &cluster {
                cluster.check(&output, &release, arguments.check())?;
            }
            print(arguments, &release.name, &output, stdout)
        }
        Err(error) => {
            if log.debug && error.cause.is_after_release() {
                stdout.write_all(render::split::trim(&error.rendered))?;
                writeln!(stdout)?;
            }
            Err(error.into())
        }
    }
}

/// What templates may ask.
fn outside(arguments: &Arguments, cluster: Option<&Cluster>) -> Outside {
    Outside {
        lookup: cluster.map(Cluster::lookup),
        host_by_name: arguments.helms.enable_dns.then(world::resolver),
        warns_of_crds: cluster.is_some() && !arguments.skip_crds,
    }
}

/// What Helm says of a cluster before it renders.
fn said_of(cluster: &Cluster, arguments: &Arguments, log: &mut Log<'_>) -> io::Result<()> {
    if !arguments.api_versions.is_empty() {
        let ignored = "API Version list given outside of client only mode, this list will be ignored";
        log.say(&Warning::debug(ignored))?;
    }
    log.all(&cluster.served.warnings)
}

fn capabilities(arguments: &Arguments) -> Result<Capabilities, TemplateError> {
    let mut capabilities = Capabilities::default();
    if let Some(text) = arguments.kube_version.as_deref().filter(|text| !text.is_empty()) {
        let version = kube_version::parse(text);
        capabilities.kube_version =
            version.map_err(|source| TemplateError::KubeVersion { text: text.to_owned(), source })?;
    }
    Ok(capabilities.with_api_versions(arguments.api_versions.iter().cloned()))
}

fn print(
    arguments: &Arguments,
    release: &str,
    output: &Output,
    stdout: &mut dyn Write,
) -> Result<(), TemplateError> {
    let hooks: Vec<_> =
        output.hooks.iter().filter(|hook| !(arguments.skip_tests && hook.is_test())).collect();
    let hooks = if arguments.no_hooks { Vec::new() } else { hooks };
    let mut text = match &arguments.output_dir {
        Some(folder) if !folder.as_os_str().is_empty() => {
            let written = files::write(folder, arguments, release, output, &hooks, stdout);
            written.map_err(|error| match error {
                files::WriteError::Stdout(error) => TemplateError::Stdout(error),
                error @ files::WriteError::System { .. } => TemplateError::Write(error),
            })?;
            b"\n".to_vec()
        }
        _ => render::text::all(output, arguments.include_crds, hooks),
    };
    if !arguments.show_only.is_empty() {
        let shown = show::only(&text, &arguments.show_only)?;
        text = shown.iter().flat_map(|document| [b"---\n", &document[..], b"\n"].concat()).collect();
    }
    stdout.write_all(&text).and_then(|()| stdout.flush()).map_err(TemplateError::Stdout)
}
