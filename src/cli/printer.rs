//! The news of the agent turned into lines: commits to stdout, all else to stderr.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::console::Console;
use super::exit;
use super::hint::{self, Place};
use super::operation::Format;
use super::problem::Problem;
use crate::agent::until::Until;
use crate::git::oid::Oid;
use crate::reconcile::report::Report;
use crate::source::event::{Key, Observed};

/// A first run of fewer clusters is over before a bar could be read.
const BAR_FROM: usize = 100;

/// Behind the problem of a document of which nobody can tell what clusters it held.
const KEPT: &str = "; until then nothing that this file held is deleted";

/// Prints reports, and keeps the account of the first listing.
pub struct Printer<'a> {
    console: &'a mut Console,
    place: &'a Place,
    until: Until,
    format: Format,
    first: First,
    bar: Option<ProgressBar>,
    /// Clusters whose last news was a failure, and its words: one that was tried again and committed is well.
    failing: BTreeMap<Key, String>,
    /// Clusters whose commit the remote does not have, and why.
    unpushed: BTreeMap<Key, String>,
    /// A remote could not be asked, and there is no later.
    unasked: bool,
    /// Documents that were not taken, ever.
    refused: usize,
    /// Lines of data were lost, and nobody closed the stream.
    lost: bool,
}

/// How the first listing goes.
#[derive(Default)]
struct First {
    /// None until the listing is complete; reports may come before that.
    listed: Option<BTreeMap<Key, Observed>>,
    /// Listed or absent, and nothing is known of it yet.
    waiting: BTreeSet<Key>,
    settled: BTreeSet<Key>,
    /// Branch of each cluster with a commit.
    committed: BTreeMap<Key, String>,
    failed: BTreeSet<Key>,
    /// Documents that were not taken.
    refused: usize,
    /// Commits that were made before, and pushed now.
    late: usize,
    told: bool,
}

impl<'a> Printer<'a> {
    pub fn new(console: &'a mut Console, place: &'a Place, until: Until, format: Format) -> Self {
        Printer {
            console,
            place,
            until,
            format,
            first: First::default(),
            bar: None,
            failing: BTreeMap::new(),
            unpushed: BTreeMap::new(),
            unasked: false,
            refused: 0,
            lost: false,
        }
    }

    pub fn hello(&mut self) {
        if self.until == Until::Stopped {
            let Place { source, settings, .. } = self.place;
            let more = settings.targets.len();
            let more = if more == 0 { String::new() } else { format!(" and {more} targets") };
            let repository = format!("{}{more}", settings.repository.path.display());
            self.note(format_args!("promgit: watching {source}, committing to {repository}; Ctrl-C stops"));
        }
    }

    /// Nothing that there was to do is left failed, its news could be told, and the listing was complete.
    pub fn is_well(&self) -> bool {
        self.failing.is_empty()
            && self.unpushed.is_empty()
            && !self.unasked
            && self.refused == 0
            && !self.lost
            && self.first.listed.is_some()
    }

