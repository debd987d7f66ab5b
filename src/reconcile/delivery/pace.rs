//! When something may be told or asked again: users are told of every turn at once, and not of every step. Pure: the
//! time comes in as an argument.

use std::mem::discriminant;
use std::time::{Duration, Instant};

use super::phase::{Applied, Phase};
use super::watch::Watch;

/// A cluster that was ready and is not any more is told only if it stays so: a pod that moves is no news.
const BELIEVE: Duration = Duration::from_secs(2);

/// Words of progress are told at most this often; a phase at once.
const CHATTER: Duration = Duration::from_secs(5);
/// The same for a cluster that is late, which may be so for days.
const GRUMBLE: Duration = Duration::from_secs(60);

/// After this long without becoming ready, pods are asked why; then again, each time after twice as long.
const EXPLAIN: Duration = Duration::from_secs(5);
/// While another tool applies, objects without a watch are compared after this long, then likewise.
const COMPARE: Duration = Duration::from_secs(5);
/// Hundreds of clusters that never come up must not keep the API server busy.
const LONGEST: Duration = Duration::from_secs(120);

/// Changes of live objects make it compare at once, but not more often.
const COMPARED_JUST_NOW: Duration = Duration::from_secs(1);

/// Without a change and without anything due.
const FAR: Duration = Duration::from_secs(3_600);
/// Whatever is due: the loop never turns faster than this.
const LEAST: Duration = Duration::from_millis(50);

/// When something may be told or asked again.
pub struct Pace {
    /// What the pods said when they were asked last.
    pub reason: Option<String>,
    explain: Turn,
    compare: Turn,
    told: Option<(Instant, Phase)>,
    /// Since when a cluster that was ready is not, while it is not told.
    doubted: Option<Instant>,
    /// Something was not told because it was too early.
    held_back: Option<Instant>,
}

/// Something that is done again and again, less and less often.
struct Turn {
    last: Option<Instant>,
    next: Instant,
    pause: Duration,
}

impl Turn {
    fn done(&mut self, now: Instant) {
        self.last = Some(now);
        self.next = now + self.pause;
        self.pause = (self.pause * 2).min(LONGEST);
    }
}

impl Pace {
    pub fn new(now: Instant) -> Self {
        Pace {
            reason: None,
            explain: Turn { last: None, next: now + EXPLAIN, pause: EXPLAIN },
            compare: Turn { last: None, next: now, pause: COMPARE },
            told: None,
            doubted: None,
            held_back: None,
        }
    }

    /// Whether to compare now; `is_woken`: something changed.
    pub fn compares(&mut self, is_woken: bool, now: Instant) -> bool {
        let just_now = self.compare.last.is_some_and(|at| now < at + COMPARED_JUST_NOW);
        let due = now >= self.compare.next || is_woken && !just_now;
        if due {
            self.compare.done(now);
        } else if let Some(at) = self.compare.last.filter(|_| is_woken) {
            // What changed too soon after the last comparison is still owed one.
            self.compare.next = self.compare.next.min(at + COMPARED_JUST_NOW);
        }
        due
    }

    /// Whether to ask the pods now. What is late is told with a reason from the start.
    pub fn explains(&mut self, is_late: bool, now: Instant) -> bool {
        let due = now >= self.explain.next || is_late && self.explain.last.is_none();
        if due {
            self.explain.done(now);
        }
        due
    }

    /// All is well: whatever comes next is a new story.
    pub fn calm(&mut self, now: Instant) {
        self.reason = None;
        self.explain = Turn { last: None, next: now + EXPLAIN, pause: EXPLAIN };
        self.doubted = None;
    }

    /// Whether users may be told of the phase. `was_ready`: the status says that this commit is up.
    pub fn may_tell(&mut self, phase: &Phase, was_ready: bool, now: Instant) -> bool {
        let from = match (phase, &self.told) {
            (Phase::Ready { .. }, _) => now,
            _ if was_ready => *self.doubted.get_or_insert(now) + BELIEVE,
            (Phase::Late { .. }, Some((at, told))) if is_same(told, phase) => *at + GRUMBLE,
            (_, Some((at, told))) if is_same(told, phase) => *at + CHATTER,
            _ => now,
        };
        self.held_back = (from > now).then_some(from);
        self.held_back.is_none()
    }

