//! What the numbers were measured on, in a few lines.

use std::fs;
use std::process::Command;

use crate::support;

/// Processor, memory, load and versions.
pub fn facts() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = first("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let memory = first("/proc/meminfo", "MemTotal").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{cores} cores of {model}, {memory} of memory, Linux {}, load {load} at the start (0 is a quiet machine)\n{}, helm {}\n",
        kernel.trim(),
        version(Command::new("git").arg("--version")),
        version(Command::new(support::helm()).args(["version", "--short"])),
    )
}

/// The text behind `key` and a colon.
fn first(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

fn version(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}