    pub fn one(&mut self, report: Report) {
        match report {
            Report::Committed { key, branch, commit, subject, .. } => {
                self.commit(&key, &branch, commit, &subject);
                if !self.first.told {
                    self.first.committed.insert(key.clone(), branch);
                }
                self.well(key);
            }
            Report::Unchanged { key, .. } => {
                tracing::debug!(cluster = %key, "unchanged");
                self.well(key);
            }
            Report::Failed { key, origin, message, again, .. } => {
                let more = if again { " (it is tried again)" } else { "" };
                let origin = origin.filter(|origin| !origin.path.as_os_str().is_empty());
                let at = origin.map_or(String::new(), |origin| format!("{origin}: "));
                // Some messages begin with the place already, at the line of the field.
                let message = message.strip_prefix(&at).unwrap_or(&message).trim_end();
                // The same with every attempt is no news.
                if self.failing.insert(key.clone(), message.to_string()).as_deref() != Some(message) {
                    self.note(format_args!("error: {at}{key}: {message}{more}"));
                } else {
                    tracing::info!(cluster = %key, message, "failed again");
                }
                self.first.failed.insert(key.clone());
                self.settled(key);
            }
            Report::Pushed { key, branch } => {
                if self.unpushed.remove(&key).is_some() {
                    self.note(format_args!("promgit: {key}: the remote has {branch} now"));
                }
            }
            Report::Late { key, branch, commit, subject } => {
                if let Some(key) = key {
                    self.commit(&key, &branch, commit, &subject);
                }
                self.first.late += 1;
            }
            Report::NotPushed { key, message, again, .. } => {
                let more = if again { " (it is tried again)" } else { "" };
                if self.unpushed.insert(key.clone(), message.clone()).as_ref() != Some(&message) {
                    self.note(format_args!(
                        "error: {key} is committed, and not on the remote: {message}{more}"
                    ));
                }
            }
            Report::Unasked { message, again: true } => {
                tracing::info!(message, "the remote was asked in vain")
            }
            Report::Unasked { message, again: false } => {
                self.note(format_args!("error: what the remote has could not be found out: {message}"));
                self.unasked = true;
            }
            Report::Refused(refused) => {
                self.refused += 1;
                self.first.refused += 1;
                let kept = if refused.key.is_none() { KEPT } else { "" };
                let problems = Problem::of(&refused);
                problems.iter().for_each(|problem| self.note(format_args!("error: {problem}{kept}")));
            }
            Report::Listed { clusters, absent } => self.listed(clusters, absent),
            Report::Ready { key, message, outcome: _ } => {
                self.note(format_args!("promgit: {key} is up: {message}"));
                self.failing.remove(&key);
            }
            Report::NotReady { key, message, outcome: _ } => {
                self.note(format_args!("error: {key}: {message}"));
                self.failing.insert(key, message);
            }
            Report::Notice(text) => self.note(format_args!("warning: {text}")),
        }
    }

    fn commit(&mut self, key: &Key, branch: &str, commit: Oid, subject: &str) {
        match self.format {
            Format::Text => {
                let id = self.console.styled(33, commit.short());
                self.data(format_args!("{id} {branch}  {subject}"));
            }
            Format::Json => self.data(json!({
                "commit": commit.to_string(), "branch": branch, "cluster": key.to_string(), "subject": subject,
            })),
        }
    }

    fn listed(&mut self, clusters: Vec<Observed>, absent: Vec<Key>) {
        if self.first.listed.is_some() {
            return;
        }
        let listed: BTreeMap<Key, Observed> =
            clusters.into_iter().map(|observed| (observed.key.clone(), observed)).collect();
        let all = listed.keys().cloned().chain(absent);
        self.first.waiting = all.filter(|key| !self.first.settled.contains(key)).collect();
        if self.console.progress && self.first.waiting.len() >= BAR_FROM {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} clusters, {eta} left");
            let bar = ProgressBar::new(listed.len() as u64);
            bar.set_position(self.first.settled.len() as u64);
            self.bar = Some(style.map_or(bar.clone(), |style| bar.with_style(style)));
        }
        self.first.listed = Some(listed);
        self.settle();
    }

    /// The branch says what the cluster asks for, whatever went wrong before.
    fn well(&mut self, key: Key) {
        self.failing.remove(&key);
        self.first.failed.remove(&key);
        self.settled(key);
    }

    /// Something is known of the cluster.
    fn settled(&mut self, key: Key) {
        if self.first.told {
            return;
        }
        if self.first.waiting.remove(&key)
            && let Some(bar) = &self.bar
        {
            bar.inc(1);
        }
        self.first.settled.insert(key);
        self.settle();
    }

    /// When all of the first listing is handled: says so, and what to do next. A single pass says so at its end, as it waits for what is on
    /// its way to the remote.
    fn settle(&mut self) {
        if self.until == Until::Stopped {
            self.account();
        }
    }

    /// Nothing more will come.
    pub fn finish(&mut self) {
        self.finish_bar();
        self.account();
    }

    fn account(&mut self) {
        if self.first.told || !self.first.waiting.is_empty() || self.first.listed.is_none() {
            return;
        }
        self.finish_bar();
        // The account is closed; what it held is not needed any more.
        let first = std::mem::replace(&mut self.first, First { told: true, ..First::default() });
        let listed = first.listed.clone().unwrap_or_default();
        self.first.listed = Some(BTreeMap::new());
        self.note(format_args!("promgit: {}", summary(&first, &listed, self.place)));
        if self.until == Until::Stopped {
            let good = listed.values().filter(|observed| !first.failed.contains(&observed.key));
            hint::lines(self.place, good).iter().for_each(|line| self.note(line));
        }
    }

    fn finish_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn data(&mut self, text: impl fmt::Display) {
        let print = |console: &mut Console| console.data(format_args!("{text}\n"));
        let printed = match self.bar.clone() {
            Some(bar) => bar.suspend(|| print(self.console)),
            None => print(self.console),
        };
        // A closed or full stdout does not stop the agent: the commits are what counts.
        if let Err(error) = printed.map_err(|error| error.context("commits go on, their lines are lost"))
            && !self.lost
            && !exit::is_closed_pipe(&error)
        {
            self.lost = true;
            self.note(format_args!("error: {error:#}"));
        }
    }

    pub fn note(&mut self, text: impl fmt::Display) {
        match self.bar.clone() {
            Some(bar) => bar.suspend(|| self.console.note(text)),
            None => self.console.note(text),
        }
    }
}

