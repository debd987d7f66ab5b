//! What can be seen of a release's live objects turned into: up, on its way, or not coming. Pure.

use crate::cluster::apply::Version;
use crate::cluster::live::{Seen, Sight, Target};
use crate::health::{Health, Replicas};

/// An object that has to become ready, and the version that counts.
#[derive(Clone, Debug)]
pub struct Awaited {
    pub target: Target,
    /// What the API server answered to the apply; none where nobody knows.
    pub applied: Option<Version>,
    /// Why it cannot be followed.
    pub trouble: Option<String>,
}

/// Where a release stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// All that has to be ready is. `message`: `3 of 3 replicas ready`.
    Up { message: String },
    /// `about`: the object that it waits for, by its place among the awaited.
    OnItsWay { message: String, about: usize },
    /// An object failed for good.
    Broken { message: String, about: usize },
}

/// What all objects say together, and the replicas of the workload among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    pub standing: Standing,
    pub replicas: Option<Replicas>,
    /// Some object was not looked at yet: what is said of it is a guess.
    pub is_blind: bool,
}

/// Looks at every awaited object; the first that failed, else the first that is not ready, speaks for all.
pub fn look(awaited: &[Awaited], sight: impl Fn(&Target) -> Sight) -> Progress {
    let (mut waiting, mut broken, mut replicas) = (None, None, None);
    let mut is_blind = false;
    for (about, object) in awaited.iter().enumerate() {
        let sight = match &object.trouble {
            Some(trouble) => Sight::Unknown(Some(trouble.clone())),
            None => sight(&object.target),
        };
        is_blind |= matches!(sight, Sight::Unknown(None));
        if let Sight::Seen(seen) = &sight
            && replicas.is_none()
        {
            replicas = seen.replicas.as_deref().cloned();
        }
        match judge(object, &sight) {
            Verdict::Ready => {}
            Verdict::Waiting(message) => waiting = waiting.or(Some((message, about))),
            Verdict::Failed(message) => broken = broken.or(Some((message, about))),
        }
    }
    let standing = match (broken, waiting) {
        (Some((message, about)), _) => Standing::Broken { message, about },
        (None, Some((message, about))) => Standing::OnItsWay { message, about },
        (None, None) => Standing::Up { message: up(replicas.as_ref()) },
    };
    Progress { standing, replicas, is_blind }
}

enum Verdict {
    Ready,
    Waiting(String),
    Failed(String),
}

fn judge(object: &Awaited, sight: &Sight) -> Verdict {
    let title = format!("{}/{}", object.target.kind(), object.target.name());
    match sight {
        Sight::Unknown(None) => Verdict::Waiting(format!("{title}: not looked at yet")),
        Sight::Unknown(Some(trouble)) => Verdict::Waiting(format!("{title}: {trouble}")),
        Sight::Absent => Verdict::Waiting(format!("{title} does not exist")),
        Sight::Seen(Seen { version, .. })
            if object.applied.as_ref().is_some_and(|applied| version.is_before(applied)) =>
        {
            Verdict::Waiting(format!("{title}: the change was not seen yet"))
        }
        Sight::Seen(Seen { health, .. }) => match health {
            Health::Current => Verdict::Ready,
            Health::InProgress { message } => Verdict::Waiting(format!("{title}: {message}")),
            Health::Failed { message } => Verdict::Failed(format!("{title}: {message}")),
            Health::Terminating => Verdict::Waiting(format!("{title} is being deleted")),
        },
    }
}

fn up(replicas: Option<&Replicas>) -> String {
    match replicas {
        Some(Replicas { desired, ready, .. }) => {
            let noun = if *desired == 1 { "replica" } else { "replicas" };
            format!("{ready} of {desired} {noun} ready")
        }
        None => "all objects are ready".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::kinds::Kind;
    use crate::cluster::mark::Mark;

    /// The object that was made at a second.
    fn version(second: i64, generation: i64) -> Version {
        let created = jiff::Timestamp::from_second(second).unwrap();
        Version { uid: second as u64, created, generation, mark: Mark::default() }
    }

    fn awaited(name: &str, generation: i64) -> Awaited {
        let kind = Kind { api_version: "apps/v1".into(), kind: "StatefulSet".into() };
        let target = Target::new(kind.into(), "n", name.into());
        Awaited { target, applied: Some(version(5, generation)), trouble: None }
    }

    fn seen(health: Health, generation: i64) -> Sight {
        seen_of(version(5, generation), health)
    }

    fn seen_of(version: Version, health: Health) -> Sight {
        Sight::Seen(Seen { version, health, replicas: None })
    }

    #[test]
    fn an_object_that_was_made_anew_counts_its_generations_anew() {
        let stands =
            |second| look(&[awaited("a", 3)], |_| seen_of(version(second, 1), Health::Current)).standing;
        assert!(matches!(stands(4), Standing::OnItsWay { .. }), "it was there before the apply");
        assert!(matches!(stands(6), Standing::Up { .. }));
    }

    #[test]
    fn an_old_generation_says_nothing_of_the_new_one() {
        let progress = look(&[awaited("a", 3)], |_| seen(Health::Current, 2));
        let expected =
            Standing::OnItsWay { message: "StatefulSet/a: the change was not seen yet".into(), about: 0 };
        assert_eq!(progress.standing, expected);
        let progress = look(&[awaited("a", 3)], |_| seen(Health::Current, 3));
        assert_eq!(progress.standing, Standing::Up { message: "all objects are ready".into() });
    }

    #[test]
    fn what_failed_speaks_before_what_waits() {
        let sight = |target: &Target| match target.name() {
            "a" => Sight::Absent,
            _ => seen(Health::Failed { message: "no".into() }, 1),
        };
        let progress = look(&[awaited("a", 1), awaited("b", 1)], sight);
        assert_eq!(progress.standing, Standing::Broken { message: "StatefulSet/b: no".into(), about: 1 });
    }

    #[test]
    fn nothing_to_wait_for_is_up() {
        assert!(matches!(look(&[], |_| Sight::Absent).standing, Standing::Up { .. }));
    }
}
