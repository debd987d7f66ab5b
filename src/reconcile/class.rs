//! The four kinds of failure, and what each one means for retry, log and the user.

use std::time::Duration;

/// What kind of thing went wrong. See DESIGN: one classification drives requeue, exit code and log level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The resource, chart or mapping is wrong: no retry until one of them changes.
    User,
    /// Someone else moved what we built on: plan again on the new base, a few times.
    Conflict,
    /// Disk, network, another process: again later, with growing pauses.
    Transient,
    /// A broken promise of our own code: this cluster only, no retry.
    Bug,
}

impl Class {
    /// How long to wait before attempt `attempt + 1`; `None`: do not try again.
    pub fn pause(self, attempt: u32) -> Option<Duration> {
        match self {
            Class::User | Class::Bug => None,
            Class::Conflict => (attempt < MOST_REPLANS).then_some(Duration::from_millis(10)),
            Class::Transient => Some(FIRST_PAUSE.saturating_mul(1 << attempt.min(9)).min(LONGEST_PAUSE)),
        }
    }
}

/// A branch that moves faster than this is fought over by two programs: that is for a person to see.
const MOST_REPLANS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_pass_is_tried_again() {
        assert_eq!(Class::User.pause(0), None);
        assert_eq!(Class::Bug.pause(0), None);
        assert_eq!(Class::Conflict.pause(MOST_REPLANS), None);
        assert_eq!(Class::Transient.pause(1), Some(Duration::from_secs(1)));
        assert_eq!(Class::Transient.pause(40), Some(LONGEST_PAUSE));
    }
}
