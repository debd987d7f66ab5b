//! The newest revision of a release turned into whether somebody's own helm was at it. Pure: the time comes in as an argument.

use jiff::{SignedDuration, Timestamp};

use crate::api::status::Release;
use crate::cluster::revisions::{Newest, Sight};
use crate::release::history::patience_left;
use crate::release::status::Status;

/// What somebody's helm did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    Nothing,
    /// It is at it: nothing is to be done until it is through, or for so long at most.
    AtWork(SignedDuration),
    /// `helm rollback`, `upgrade` or `uninstall --keep-history`.
    Changed(Newest),
    /// `helm uninstall`, or somebody deleted the record.
    Gone,
}

/// `ours`: the newest revision that promgit wrote. `passed`: the newest that the watch has shown.
pub fn foreign(ours: Option<&Release>, sight: Option<Sight>, passed: u32, now: Timestamp) -> Foreign {
    let settled = ours.filter(|ours| {
        let status: Status = ours.status.parse().unwrap_or_default();
        matches!(status, Status::Deployed | Status::Failed)
    });
    let (Some(ours), Some(sight)) = (settled, sight) else { return Foreign::Nothing };
    let Ok(own) = u32::try_from(ours.revision) else { return Foreign::Nothing };
    match sight {
        Sight::Newest(newest) if newest.revision > own && newest.is_ours => Foreign::Nothing,
        Sight::Newest(newest) if newest.revision >= own => done(newest, own, now),
        Sight::Newest(_) | Sight::Nothing if passed >= own => Foreign::Gone,
        Sight::Newest(_) | Sight::Nothing => Foreign::Nothing,
    }
}

fn done(newest: Newest, own: u32, now: Timestamp) -> Foreign {
    let Newest { revision, status, is_ours, written } = newest;
    let is_foreign = revision > own && !is_ours;
    if status == Status::Uninstalling || is_foreign && status.is_pending() {
        let left = written.map_or(SignedDuration::ZERO, |at| patience_left(at, now));
        return if left > SignedDuration::ZERO { Foreign::AtWork(left) } else { Foreign::Changed(newest) };
    }
    if is_foreign || status == Status::Uninstalled { Foreign::Changed(newest) } else { Foreign::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::history::PATIENCE;

    fn newest(revision: u32, status: Status, is_ours: bool) -> Newest {
        Newest { revision, status, is_ours, written: Some(Timestamp::UNIX_EPOCH) }
    }

    #[test]
    fn what_somebodys_helm_did_is_told_from_what_promgit_did() {
        let ours = |status: &str| Release { name: "a".into(), revision: 2, status: status.into() };
        let now = Timestamp::from_second(60).unwrap();
        let seen = |revision, status, is_ours| Some(Sight::Newest(newest(revision, status, is_ours)));
        let left = PATIENCE - SignedDuration::from_secs(60);
        use Foreign::{AtWork, Changed, Gone, Nothing};
        for (what, sight, passed, expected) in [
            ("not listed yet", None, 0, Nothing),
            ("as it was", seen(2, Status::Deployed, true), 2, Nothing),
            ("our newer one", seen(3, Status::PendingUpgrade, true), 3, Nothing),
            ("not told of ours yet", seen(1, Status::Deployed, true), 1, Nothing),
            ("not told of ours yet, the first", Some(Sight::Nothing), 0, Nothing),
            ("taken over from helm, and not told of ours yet", seen(1, Status::Deployed, false), 1, Nothing),
            ("helm rollback, under way", seen(3, Status::PendingRollback, false), 3, AtWork(left)),
            (
                "helm rollback",
                seen(3, Status::Deployed, false),
                3,
                Changed(newest(3, Status::Deployed, false)),
            ),
            (
                "helm upgrade failed",
                seen(3, Status::Failed, false),
                3,
                Changed(newest(3, Status::Failed, false)),
            ),
            ("helm uninstall, under way", seen(2, Status::Uninstalling, true), 2, AtWork(left)),
            (
                "helm uninstall --keep-history",
                seen(2, Status::Uninstalled, true),
                2,
                Changed(newest(2, Status::Uninstalled, true)),
            ),
            ("helm uninstall", Some(Sight::Nothing), 2, Gone),
            ("the newest record deleted", seen(1, Status::Superseded, true), 2, Gone),
        ] {
            assert_eq!(foreign(Some(&ours("deployed")), sight, passed, now), expected, "{what}");
        }
        let rollback = seen(3, Status::PendingRollback, false);
        let later = Timestamp::UNIX_EPOCH + PATIENCE;
        assert!(
            matches!(foreign(Some(&ours("deployed")), rollback, 3, later), Changed(_)),
            "left behind by a crash"
        );
        for ours in [None, Some(&ours("pending-upgrade"))] {
            assert_eq!(foreign(ours, seen(3, Status::Deployed, false), 3, now), Nothing, "{ours:?}");
        }
    }
}
