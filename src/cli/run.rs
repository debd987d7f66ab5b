//! `promgit run`: the agent, with a line for every commit.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;

use super::console::Console;
use super::exit::Exit;
use super::hint::Place;
use super::operation::{Format, SettingsArguments};
use super::printer::Printer;
use crate::agent::Agent;
use crate::agent::until::Until;
use crate::settings::Settings;
use crate::settings::address::Address;
use crate::settings::load::Flags;
use crate::telemetry;

/// Watch resources, render them, commit the manifests
///
/// Prints a line for every commit. Runs until it is told to stop (SIGTERM, Ctrl-C), then finishes what it
/// began; a second signal ends it at once. The folder source needs no cluster and no settings file.
///
/// Settings: the file, then PROMGIT_* variables (PROMGIT_REPOSITORY_PATH sets repository.path), then the
/// flags; the last wins.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  promgit run --source dir:examples --repo deploy.git
  promgit run --source dir:examples --once
  promgit run --source dir:examples --repo deploy.git --remote ssh://git@example.com/deploy.git
  promgit run --source cluster --context staging --listen 127.0.0.1:8080
  promgit run --config promgit.yaml --check")]
pub struct Arguments {
    /// Where resources come from: cluster, a Kubernetes cluster, or dir:PATH, a folder of YAML and JSON files
    /// [default: dir:examples]
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// How to reach the cluster [default: the service account in a pod, else what kubectl uses]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    context: Option<String>,
    /// The bare repository to commit to; made on first use [default: deploy.git]
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// The git server to push branches to: https://…, ssh://…, user@host:path or /path [default: none]
    #[arg(long, value_name = "URL")]
    remote: Option<String>,
    /// Handle what is there, then exit (1 if any cluster failed)
    #[arg(long)]
    once: bool,
    /// Check the settings and what they name, print those in effect, and exit; writes nothing but the cache of charts
    #[arg(long)]
    check: bool,
    /// json prints one object a commit, a line each (--check: one object)
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    /// Serve /livez, /readyz and /metrics there, such as 127.0.0.1:8080 [default: no server]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<Address>,
    /// error, warn, info, debug, trace, or a filter (promgit::source=debug) [default: warn]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// How long what does not end by itself may hold the process at its end.
const PATIENCE: Duration = Duration::from_millis(100);

/// Threads for what waits for the disk: each has a stack and a part of the heap to itself, and the disk is one.
const BLOCKING: usize = 16;

/// The same number on all platforms that Rust and git share but MIPS.
const SIGXFSZ: i32 = 25;

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let Arguments {
        source,
        kubeconfig,
        context,
        repo,
        remote,
        once,
        check,
        output,
        listen,
        log_level,
        settings: from,
    } = arguments;
    let flags = Flags {
        source,
        kubeconfig,
        context,
        repository: repo,
        remote,
        listen,
        log_level,
        ..Flags::default()
    };
    let settings = from.load(flags)?;
    if check {
        telemetry::check(&settings.log)?;
        Agent::check(&settings)?;
        console.data(match output {
            Format::Text => serde_yaml::to_string(&settings)?,
            Format::Json => serde_json::to_string_pretty(&settings)? + "\n",
        })?;
        return Ok(Exit::Done);
    }
    telemetry::start(&settings.log)?;
    let until = if once { Until::Done } else { Until::Stopped };
    let place = place(&settings, from.config.config.as_deref())?;
    let agent = Agent::open(settings)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(1).max_blocking_threads(BLOCKING).enable_all();
    let runtime = runtime.build().context("the runtime cannot be started")?;
    let mut printer = Printer::new(console, &place, until, output);
    let result = runtime.block_on(follow(agent, until, &mut printer));
    runtime.shutdown_timeout(PATIENCE);
    result
}

fn place(settings: &Settings, config: Option<&Path>) -> anyhow::Result<Place> {
    Ok(Place {
        program: std::env::args().next().unwrap_or_else(|| "promgit".into()),
        config: config.map(Path::to_path_buf),
        source: settings.source.from.clone(),
        settings: settings.clone(),
    })
}

/// Runs the agent, prints its news and hears signals until all of it has ended: the first signal drains, the
/// second leaves what is not finished to the next start.
async fn follow(agent: Agent, until: Until, printer: &mut Printer<'_>) -> anyhow::Result<Exit> {
    let (sender, mut reports) = unbounded_channel();
    let mut signals = Signals::listen()?;
    // Caught, it turns a file that grows beyond `ulimit -f` into an error that is reported and tried again.
    let _too_large = signal(SignalKind::from_raw(SIGXFSZ)).context("signals cannot be heard")?;
    let (stop, abort) = (Notify::new(), Notify::new());
    let mut running = pin!(agent.run(until, sender, stop.notified(), abort.notified()));
    let (mut heard, mut open, mut ended) = (0, true, None);
    printer.hello();
    while heard < 2 && (open || ended.is_none()) {
        tokio::select! {
            () = signals.next() => {
                heard += 1;
                if heard == 1 {
                    printer.note("promgit: finishing what was begun; a second signal ends it at once");
                    stop.notify_one();
                }
            }
            report = reports.recv(), if open => match report {
                Some(report) => printer.one(report),
                None => open = false,
            },
            result = &mut running, if ended.is_none() => ended = Some(result),
        }
    }
    if heard >= 2 {
        abort.notify_one();
        if ended.is_none() {
            let _ = tokio::time::timeout(PATIENCE, &mut running).await;
        }
        while let Ok(report) = reports.try_recv() {
            printer.one(report);
        }
        printer.finish();
        printer.note("promgit: ended at once; what is not committed is committed by the next start");
        return Ok(Exit::Failed);
    }
    printer.finish();
    ended.unwrap_or(Ok(()))?;
    Ok(if until == Until::Done && !printer.is_well() { Exit::Failed } else { Exit::Done })
}

/// SIGTERM and SIGINT, which mean the same.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be heard");
        Ok(Signals {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! { _ = self.terminate.recv() => {}, _ = self.interrupt.recv() => {} }
    }
}
