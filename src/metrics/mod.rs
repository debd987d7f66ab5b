//! What happens in the agent turned into counters, gauges and histograms. Knows no HTTP and no cluster's name.
//!
//! Names follow <https://prometheus.io/docs/practices/naming/>; every series exists from the start, at 0, so that `rate()`
//! sees the first event.

pub mod labels;
mod text;

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

use labels::{Answer, Drifted, EventType, Outcome, PushOutcome, State, Verb, Watched};
use labels::{Build, ByAnswer, ByDrift, ByKind, ByOutcome, ByPush, ByRequest, ByState, ByType};

/// A commit takes some fsyncs, tens of milliseconds; minutes mean a disk that is in trouble.
const COMMIT_SECONDS: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
/// A push to a server nearby takes tens of milliseconds; `remote.timeout` is at most an hour.
const PUSH_SECONDS: &[f64] = &[0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];
/// A Prometheus is up in seconds, or replays its write-ahead log for minutes; `delivery.timeout` is at most a day.
const READY_SECONDS: &[f64] =
    &[0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1800.0, 3600.0];

/// A flush is some fsyncs: milliseconds; seconds on a disk that is busy.
const FLUSH_SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// One commit when idle; `reconcile::writer` takes 512 plans at most into one.
const FLUSH_COMMITS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// Everything that is counted. Shared; every method takes microseconds and never fails.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    reconciles: Family<ByOutcome, Counter>,
    commits: Counter,
    commit_seconds: Histogram,
    flush_seconds: Histogram,
    flush_commits: Histogram,
    flushed: Counter,
    packs: Gauge,
    pack_bytes: Gauge,
    ready_seconds: Histogram,
    push_seconds: Histogram,
    pushes: Family<ByPush, Counter>,
    unpushed: Gauge,
    queue: Gauge,
    clusters: Family<ByState, Gauge>,
    requests: Family<ByRequest, Counter>,
    restarts: Family<ByKind, Counter>,
    status_writes: Family<ByAnswer, Counter>,
    events: Family<ByType, Counter>,
    drifts: Family<ByDrift, Counter>,
}

impl Metrics {
    /// All at 0. `version`: of this program.
    pub fn new(version: &'static str) -> Self {
        let mut registry = Registry::with_prefix("promgit");
        let of = &mut registry;
        let reconciles = add(of, "reconciles", "Passes over a cluster, by how they ended", Family::default());
        let commits = add(of, "commits", "Durable commits", Counter::default());
        let help = "Time from a change seen to its commit durable";
        let commit_seconds = timed(of, "commit", help, COMMIT_SECONDS);
        let flush_seconds =
            timed(of, "flush", "Time that commits written together took to be durable", FLUSH_SECONDS);
        let help = "Commits written together";
        let flush_commits = add(of, "flush_commits", help, Histogram::new(FLUSH_COMMITS.iter().copied()));
        let flushed = Counter::default();
        of.register_with_unit(
            "flush",
            "Bytes of packs that commits were written into",
            Unit::Bytes,
            flushed.clone(),
        );
        let packs = add(of, "packs", "Packs that the repository keeps its objects in", Gauge::default());
        let pack_bytes = Gauge::default();
        of.register_with_unit(
            "pack",
            "Bytes of these packs and their indexes",
            Unit::Bytes,
            pack_bytes.clone(),
        );
        let help = "Time from a commit durable to what it describes ready";
        let ready_seconds = timed(of, "ready", help, READY_SECONDS);
        let push_seconds = timed(of, "push", "Time that a push took, of all its branches", PUSH_SECONDS);
        let help = "Branches of pushes, by what became of them";
        let pushes = add(of, "pushed_branches", help, Family::default());
        let help = "Branches that the remote does not have as they are here";
        let unpushed = add(of, "unpushed_branches", help, Gauge::default());
        let queue = add(of, "queue_length", "Clusters that wait for a worker", Gauge::default());
        let clusters = add(of, "clusters", "Clusters, by where they stand", Family::default());
        let help = "Requests to the API server for what clusters are made of, watches apart";
        let requests = add(of, "api_requests", help, Family::default());
        let help = "Watches that were started again after they broke";
        let restarts = add(of, "watch_restarts", help, Family::default());
        let help = "Writes of a PrometheusCluster's status";
        let status_writes = add(of, "status_writes", help, Family::default());
        let events = add(of, "events", "Events told to the API server", Family::default());
        let help = "Changes in the cluster that did not come from git, by what became of them";
        let drifts = add(of, "drifts", help, Family::default());
        of.register("build", "The program that runs", Info::new(Build { version }));
        let metrics = Metrics {
            registry,
            reconciles,
            commits,
            commit_seconds,
            flush_seconds,
            flush_commits,
            flushed,
            packs,
            pack_bytes,
            ready_seconds,
            push_seconds,
            pushes,
            unpushed,
            queue,
            clusters,
            requests,
            restarts,
            status_writes,
            events,
            drifts,
        };
        metrics.begin();
        metrics
    }

