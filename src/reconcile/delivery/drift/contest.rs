//! Corrections of one object turned into when the next one may be made: at once, unless somebody changes it again and again. Pure: the
//! time comes in as an argument.

use std::time::{Duration, Instant};

/// So many corrections are made at once: a person tries something twice, a controller goes on.
const FREE: u32 = 3;
/// The pause after that; each is twice the one before.
const FIRST: Duration = Duration::from_secs(5);
/// A controller that fights for days costs some requests an hour.
const LONGEST: Duration = Duration::from_secs(300);
/// It has come to rest when nothing was to be corrected for the pause and so much more.
const REST: Duration = Duration::from_secs(60);

/// The corrections of one object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Contest {
    times: u32,
    last: Option<Instant>,
}

impl Contest {
    /// When it may be corrected.
    pub fn next(&self, now: Instant) -> Instant {
        match self.last {
            Some(last) if !self.is_over(now) => last + pause(self.times),
            _ => now,
        }
    }

    /// It was corrected.
    pub fn corrected(&mut self, now: Instant) {
        if self.is_over(now) {
            self.times = 0;
        }
        (self.times, self.last) = (self.times.saturating_add(1), Some(now));
    }

    /// Until when it counts as contested; none if it is not.
    pub fn until(&self, now: Instant) -> Option<Instant> {
        let end = self.end().filter(|_| self.times >= FREE)?;
        (end > now).then_some(end)
    }

    fn is_over(&self, now: Instant) -> bool {
        self.end().is_none_or(|end| end <= now)
    }

    fn end(&self) -> Option<Instant> {
        self.last.map(|last| last + pause(self.times) + REST)
    }
}

fn pause(times: u32) -> Duration {
    match times.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(more) => FIRST.saturating_mul(1 << more.min(16)).min(LONGEST),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // some moment has to be the first
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_fight_is_fought_less_and_less_often() {
        let mut now = Instant::now();
        let mut contest = Contest::default();
        let mut pauses = Vec::new();
        for _ in 0..12 {
            let next = contest.next(now);
            pauses.push((next - now).as_secs());
            now = next;
            contest.corrected(now);
        }
        assert_eq!(pauses, [0, 0, 0, 5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert!(contest.until(now + 359 * SECOND).is_some() && contest.until(now + 360 * SECOND).is_none());
        assert_eq!(contest.next(now + 360 * SECOND), now + 360 * SECOND, "a new story");
    }

    #[test]
    fn what_happens_now_and_then_is_no_fight() {
        let mut now = Instant::now();
        let mut contest = Contest::default();
        for _ in 0..10 {
            assert_eq!((contest.next(now), contest.until(now)), (now, None));
            contest.corrected(now);
            now += 61 * SECOND;
        }
    }
}
