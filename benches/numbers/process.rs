//! A process run to its end: how long it took, how much memory it had, what it printed.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What became of a process.
pub struct Ended {
    pub took: Duration,
    /// The most that was resident, in KiB; read every few milliseconds.
    pub most: u64,
    pub stdout: String,
}

/// Runs a command that must succeed.
pub fn run(command: &mut Command) -> Ended {
    let start = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().expect("the program starts");
    let id = child.id();
    let stderr = reader(child.stderr.take().expect("a pipe"));
    let stdout = reader(child.stdout.take().expect("a pipe"));
    let (ended, wait) = channel::<()>();
    let watch = thread::spawn(move || {
        let mut most = 0;
        while wait.recv_timeout(Duration::from_millis(5)) == Err(RecvTimeoutError::Timeout) {
            most = most.max(memory(id, "VmHWM").unwrap_or(0));
        }
        most
    });
    let status = wait_for(&mut child);
    let took = start.elapsed();
    drop(ended);
    let (stdout, stderr) = (stdout.join().expect("stdout"), stderr.join().expect("stderr"));
    assert!(status, "{command:?}: {stderr}");
    Ended { took, most: watch.join().expect("the watcher"), stdout }
}

fn wait_for(child: &mut Child) -> bool {
    child.wait().expect("the process ends").success()
}

fn reader(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).expect("UTF-8");
        text
    })
}

/// A line of `/proc/<id>/status` in KiB, such as `VmRSS`; `None` once the process has ended.
pub fn memory(id: u32, key: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// KiB in MiB.
pub fn mebibytes(kibibytes: u64) -> String {
    format!("{:.1} MiB", kibibytes as f64 / 1024.0)
}
