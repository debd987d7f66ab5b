//! `promgit run`: the agent, with a line for every commit.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::console::Console;
use super::exit::Exit;
use super::operation::SettingsArguments;
use crate::agent::{Agent, Until};
use crate::reconcile::report::Report;
use crate::settings::Settings;
use crate::settings::load::Flags;
use crate::telemetry;

/// Watch resources, render them, commit the manifests
///
/// Runs until it is told to stop (SIGTERM, Ctrl-C), then finishes what it began; a second signal ends it at
/// once. The folder source needs no cluster and no settings file.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where resources come from: dir:PATH
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// The bare repository to commit to; made on first use
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// Handle what is there, then exit (1 if any cluster failed)
    #[arg(long)]
    once: bool,
    /// Print the settings in effect, and exit
    #[arg(long)]
    check: bool,
    /// error, warn, info, debug, trace, or a filter
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// A first run of fewer clusters is over before a bar could be read.
const BAR_FROM: usize = 100;

/// The same number on all platforms that Rust and git share but MIPS.
const SIGXFSZ: i32 = 25;

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let Arguments { source, repo, once, check, log_level, settings } = arguments;
    let settings = settings.load(Flags { source, repository: repo, log_level, ..Flags::default() })?;
    let agent = Agent::open(settings.clone());
    if check {
        agent?;
        console.data(serde_yaml::to_string(&settings)?)?;
        return Ok(Exit::Done);
    }
    telemetry::start(&settings.log)?;
    let agent = agent?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.context("the runtime cannot be started")?;
    let until = if once { Until::Done } else { Until::Stopped };
    let result = runtime.block_on(follow(agent, until, &settings, console));
    // A source that waits for its folder must not hold the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

async fn follow(
    agent: Agent,
    until: Until,
    settings: &Settings,
    console: &mut Console,
) -> anyhow::Result<Exit> {
    let (sender, reports) = unbounded_channel();
    let mut terminate = signal(SignalKind::terminate()).context("signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals")?;
    // Caught, it turns a file that grows beyond `ulimit -f` into an error that is reported and tried again.
    let _too_large = signal(SignalKind::from_raw(SIGXFSZ)).context("signals")?;
    let (first, second) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
    let signals = async {
        for told in [&first, &second] {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            told.notify_one();
        }
        std::future::pending::<()>().await
    };
    let mut printer = Printer { console, settings, until, waiting: 0, bar: None, failed: 0 };
    let work = async {
        tokio::join!(agent.run(until, sender, first.notified(), second.notified()), printer.print(reports))
    };
    let (result, ()) = tokio::select! {
        ended = work => ended,
        () = signals => (Ok(()), ()),
    };
    result?;
    let failed = until == Until::Done && printer.failed > 0;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// Turns reports into lines: commits to stdout, all else to stderr.
struct Printer<'a> {
    console: &'a mut Console,
    settings: &'a Settings,
    until: Until,
    /// Clusters of the first listing that are not settled yet.
    waiting: usize,
    bar: Option<ProgressBar>,
    failed: usize,
}

impl Printer<'_> {
    async fn print(&mut self, mut reports: UnboundedReceiver<Report>) {
        self.hello();
        while let Some(report) = reports.recv().await {
            self.one(report);
        }
        self.finish_bar();
    }

    fn hello(&mut self) {
        if self.until == Until::Stopped {
            let (from, to) = (&self.settings.source.from, self.settings.repository.path.display());
            self.console.note(format_args!("promgit: watching {from}, committing to {to}; Ctrl-C stops"));
        }
    }

    fn one(&mut self, report: Report) {
        match report {
            Report::Committed { branch, commit, subject, .. } => {
                self.settled();
                let id = self.console.styled(33, commit.short());
                self.line(format_args!("{id} {branch}  {subject}"));
            }
            Report::Unchanged { key } => {
                tracing::debug!(cluster = %key, "unchanged");
                self.settled();
            }
            Report::Failed { key, message, again, .. } => {
                self.failed += 1;
                self.settled();
                let more = if again { " (it is tried again)" } else { "" };
                self.error(format_args!("{key}: {message}{more}"));
            }
            Report::Refused(refused) => {
                self.failed += 1;
                refused.lines().for_each(|line| self.error(format_args!("{line}")));
            }
            Report::Listed { clusters } => self.listed(clusters),
            Report::Notice(text) => self.error(format_args!("{text}")),
        }
    }

    fn listed(&mut self, clusters: usize) {
        self.waiting += clusters;
        if self.console.progress && clusters >= BAR_FROM {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} clusters, {eta} left");
            let bar = ProgressBar::new(clusters as u64);
            self.bar = Some(style.map_or(bar.clone(), |style| bar.with_style(style)));
        }
        if clusters == 0 {
            self.settle();
        }
    }

    /// One of the first listing is handled.
    fn settled(&mut self) {
        if self.waiting > 0 {
            self.waiting -= 1;
            if let Some(bar) = &self.bar {
                bar.inc(1);
            }
            if self.waiting == 0 {
                self.settle();
            }
        }
    }

    /// All of the first listing is handled.
    fn settle(&mut self) {
        self.finish_bar();
        tracing::info!("the first listing is handled");
    }

    fn finish_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        let bar = self.bar.clone();
        // A closed stdout does not stop the agent: the commits are what counts.
        let print = || {
            let _ = self.console.data(format_args!("{text}\n"));
        };
        match bar {
            Some(bar) => bar.suspend(print),
            None => {
                let mut print = print;
                print()
            }
        }
    }

    fn error(&mut self, text: std::fmt::Arguments<'_>) {
        match self.bar.clone() {
            Some(bar) => bar.suspend(|| self.console.note(format_args!("error: {text}"))),
            None => self.console.note(format_args!("error: {text}")),
        }
    }
}
