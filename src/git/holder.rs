//! Turns the lock file of a repository into the right to write there, or into who has it.
#![allow(clippy::disallowed_methods)] // opens the repository's lock file, and waits for a process that is ending

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::durable::IoError;
use super::skeleton::LOCK_FILE;

/// Who held the lock may be ending just now: a process that was told to stop, or one that was forked from it and has not
/// begun its own program yet.
const FAREWELL: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(10);
/// Bytes of the lock file that are read: a process, and the name of a host, which has 64 at most.
const MAX_TEXT: u64 = 256;
/// Where Linux tells the name of the host; in a pod it is the pod's.
const HOST: &str = "/proc/sys/kernel/hostname";

/// The process that holds a repository, as far as its lock file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder(Option<String>);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(who) => f.write_str(who),
            None => f.write_str("another process"),
        }
    }
}

/// What came of asking for the lock.
pub enum Taken {
    /// Held as long as the file is open.
    Ours(File),
    Theirs(Holder),
}

/// Takes the lock of the repository at `root`, and writes into it who has it.
pub fn take(root: &Path) -> Result<Taken, IoError> {
    let path = root.join(LOCK_FILE);
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = file.map_err(IoError::at("open", &path))?;
    let until = Instant::now() + FAREWELL;
    loop {
        match file.try_lock() {
            Ok(()) => {
                sign(&mut file);
                return Ok(Taken::Ours(file));
            }
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Ok(Taken::Theirs(read(&mut file))),
            Err(TryLockError::Error(error)) => return Err(IoError::at("lock", &path)(error)),
        }
    }
}

/// For the message of who comes second; a disk without room for it is no reason not to start.
fn sign(file: &mut File) {
    let host = std::fs::read_to_string(HOST).unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { String::new() } else { format!(" on {host}") };
    let who = format!("process {}{host}\n", std::process::id());
    let _ = file.set_len(0).and_then(|()| file.write_all(who.as_bytes()));
}

fn read(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.take(MAX_TEXT).read_to_string(&mut text);
    let line = text.lines().next().unwrap_or_default();
    let is_plain = line.starts_with("process ") && !line.contains(char::is_control);
    Holder((read.is_ok() && is_plain).then(|| line.to_owned()))
}