/// `5 clusters, 3 commits, 1 unchanged, 1 failed`
fn summary(first: &First, listed: &BTreeMap<Key, Observed>, place: &Place) -> String {
    let First { committed, failed, refused, late, .. } = first;
    if listed.is_empty() && committed.is_empty() && *refused == 0 && *late == 0 {
        return match place.source.as_str() {
            "cluster" => "no PrometheusCluster on the API server; apply one and it is committed".into(),
            folder => format!("no PrometheusCluster in {folder}; save one there and it is committed"),
        };
    }
    let unchanged = listed.keys().filter(|key| !committed.contains_key(*key) && !failed.contains(*key));
    let unchanged = unchanged.count();
    let mut parts = vec![count(listed.len(), "cluster")];
    match (committed.len(), failed.len()) {
        (0, 0) => parts.push("nothing to commit".into()),
        (commits, _) => {
            let rest = [(unchanged, "unchanged"), (failed.len(), "failed")];
            let rest = rest.into_iter().filter(|(number, _)| *number > 0);
            parts.push(count(commits, "commit"));
            parts.extend(rest.map(|(number, word)| format!("{number} {word}")));
        }
    }
    if *late > 0 {
        parts.push(count(*late, "earlier commit") + " pushed");
    }
    if *refused > 0 {
        parts.push(count(*refused, "document") + " refused");
    }
    parts.join(", ")
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::conditions::Reason;
    use crate::reconcile::class::Class;
    use crate::reconcile::queue::Work;
    use crate::settings::Settings;
    use crate::source::event::Deleted;
    use jiff::Timestamp;

    fn is_well(reports: impl IntoIterator<Item = Report>) -> bool {
        let place = Place {
            program: "promgit".into(),
            config: None,
            source: "dir:x".into(),
            settings: Settings::default(),
        };
        let (out, err) = (Box::new(std::io::sink()), Box::new(std::io::sink()));
        let mut console = Console { out, err, terminal: false, colour: false, progress: false };
        let mut printer = Printer::new(&mut console, &place, Until::Done, Format::Text);
        reports.into_iter().for_each(|report| printer.one(report));
        printer.is_well()
    }

    #[test]
    fn what_failed_and_then_succeeded_is_well() {
        let key = |name: &str| Key { namespace: "n".into(), name: name.into() };
        let work = |name: &str| Work::Delete(Deleted::gone(key(name), Timestamp::UNIX_EPOCH));
        let failed = |name: &str| Report::Failed {
            key: key(name),
            origin: None,
            class: Class::Transient,
            reason: Reason::CommitFailed,
            work: work(name),
            message: "the disk is full".into(),
            again: true,
        };
        let unchanged = |name: &str| Report::Unchanged {
            key: key(name),
            branch: "b".into(),
            work: work(name),
            secrets: Default::default(),
            is_held: false,
            pushed: false,
        };
        let listed = || Report::Listed { clusters: Vec::new(), absent: vec![key("a"), key("b")] };
        assert!(is_well([listed(), failed("a"), unchanged("b"), unchanged("a")]));
        assert!(!is_well([listed(), failed("a"), unchanged("b")]));
        assert!(!is_well([listed(), unchanged("a"), failed("b"), failed("a"), unchanged("b")]));
        assert!(!is_well([unchanged("a"), unchanged("b")]), "no listing");
    }
}
