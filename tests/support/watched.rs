//! A process and the most memory that it had at a time.
#![allow(dead_code, clippy::unwrap_used)] // a test that cannot start may panic

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// The most that may be resident, in KiB.
pub const MAX_MEMORY: u64 = 256 << 10;

/// How a process ended.
pub struct Ended {
    pub code: Option<i32>,
    pub error: String,
    /// The most that was resident, in KiB.
    pub most: u64,
}

/// Runs it to its end. What it prints is thrown away.
pub fn watched(mut command: Command) -> Ended {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let error = thread::spawn(move || {
        let mut text = Vec::new();
        stderr.read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    });
    let most = watch(&mut child);
    let code = child.wait().unwrap().code();
    Ended { code, error: error.join().unwrap(), most }
}

/// Reads the high-water mark until the process has ended.
fn watch(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(number.unwrap_or(0));
        thread::sleep(Duration::from_millis(1));
    }
    most
}
