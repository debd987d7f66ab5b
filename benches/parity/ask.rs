//! One case turned into a verdict: both programs run, helm again where they differ.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::charts::Case;
use crate::support;
use crate::verdict::{Answer, Verdict, judge};

/// A process gets this long. The slowest public chart takes helm some seconds.
const LIMIT: Duration = Duration::from_secs(120);
/// How often a running process is looked at.
const GLANCE: Duration = Duration::from_millis(5);
/// So often is helm asked at most, to learn which of its lines change by themselves.
const RUNS_OF_HELM: usize = 8;
/// The same where ours has helm's lines in another order: of two keys in a map, Go walks one first seven times of eight.
const RUNS_FOR_ORDER: usize = 40;

/// Helm, promgit, and helm again as long as more of its own lines turn out to change.
pub fn both(case: &Case, flags: &[String]) -> Verdict {
    let home = tempfile::tempdir().expect("a temporary folder");
    let helm = || answer(command(support::helm(), home.path(), case, flags));
    let Some(first) = helm() else { return Verdict::Unanswered };
    let Some(ours) = answer(command(env!("CARGO_BIN_EXE_promgit"), home.path(), case, flags)) else {
        return Verdict::Different(format!("no answer within {} s", LIMIT.as_secs()));
    };
    let is_shuffled = ours.is_shuffled(&first);
    let most = if is_shuffled { RUNS_FOR_ORDER } else { RUNS_OF_HELM };
    let mut runs = vec![first];
    loop {
        let verdict = judge(&runs, &ours);
        let is_settled = runs.len() == most || !verdict.is_difference();
        if is_settled {
            return verdict;
        }
        let Some(again) = helm() else { return Verdict::Unanswered };
        let is_stable = runs.iter().all(|run| *run == again);
        runs.push(again);
        if is_stable && runs.len() > 2 && !is_shuffled {
            return verdict;
        }
    }
}

fn command(program: impl AsRef<std::ffi::OsStr>, home: &Path, case: &Case, flags: &[String]) -> Command {
    let mut command = support::hermetic(program, home);
    command.current_dir(home).args(["template", "parity"]).arg(&case.chart);
    if let Some(values) = &case.values {
        command.arg("-f").arg(values);
    }
    command.args(flags).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a process said; none if it did not end in time.
fn answer(mut command: Command) -> Option<Answer> {
    let mut child = command.spawn().expect("the program starts");
    let stdout = reader(child.stdout.take().expect("a pipe"));
    let stderr = reader(child.stderr.take().expect("a pipe"));
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child to wait for") {
            break Some(status);
        }
        if start.elapsed() > LIMIT {
            child.kill().expect("a child to end");
            child.wait().expect("a child to wait for");
            break None;
        }
        thread::sleep(GLANCE);
    };
    let (stdout, stderr) = (stdout.join().expect("stdout"), stderr.join().expect("stderr"));
    Some(Answer { stdout, stderr, code: status?.code() })
}

fn reader(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe to read");
        bytes
    })
}
