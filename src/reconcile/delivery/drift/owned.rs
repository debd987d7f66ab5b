//! What a watch shows of an object turned into whether somebody has to look at it. Pure.

use std::time::Instant;

use super::contest::Contest;
use super::said::Said;
use crate::cluster::live::{Sight, Target};
use crate::cluster::mark::{Mark, digest};

/// An object that a commit brought.
#[derive(Clone, Debug)]
pub struct Owned {
    pub target: Target,
    /// Its file, below the folder of the cluster.
    pub file: String,
    pub contest: Contest,
    /// What was put back last.
    corrected: String,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Nobody has looked yet.
    Unknown,
    /// It was what the commit says, at this mark. `is_seen`: the watch has shown it since.
    Right { mark: Mark, is_seen: bool },
    /// It is not.
    Wrong(Box<Wrong>),
    /// It may go by itself, and went.
    Done,
}

/// How an object is not what the commit says.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// What the watch showed when it was looked at.
    pub at: Glimpse,
    pub what: Fault,
    /// With its path and both values: `ConfigMap/a: data.x is "1" in the cluster and "2" in the manifest`.
    pub words: String,
    /// The one who did it.
    pub by: Option<String>,
    /// Why it cannot be put back, and when that is tried again.
    pub refused: Option<(Instant, Said)>,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Differs,
    Absent,
    /// It is on its way out: what comes after it has to wait.
    Going,
}

/// What a watch shows of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glimpse {
    Unknown,
    Absent,
    Seen(Mark),
}

/// Enough to tell the objects of one cluster apart.
pub fn id(target: &Target) -> u64 {
    digest(&(&target.of.api_version, target.kind(), target.namespace(), target.name()))
}

impl Wrong {
    /// `ConfigMap/a: data.x is … (by kubectl-edit)`
    pub fn sentence(&self) -> String {
        match &self.by {
            Some(by) => format!("{} (by {by})", self.words),
            None => self.words.clone(),
        }
    }
}

impl From<Sight> for Glimpse {
    fn from(sight: Sight) -> Self {
        match sight {
            Sight::Unknown(_) => Glimpse::Unknown,
            Sight::Absent => Glimpse::Absent,
            Sight::Seen(seen) => Glimpse::Seen(seen.version.mark),
        }
    }
}

impl Owned {
    /// `mark`: as the API server answered when it was applied; none where an agent before this one did.
    pub fn new(target: Target, file: String, mark: Option<Mark>) -> Self {
        let state = mark.map_or(State::Unknown, |mark| State::Right { mark, is_seen: false });
        Owned { target, file, contest: Contest::default(), corrected: String::new(), state }
    }

    /// Whether it has to be looked at. `is_settled`: the watch has had time to show what was applied last.
    pub fn is_due(&mut self, glimpse: Glimpse, is_settled: bool) -> bool {
        match (&mut self.state, glimpse) {
            (_, Glimpse::Unknown) | (State::Done, _) => false,
            (State::Unknown, _) => true,
            (State::Right { is_seen, .. }, Glimpse::Absent) => *is_seen || is_settled,
            (State::Right { mark: right, .. }, Glimpse::Seen(mark)) if mark.revision < right.revision => {
                false
            }
            (State::Right { mark: right, is_seen }, Glimpse::Seen(mark)) => {
                *is_seen = true;
                // of what promgit has no field of, only the rest can tell
                right.owned != mark.owned || mark.owned == 0 && right.state != mark.state
            }
            (State::Wrong(wrong), glimpse) => match (wrong.at, glimpse) {
                (Glimpse::Seen(then), Glimpse::Seen(now)) => {
                    (then.owned, then.state) != (now.owned, now.state) && then.revision <= now.revision
                }
                (then, now) => then != now,
            },
        }
    }

    /// It is what the commit says.
    pub fn accept(&mut self, mark: Mark) {
        self.state = State::Right { mark, is_seen: false };
    }

    /// It is not.
    pub fn reject(&mut self, wrong: Wrong) {
        self.state = State::Wrong(Box::new(wrong));
    }

    /// It cannot be put back: it is tried again then, or when it changes.
    pub fn refuse(&mut self, again: Instant, said: Said) {
        if let State::Wrong(wrong) = &mut self.state {
            wrong.refused = Some((again, said));
        }
    }

    /// Nobody expects it to be there any more.
    pub fn finish(&mut self) {
        self.state = State::Done;
    }

