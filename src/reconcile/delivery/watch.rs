//! What is waited for on behalf of one commit, and how far it is. Pure but for the clock.
#![allow(clippy::disallowed_methods)] // how long it takes

use std::time::{Duration, Instant};

use jiff::SignedDuration;

use super::phase::{Applied, Described, Phase};
use super::progress::{Awaited, Progress, Standing};
use super::settled::Settled;

/// What is waited for on behalf of one commit.
pub struct Watch<'a> {
    pub settled: &'a Settled,
    pub described: Described,
    pub awaited: Vec<Awaited>,
    pub applied: Applied,
    pub is_external: bool,
    pub began: Instant,
    pub limit: Duration,
}

impl Watch<'_> {
    /// How far it is. `reason`: what the pods say.
    pub fn phase(&self, progress: &Progress, reason: Option<&str>) -> Phase {
        let (release, applied) = (self.described.clone(), self.applied.clone());
        let is_late = self.began.elapsed() >= self.limit;
        let full = |message: &String| match reason {
            Some(reason) => format!("{message}: {reason}"),
            None => message.clone(),
        };
        if let Applied::NotYet(why) = &self.applied {
            let message = why.clone();
            return match is_late {
                true => Phase::Late { message: late(self.limit, &message), release, applied },
                false => Phase::Progressing { message, release, applied },
            };
        }
        match &progress.standing {
            Standing::Up { message } => Phase::Ready { release, applied, message: message.clone() },
            Standing::Broken { message, .. } => Phase::Late { release, applied, message: full(message) },
            Standing::OnItsWay { message, .. } if is_late => {
                Phase::Late { release, applied, message: late(self.limit, &full(message)) }
            }
            Standing::OnItsWay { message, .. } => {
                Phase::Progressing { release, applied, message: full(message) }
            }
        }
    }
}

fn late(limit: Duration, message: &str) -> String {
    let limit = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
    format!("not ready within {limit:#}: {message}")
}
