//! A hook that did not do what it was for turned into sentences: for the resource, and for a commit.

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;

use crate::cluster::apply::ApplyError;
use crate::render::hook::Event;

/// How it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Ended,
    /// It had this much time.
    Late(Duration),
    /// Somebody deleted it while it ran.
    Deleted,
    /// By the API server, for what it says.
    Refused,
    /// A Secret whose values are kept nowhere.
    Withheld,
}

/// A hook that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub event: Event,
    /// `Job/migrate`
    pub title: String,
    pub what: What,
    /// What its pod or itself says; behind a colon may stand what a pod logged.
    pub reason: Option<String>,
}

impl Failure {
    /// In words that may be kept in a commit: nothing that a pod logged.
    pub fn outline(&self) -> String {
        let reason = self.reason.as_ref().and_then(|reason| reason.split(": ").next()).map(str::to_owned);
        Failure { reason, ..self.clone() }.to_string()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { event, title, what, reason } = self;
        write!(f, "{event} hook {title} ")?;
        match what {
            What::Ended => f.write_str("failed")?,
            What::Late(limit) => {
                let limit = SignedDuration::try_from(*limit).unwrap_or(SignedDuration::MAX);
                write!(f, "did not end within {limit:#}")?;
            }
            What::Deleted => f.write_str("was deleted while it ran")?,
            What::Refused => f.write_str("was refused")?,
            What::Withheld => f.write_str("holds values that are kept nowhere")?,
        }
        match reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

/// Why the hooks of a stage did not all run.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    #[error("{0}")]
    Failed(Failure),
    /// The API server did not take it, or could not be asked.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pod_logged_is_in_no_commit() {
        let failure = |what, reason: Option<&str>| Failure {
            event: Event::PreUpgrade,
            title: "Job/a".into(),
            what,
            reason: reason.map(str::to_owned),
        };
        let ended = failure(What::Ended, Some("pod a-x exited with 1: password is hunter2"));
        assert_eq!(
            ended.to_string(),
            "pre-upgrade hook Job/a failed: pod a-x exited with 1: password is hunter2"
        );
        assert_eq!(ended.outline(), "pre-upgrade hook Job/a failed: pod a-x exited with 1");
        let late = failure(What::Late(Duration::from_secs(180)), None);
        assert_eq!(late.outline(), "pre-upgrade hook Job/a did not end within 3m");
    }
}