    /// Makes every series that there can be.
    fn begin(&self) {
        for &outcome in Outcome::ALL {
            drop(self.reconciles.get_or_create(&ByOutcome { outcome }));
        }
        for &outcome in Drifted::ALL {
            drop(self.drifts.get_or_create(&ByDrift { outcome }));
        }
        for &state in State::ALL {
            drop(self.clusters.get_or_create(&ByState { state }));
        }
        for &outcome in Answer::ALL {
            drop(self.status_writes.get_or_create(&ByAnswer { outcome }));
            for &verb in Verb::ALL {
                drop(self.requests.get_or_create(&ByRequest { verb, outcome }));
            }
        }
        for &outcome in PushOutcome::ALL {
            drop(self.pushes.get_or_create(&ByPush { outcome }));
        }
        for &kind in Watched::ALL {
            drop(self.restarts.get_or_create(&ByKind { kind }));
        }
        for &r#type in EventType::ALL {
            drop(self.events.get_or_create(&ByType { r#type }));
        }
    }

    /// A pass over a cluster ended.
    pub fn reconciled(&self, outcome: Outcome) {
        self.reconciles.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// A commit is durable, this long after the change that it tells was seen.
    pub fn committed(&self, after: Duration) {
        self.commits.inc();
        self.commit_seconds.observe(after.as_secs_f64());
    }

    /// So many commits were made durable together, in a pack of this size.
    pub fn flushed(&self, commits: usize, bytes: u64, took: Duration) {
        self.flush_seconds.observe(took.as_secs_f64());
        self.flush_commits.observe(f64::from(u32::try_from(commits).unwrap_or(u32::MAX)));
        self.flushed.inc_by(bytes);
    }

    /// A repository kept its objects in so many packs of so many bytes, and does so now.
    pub fn kept(&self, before: (usize, u64), now: (usize, u64)) {
        let difference = |before: u64, now: u64| i64::try_from(i128::from(now) - i128::from(before));
        self.packs.inc_by(difference(before.0 as u64, now.0 as u64).unwrap_or(0));
        self.pack_bytes.inc_by(difference(before.1, now.1).unwrap_or(0));
    }

    /// What a commit describes is ready, this long after the commit.
    pub fn became_ready(&self, after: Duration) {
        self.ready_seconds.observe(after.as_secs_f64());
    }

    /// A push ended, well or not, after so long.
    pub fn pushed(&self, after: Duration) {
        self.push_seconds.observe(after.as_secs_f64());
    }

    /// What became of one branch of a push.
    pub fn branch_pushed(&self, outcome: PushOutcome) {
        self.pushes.get_or_create(&ByPush { outcome }).inc();
    }

    /// So many branches wait for a remote, instead of so many before.
    pub fn unpushed(&self, now: usize, before: usize) {
        self.unpushed.inc_by(i64::try_from(now).unwrap_or(0) - i64::try_from(before).unwrap_or(0));
    }

    /// So many clusters wait for a worker.
    pub fn queued(&self, clusters: usize) {
        self.queue.set(i64::try_from(clusters).unwrap_or(i64::MAX));
    }

    /// A cluster went from one state to another; `None`: it was not known before, or is gone.
    pub fn moved(&self, from: Option<State>, to: Option<State>) {
        if let Some(state) = from {
            self.clusters.get_or_create(&ByState { state }).dec();
        }
        if let Some(state) = to {
            self.clusters.get_or_create(&ByState { state }).inc();
        }
    }

    /// The API server was asked for something, and answered or not.
    pub fn requested(&self, verb: Verb, outcome: Answer) {
        self.requests.get_or_create(&ByRequest { verb, outcome }).inc();
    }

    /// A watch broke and is started again.
    pub fn watch_restarted(&self, kind: Watched) {
        self.restarts.get_or_create(&ByKind { kind }).inc();
    }

    /// A status was written, or could not be.
    pub fn status_written(&self, outcome: Answer) {
        self.status_writes.get_or_create(&ByAnswer { outcome }).inc();
    }

    /// An Event was told.
    pub fn event_told(&self, r#type: EventType) {
        self.events.get_or_create(&ByType { r#type }).inc();
    }

    /// Something was changed in the cluster that did not come from git.
    pub fn drifted(&self, outcome: Drifted) {
        self.drifts.get_or_create(&ByDrift { outcome }).inc();
    }

    /// All of it in the OpenMetrics text format, version 1.0.0.
    pub fn openmetrics(&self) -> String {
        let mut text = String::new();
        // Fails only where the writer does, and a String does not.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// All of it in the Prometheus text format, version 0.0.4.
    pub fn prometheus(&self) -> String {
        text::classic(&self.openmetrics())
    }
}

fn add<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

fn timed(registry: &mut Registry, name: &str, help: &str, buckets: &[f64]) -> Histogram {
    let histogram = Histogram::new(buckets.iter().copied());
    registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_is_counted_once() {
        let metrics = Metrics::new("1.2.3");
        metrics.reconciled(Outcome::Committed);
        metrics.committed(Duration::from_millis(30));
        metrics.flushed(3, 5000, Duration::from_millis(4));
        metrics.kept((0, 0), (8, 10_000));
        metrics.kept((8, 10_000), (7, 9000));
        metrics.became_ready(Duration::from_secs(4));
        metrics.pushed(Duration::from_millis(30));
        metrics.branch_pushed(PushOutcome::Rejected);
        metrics.unpushed(3, 0);
        metrics.unpushed(2, 3);
        metrics.queued(7);
        metrics.moved(None, Some(State::Progressing));
        metrics.moved(None, Some(State::Progressing));
        metrics.moved(Some(State::Progressing), Some(State::Ready));
        metrics.requested(Verb::Apply, Answer::Conflict);
        metrics.watch_restarted(Watched::Clusters);
        metrics.status_written(Answer::Ok);
        metrics.event_told(EventType::Warning);
        let text = metrics.openmetrics();
        let expected = [
            "promgit_reconciles_total{outcome=\"committed\"} 1",
            "promgit_reconciles_total{outcome=\"failed\"} 0",
            "promgit_commits_total 1",
            "promgit_commit_seconds_count 1",
            "promgit_commit_seconds_bucket{le=\"0.025\"} 0",
            "promgit_commit_seconds_bucket{le=\"0.05\"} 1",
            "promgit_flush_seconds_bucket{le=\"0.0025\"} 0",
            "promgit_flush_seconds_bucket{le=\"0.005\"} 1",
            "promgit_flush_commits_sum 3.0",
            "promgit_flush_bytes_total 5000",
            "promgit_packs 7",
            "promgit_pack_bytes 9000",
            "promgit_ready_seconds_sum 4.0",
            "promgit_push_seconds_bucket{le=\"0.05\"} 1",
            "promgit_pushed_branches_total{outcome=\"rejected\"} 1",
            "promgit_unpushed_branches 2",
            "promgit_queue_length 7",
            "promgit_clusters{state=\"progressing\"} 1",
            "promgit_clusters{state=\"ready\"} 1",
            "promgit_api_requests_total{verb=\"apply\",outcome=\"conflict\"} 1",
            "promgit_watch_restarts_total{kind=\"prometheusclusters\"} 1",
            "promgit_status_writes_total{outcome=\"ok\"} 1",
            "promgit_events_total{type=\"Warning\"} 1",
            "promgit_build_info{version=\"1.2.3\"} 1",
        ];
        for line in expected {
            assert!(text.lines().any(|is| is == line), "{line} is not in\n{text}");
        }
    }
}
