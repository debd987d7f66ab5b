//! Log lines on stderr, in the form that the settings ask for.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::settings::{Log, LogFormat};

/// Words that are levels; any other word alone would be a filter for a module of that name, and silent.
const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];

/// A `log.level` that is no filter.
#[derive(Debug, thiserror::Error)]
#[error(
    "log.level {level:?}: {reason}; write error, warn, info, debug or trace, or a filter such as promgit::source=debug"
)]
pub struct TelemetryError {
    level: String,
    reason: String,
}

/// Checks the settings without starting anything.
pub fn check(log: &Log) -> Result<(), TelemetryError> {
    filter(&log.level).map(drop)
}

/// Starts logging for the process. A second call changes nothing.
pub fn start(log: &Log) -> Result<(), TelemetryError> {
    let filter = filter(&log.level)?;
    let colour = std::io::stderr().is_terminal();
    let base =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    // An error means that a subscriber is set already (tests): that one stays.
    let _ = match log.format {
        LogFormat::Text => base.with_target(false).try_init(),
        LogFormat::Json => base.json().try_init(),
    };
    Ok(())
}

fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    let failed = |reason: String| TelemetryError { level: level.to_string(), reason };
    let parts = level.split(',').map(str::trim);
    let mut unknown = parts.filter(|part| !part.contains(['=', '[']) && !is_level(part));
    if let Some(word) = unknown.next() {
        return Err(failed(format!("{word:?} is no level")));
    }
    EnvFilter::builder().parse(quiet(level)).map_err(|error: ParseError| failed(error.to_string()))
}

/// What the libraries below us complain of is told in our own words, with the way out: they are heard only where someone
/// looks for mistakes.
fn quiet(level: &str) -> String {
    let asks = |word: &&str| {
        let word = word.trim().to_ascii_lowercase();
        ["debug", "trace"].contains(&word.as_str()) || word.contains("kube")
    };
    match level.split(',').any(|word| asks(&word)) {
        true => level.to_string(),
        false => format!("{level},kube_client=off,kube_runtime=off"),
    }
}

fn is_level(word: &str) -> bool {
    LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_known_word_or_a_filter() {
        for good in ["warn", "DEBUG", "off", "warn,promgit::source=debug", "promgit=trace"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for bad in ["", "loud", "warn,loud", "promgit=loud"] {
            let text = filter(bad).map(drop).unwrap_err().to_string();
            assert!(text.contains("; write error, warn"), "{bad}: {text}");
        }
    }
}
