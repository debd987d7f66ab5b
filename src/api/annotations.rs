//! The annotations of a PrometheusCluster that mean something to promgit.

use std::collections::BTreeMap;

/// Any new value asks for a reconcile now and resets the count of retries. The value itself is not read; a time in
/// RFC 3339 is customary.
pub const RECONCILE_AT: &str = "promgit.dev/reconcile-at";

/// Any new value gives the release new random values (passwords, certificates) and a new time, where its chart draws some.
pub const REFRESH_LOCK: &str = "promgit.dev/refresh-lock";

/// Any new value runs the chart's test hooks once all is up, as `helm test` does; the condition `Tested` says what became of them.
pub const TEST_AT: &str = "promgit.dev/test-at";

/// `true`: the hooks of the chart are not run, as with `helm --no-hooks`.
pub const SKIP_HOOKS: &str = "promgit.dev/skip-hooks";

/// Why the change was made, in the words of whoever made it; goes into the commit message. Kubernetes' own key, so
/// `kubectl annotate` and `kubectl rollout history` know it.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// Who asked for the change; becomes the author of the commit. Only worth something where an admission policy stamps
/// it, because whoever may edit the resource may edit the annotation too.
pub const REQUESTED_BY: &str = "promgit.dev/requested-by";

/// Says that the `spec` of a generation was taken over from somebody's helm: written by promgit ([`taken_over`]), for the commit.
pub const TAKEN_OVER: &str = "promgit.dev/taken-over";

/// The text of [`TAKEN_OVER`]: it says nothing of any later generation.
pub fn taken_over(generation: i64, revision: u32) -> String {
    format!("generation {generation} from revision {revision} of the Helm release")
}

/// The revision that a generation was taken over from, if it was.
pub fn revision_taken_over(annotations: &BTreeMap<String, String>, generation: i64) -> Option<u32> {
    let text = annotations.get(TAKEN_OVER)?;
    let revision = text.split_whitespace().nth(4)?.parse().ok()?;
    (*text == taken_over(generation, revision)).then_some(revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_generation_was_not_taken_over() {
        let all = BTreeMap::from([(TAKEN_OVER.to_owned(), taken_over(7, 3))]);
        assert_eq!(revision_taken_over(&all, 7), Some(3));
        assert_eq!(revision_taken_over(&all, 8), None);
        for text in ["", "generation 7", "generation 7 from revision x of the Helm release"] {
            let all = BTreeMap::from([(TAKEN_OVER.to_owned(), text.to_owned())]);
            assert_eq!(revision_taken_over(&all, 7), None, "{text}");
        }
    }
}
