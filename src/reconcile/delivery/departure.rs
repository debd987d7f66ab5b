//! Deleted objects turned into gone ones: waited for, told while it lasts, and named at the end with the data that stays.
#![allow(clippy::disallowed_methods)] // how long it takes

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::actor::Actor;
use super::phase::Phase;
use super::settled::Settled;
use super::shared::Shared;
use crate::api::conditions::Reason;
use crate::cluster::call::CallError;
use crate::cluster::claims::{self, Claim};
use crate::cluster::leaving;
use crate::cluster::object::Object;

/// The first look at what is left, and the longest pause between two.
const LOOKS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// What takes longer than this is told.
const QUIET: Duration = Duration::from_secs(2);

/// Names that one sentence holds.
const MOST_NAMES: usize = 10;

/// What became of a cluster that was taken down.
pub struct Departure {
    pub deleted: usize,
    pub left: Vec<String>,
    /// None if nobody could look.
    pub claims: Option<Vec<Claim>>,
    /// What had not gone when the time was over.
    pub still: Vec<String>,
    pub limit: Duration,
}

impl Departure {
    /// `Deleted 7 objects; kept the data: data-simple-0`
    pub fn note(&self) -> String {
        let Departure { deleted, left, claims, still, limit } = self;
        let mut note = format!("Deleted {deleted} {}", if *deleted == 1 { "object" } else { "objects" });
        if !left.is_empty() {
            note += &format!(", and left {}", names(left));
        }
        match claims {
            None => note += "; what the volumes hold is kept as the spec says",
            Some(claims) => {
                for (goes, words) in [(false, "kept"), (true, "deleted")] {
                    let of = claims.iter().filter(|claim| claim.goes == goes);
                    let of: Vec<String> = of.map(|claim| claim.name.clone()).collect();
                    if !of.is_empty() {
                        note += &format!("; {words} the data: {}", names(&of));
                    }
                }
            }
        }
        if !still.is_empty() {
            let seconds = limit.as_secs();
            note += &format!("; not gone after {seconds} s, and not waited for any longer: {}", names(still));
        }
        note
    }
}

/// At most so many that a person reads them.
fn names(all: &[String]) -> String {
    let (shown, rest) = all.split_at(all.len().min(MOST_NAMES));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    shown.join(", ") + &more
}

/// The claims of the StatefulSets among the objects; none if nobody may look.
pub async fn claims(shared: &Shared, namespace: &str, objects: &[Object]) -> Option<Vec<Claim>> {
    let mut all = Vec::new();
    for object in objects.iter().filter(|object| object.kind == "StatefulSet") {
        all.extend(claims::of(&shared.client, namespace, &object.json).await.ok()?);
    }
    Some(all)
}

impl Actor {
    /// Waits until what was deleted has gone, with its pods, for as long as a change may take; returns what has not. All of it is
    /// on its way, so it goes whether somebody waits or not.
    pub(super) async fn depart(
        &mut self,
        settled: &Settled,
        objects: &[Object],
        mut going: Vec<Object>,
    ) -> Vec<String> {
        let (began, limit) = (Instant::now(), self.limit(settled));
        let mut workloads: Vec<&Object> = objects.iter().collect();
        let mut pause = LOOKS.0;
        loop {
            let still = self.still_there(&mut going, &mut workloads).await;
            if still.is_empty() || began.elapsed() >= limit {
                return still;
            }
            // a failed install is removed, and its resource stays
            if began.elapsed() >= QUIET && settled.is_terminating() {
                let message = format!("being deleted: {} not gone yet", names(&still));
                let phase = Phase::Terminating { reason: Reason::Progressing, message };
                self.publish(settled, &phase, None).await;
            }
            sleep(pause.min(limit.saturating_sub(began.elapsed()))).await;
            pause = (2 * pause).min(LOOKS.1);
        }
    }

    /// Leaves of both lists what is still there, and names it.
    async fn still_there(&self, going: &mut Vec<Object>, workloads: &mut Vec<&Object>) -> Vec<String> {
        let applier = self.applier();
        let mut still = Vec::new();
        let mut left = Vec::new();
        for object in going.drain(..) {
            if is_there(applier.is_going(&object).await) {
                still.push(object.title());
                left.push(object);
            }
        }
        *going = left;
        let mut left = Vec::new();
        for object in workloads.drain(..) {
            let pods = leaving::pods(&self.shared.client, &self.key.namespace, object).await;
            match pods {
                Ok(pods) if pods.is_empty() => continue,
                Ok(pods) => still.extend(pods.into_iter().map(|pod| format!("Pod/{pod}"))),
                Err(error) if error.is_final() => continue,
                Err(_) => still.push(format!("the pods of {}", object.title())),
            }
            left.push(object);
        }
        *workloads = left;
        still
    }
}

/// What nobody may look at is not waited for; what could not be asked may be there.
fn is_there(asked: Result<bool, CallError>) -> bool {
    asked.unwrap_or_else(|error| !error.is_final())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_names_the_data() {
        let claim = |name: &str, goes| Claim { name: name.into(), goes };
        let of = |claims, still: &[&str]| {
            let (still, limit) =
                (still.iter().map(|name| name.to_string()).collect(), Duration::from_secs(180));
            Departure { deleted: 2, left: Vec::new(), claims, still, limit }.note()
        };
        let table = [
            (Some(vec![]), "Deleted 2 objects"),
            (None, "Deleted 2 objects; what the volumes hold is kept as the spec says"),
            (
                Some(vec![claim("a-0", false), claim("a-1", true), claim("a-2", false)]),
                "Deleted 2 objects; kept the data: a-0, a-2; deleted the data: a-1",
            ),
        ];
        for (claims, expected) in table {
            assert_eq!(of(claims, &[]), expected);
        }
        let expected = "Deleted 2 objects; not gone after 180 s, and not waited for any longer: Pod/a-0";
        assert_eq!(of(Some(vec![]), &["Pod/a-0"]), expected);
        let many: Vec<Claim> = (0..12).map(|number| claim(&format!("c{number}"), false)).collect();
        assert!(of(Some(many), &[]).ends_with("c9 and 2 more"));
    }
}