    /// Users were told, or know it already.
    pub fn told(&mut self, phase: &Phase, now: Instant) {
        if self.told.as_ref().is_none_or(|(_, told)| told != phase) {
            self.told = Some((now, phase.clone()));
        }
        self.doubted = None;
    }

    /// The next moment at which something may have to be done without a change.
    pub fn due(&self, watch: &Watch<'_>, phase: &Phase, now: Instant) -> Instant {
        let is_open = !matches!(phase, Phase::Ready { .. } | Phase::RolledBack { .. });
        let ask = match (&watch.applied, is_open) {
            (_, false) => None,
            (Applied::NotYet(_), true) => Some(self.compare.next),
            (Applied::ByUs | Applied::ByOthers, true) => Some(self.explain.next),
        };
        let follow = watch.awaited.iter().any(|awaited| awaited.trouble.is_some()).then(|| now + EXPLAIN);
        // What is known already is not to be told later.
        let held_back = self.held_back.filter(|_| self.told.as_ref().is_none_or(|(_, told)| told != phase));
        let retry = watch.undone.as_ref().and_then(|(_, again)| *again).filter(|_| !is_open);
        let moments = [retry, held_back, watch.wait.ends(now).filter(|_| is_open), ask, follow];
        moments.into_iter().flatten().min().unwrap_or(now + FAR).max(now + LEAST)
    }
}

fn is_same(one: &Phase, other: &Phase) -> bool {
    discriminant(one) == discriminant(other)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // some moment has to be the first
mod tests {
    use std::sync::Arc;

    use super::super::phase::Described;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn phases(words: &str) -> [Phase; 3] {
        let release = Arc::new(Described {
            branch: "b".into(),
            commit: "c".repeat(40),
            short: "c".repeat(10),
            chart: "x-1".into(),
        });
        let (applied, message) = (Applied::ByUs, words.to_string());
        [
            Phase::Ready { release: release.clone(), applied: applied.clone(), message: message.clone() },
            Phase::Progressing {
                release: release.clone(),
                applied: applied.clone(),
                message: message.clone(),
            },
            Phase::Late { release, applied, message },
        ]
    }

    #[test]
    fn a_pod_that_moves_is_no_news() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let [ready, progressing, late] = phases("words");
        for phase in [&progressing, &late] {
            assert!(!pace.may_tell(phase, true, start + SECOND));
            assert!(!pace.may_tell(phase, true, start + 2 * SECOND));
            assert!(pace.may_tell(phase, true, start + 3 * SECOND));
            assert!(pace.may_tell(&ready, true, start + 3 * SECOND));
            pace.calm(start + 3 * SECOND);
        }
    }

    #[test]
    fn words_are_told_now_and_then_and_turns_at_once() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let [[ready, first, late], [_, second, later]] = [phases("one"), phases("two")];
        assert!(pace.may_tell(&first, false, start));
        pace.told(&first, start);
        assert!(!pace.may_tell(&second, false, start + SECOND));
        assert!(pace.may_tell(&late, false, start + SECOND) && pace.may_tell(&ready, false, start + SECOND));
        assert!(pace.may_tell(&second, false, start + CHATTER));
        pace.told(&late, start + CHATTER);
        assert!(!pace.may_tell(&later, false, start + 2 * CHATTER));
        assert!(pace.may_tell(&later, false, start + CHATTER + GRUMBLE));
    }

    #[test]
    fn what_does_not_come_up_is_asked_less_and_less_often() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let asked = (0..3_600).filter(|second| pace.explains(false, start + *second * SECOND)).count();
        assert!((30..40).contains(&asked), "{asked} times in an hour");
        let mut pace = Pace::new(start);
        assert!(pace.explains(true, start) && !pace.explains(true, start + SECOND));
    }

    #[test]
    fn a_change_makes_it_compare_but_not_all_the_time() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(pace.compares(false, start) && !pace.compares(true, start));
        assert!(pace.compares(false, start + SECOND), "the change is owed a comparison");
        assert!(!pace.compares(false, start + 3 * SECOND) && pace.compares(true, start + 3 * SECOND));
    }
}
