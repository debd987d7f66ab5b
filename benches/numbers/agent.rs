//! A running agent: its lines as they come, its memory, its end.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::bed::Bed;
use crate::delivery::ticks;
use crate::process;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Part of the account that the agent gives of its first listing.
const SETTLED: [&str; 3] = [" clusters, ", " 1 cluster, ", "no PrometheusCluster"];

/// A line and the moment it came.
type Line = (Instant, String);

/// The process; killed at the end: the repository is as durable then as before.
pub struct Agent {
    child: Child,
    commits: Receiver<Line>,
    news: Receiver<Line>,
    /// From the start of the process until the first listing was handled.
    pub ready: Duration,
}

impl Agent {
    /// Starts one and waits until it has handled what is there.
    pub fn start(bed: &Bed, folder: &Path, repository: &Path) -> Agent {
        Agent::spawn(bed.agent(folder, repository))
    }

    /// The same, of any source.
    pub fn spawn(mut command: Command) -> Agent {
        let start = Instant::now();
        command.args(["--log-level", "info"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the agent starts");
        let commits = lines(child.stdout.take().expect("a pipe"), "");
        let news = lines(child.stderr.take().expect("a pipe"), "");
        let mut agent = Agent { child, commits, news, ready: Duration::ZERO };
        agent.news_of(&SETTLED);
        agent.ready = start.elapsed();
        agent
    }

    fn news_of(&self, any: &[&str]) -> Instant {
        loop {
            let (at, line) = self.news.recv_timeout(PATIENCE).expect("a line on stderr");
            if any.iter().any(|words| line.contains(words)) {
                return at;
            }
        }
    }

    /// Waits for a line on stderr with these words.
    pub fn news(&self, words: &str) {
        self.news_of(&[words]);
    }

    /// The same; the moment it came.
    pub fn news_at(&self, words: &str) -> Instant {
        self.news_of(&[words])
    }

    /// Waits for so many commits.
    pub fn commits(&mut self, count: usize) {
        (0..count).for_each(|_| drop(self.commits.recv_timeout(PATIENCE).expect("a commit")));
    }

    /// Processor time so far.
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("the agent runs");
        ticks(&stat, 11)
    }

    /// Waits for the line of the commit with these words in its subject; the moment it came. Lines of earlier
    /// commits, which may still be on their way, are passed over.
    pub fn commit(&self, words: &str) -> Instant {
        loop {
            let (at, line) = self.commits.recv_timeout(PATIENCE).expect("a commit");
            if line.ends_with(words) {
                return at;
            }
        }
    }

    /// A line of its `/proc/<id>/status`, in KiB.
    pub fn memory(&self, key: &str) -> u64 {
        process::memory(self.child.id(), key).expect("the agent runs")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines with `words` as they arrive.
fn lines(pipe: impl Read + Send + 'static, words: &'static str) -> Receiver<Line> {
    let (sender, received) = channel();
    thread::spawn(move || {
        let lines = BufReader::new(pipe).lines().map_while(Result::ok);
        let mut wanted = lines.filter(|line| line.contains(words));
        wanted.all(|line| sender.send((Instant::now(), line)).is_ok())
    });
    received
}
