//! The four kinds of failure, and what each one means for retry, log and the user.

use std::any::Any;
use std::time::Duration;

/// What kind of thing went wrong. See DESIGN: one classification drives requeue, exit code and log level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The resource, chart or mapping is wrong: no retry until one of them changes.
    User,
    /// Someone else's work is in the way: plan again on what is there now, a few times at once, then slowly.
    Conflict,
    /// Disk, network, another process: again later, with growing pauses.
    Transient,
    /// A broken promise of our own code: this cluster only, no retry.
    Bug,
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// At once.
    Now,
    After(Duration),
    Never,
}

impl Class {
    /// When attempt `attempt + 1` is to be made. A conflict that new looks do not solve is a state of the
    /// repository that a person has to end: it is tried again slowly, so that the agent sees when it is over.
    pub fn next(self, attempt: u32) -> Retry {
        match self {
            Class::User | Class::Bug => Retry::Never,
            Class::Conflict if attempt < MOST_REPLANS => Retry::Now,
            Class::Conflict | Class::Transient => {
                Retry::After(FIRST_PAUSE.saturating_mul(1 << attempt.min(9)).min(LONGEST_PAUSE))
            }
        }
    }
}

/// A branch that moves faster than this is fought over by two programs.
const MOST_REPLANS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// What a panic said, for the message of a [`Class::Bug`].
pub fn panic_words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_pass_is_tried_again() {
        assert_eq!(Class::User.next(0), Retry::Never);
        assert_eq!(Class::Bug.next(0), Retry::Never);
        assert_eq!(Class::Conflict.next(0), Retry::Now);
        assert_eq!(Class::Conflict.next(MOST_REPLANS), Retry::After(Duration::from_secs(16)));
        assert_eq!(Class::Transient.next(1), Retry::After(Duration::from_secs(1)));
        assert_eq!(Class::Transient.next(40), Retry::After(LONGEST_PAUSE));
    }
}