    /// It was put back.
    pub fn correct(&mut self, mark: Mark, words: &str, now: Instant) {
        self.contest.corrected(now);
        words.clone_into(&mut self.corrected);
        self.accept(mark);
    }

    /// What was put back last.
    pub fn corrected(&self) -> &str {
        &self.corrected
    }

    /// The watch has not shown what was applied.
    pub fn is_unseen(&self) -> bool {
        matches!(self.state, State::Right { is_seen: false, .. })
    }

    pub fn wrong(&self) -> Option<&Wrong> {
        match &self.state {
            State::Wrong(wrong) => Some(wrong),
            State::Unknown | State::Right { .. } | State::Done => None,
        }
    }

    /// It, by the digest of its name, and its mark, where it is what the commit says.
    pub fn known(&self) -> Option<(u64, Mark)> {
        match &self.state {
            State::Right { mark, .. } => Some((id(&self.target), *mark)),
            State::Unknown | State::Wrong(_) | State::Done => None,
        }
    }

    /// What promgit owns of it, where it is what the commit says; none as well where that is nothing, which tells nobody anything.
    pub fn fields(&self) -> Option<u64> {
        match &self.state {
            State::Right { mark, .. } => Some(mark.owned).filter(|owned| *owned != 0),
            State::Unknown | State::Wrong(_) | State::Done => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::kinds::Kind;

    fn mark(revision: u64, owned: u64, state: u64) -> Mark {
        Mark { revision, owned, state }
    }

    fn seen(revision: u64, owned: u64, state: u64) -> Glimpse {
        Glimpse::Seen(mark(revision, owned, state))
    }

    fn owned(mark: Option<Mark>) -> Owned {
        let kind = Kind { api_version: "v1".into(), kind: "ConfigMap".into() };
        Owned::new(Target::new(kind.into(), "n", "a".into()), "f".into(), mark)
    }

    fn wrong(at: Glimpse) -> Owned {
        let mut found = owned(None);
        found.reject(Wrong { at, what: Fault::Differs, words: String::new(), by: None, refused: None });
        found
    }

    #[test]
    fn only_what_may_have_changed_is_looked_at() {
        let right = || owned(Some(mark(5, 1, 1)));
        for (what, mut object, glimpse, expected) in [
            ("nothing is known of it", owned(None), Glimpse::Unknown, false),
            ("an agent before this one applied it", owned(None), seen(5, 1, 1), true),
            ("an agent before this one applied it, and it is gone", owned(None), Glimpse::Absent, true),
            ("what was applied", right(), seen(5, 1, 1), false),
            ("somebody's status, or fields that are not ours", right(), seen(6, 1, 2), false),
            ("a field of ours", right(), seen(6, 2, 2), true),
            (
                "what is not ours any more, though it is right",
                owned(Some(mark(5, 0, 1))),
                seen(6, 0, 1),
                false,
            ),
            ("the same, changed", owned(Some(mark(5, 0, 1))), seen(6, 0, 2), true),
            ("what was there before the apply", right(), seen(4, 9, 9), false),
            ("not told yet", right(), Glimpse::Absent, false),
            ("wrong as it was", wrong(seen(6, 2, 2)), seen(6, 2, 2), false),
            ("wrong, and a status", wrong(seen(6, 2, 2)), seen(7, 2, 2), false),
            ("wrong in another way", wrong(seen(6, 2, 2)), seen(7, 2, 3), true),
            ("gone as it was", wrong(Glimpse::Absent), Glimpse::Absent, false),
            ("there again", wrong(Glimpse::Absent), seen(7, 2, 3), true),
            ("gone now", wrong(seen(6, 2, 2)), Glimpse::Absent, true),
        ] {
            assert_eq!(object.is_due(glimpse, false), expected, "{what}");
        }
    }

    #[test]
    fn what_was_shown_once_and_is_not_any_more_is_gone() {
        let mut object = owned(Some(mark(5, 1, 1)));
        assert!(!object.is_due(Glimpse::Absent, false));
        assert!(object.is_due(Glimpse::Absent, true), "deleted before the watch told of it");
        assert!(!object.is_due(seen(5, 1, 1), false));
        assert!(object.is_due(Glimpse::Absent, false));
        object.finish();
        assert!(!object.is_due(Glimpse::Absent, true));
    }
}
