//! Log lines on stderr, in the form that the settings ask for.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::settings::{Log, LogFormat};

/// A `log.level` that is no filter.
#[derive(Debug, thiserror::Error)]
#[error("log.level {level:?} is not a level or filter ({source}); write error, warn, info, debug or trace")]
pub struct TelemetryError {
    level: String,
    source: ParseError,
}

/// Starts logging for the process. A second call changes nothing.
pub fn start(log: &Log) -> Result<(), TelemetryError> {
    let filter = EnvFilter::builder().parse(&log.level);
    let filter = filter.map_err(|source| TelemetryError { level: log.level.clone(), source })?;
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
