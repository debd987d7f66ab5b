//! A running agent: its lines as they come, its memory, its end.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::bed::Bed;
use crate::process;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
const SETTLED: &str = "the first listing is handled";

/// The process; killed at the end: the repository is as durable then as before.
pub struct Agent {
    child: Child,
    commits: Receiver<Instant>,
    /// From the start of the process until the first listing was handled.
    pub ready: Duration,
}

impl Agent {
    /// Starts one and waits until it has handled what is there.
    pub fn start(bed: &Bed, folder: &Path, repository: &Path) -> Agent {
        let start = Instant::now();
        let mut command = bed.agent(folder, repository);
        command.args(["--log-level", "info"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the agent starts");
        let commits = moments(child.stdout.take().expect("a pipe"), "");
        let settled = moments(child.stderr.take().expect("a pipe"), SETTLED);
        settled.recv_timeout(PATIENCE).expect("the first listing is handled");
        let ready = start.elapsed();
        while commits.try_recv().is_ok() {}
        Agent { child, commits, ready }
    }

    /// Waits for the line of the next commit; the moment it came.
    pub fn commit(&self) -> Instant {
        self.commits.recv_timeout(PATIENCE).expect("a commit")
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

/// The moments at which lines with `words` arrived.
fn moments(pipe: impl Read + Send + 'static, words: &'static str) -> Receiver<Instant> {
    let (sender, moments) = channel();
    thread::spawn(move || {
        let lines = BufReader::new(pipe).lines().map_while(Result::ok);
        lines.filter(|line| line.contains(words)).map(|_| Instant::now()).all(|at| sender.send(at).is_ok())
    });
    moments
}
