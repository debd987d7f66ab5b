//! kill -9 at the worst moments (P6): after the commit and before the apply, after the apply and before the status.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::agent::{self, Agent};
use crate::bed::{Bed, audit};
use crate::place::{Place, writes_object};

/// Every kind of kill as often as this at least, and more until each gap was hit.
const KILLS: usize = 8;
const MOST: usize = 40;

/// When to kill.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// As soon as the branch has moved.
    Committed,
    /// As soon as the audit log shows that the StatefulSet was applied.
    Applied,
    /// Some time after the user began to ask.
    After(Duration),
}

/// Where the agent was, as the repository and the audit log tell afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    BeforeCommit,
    /// The commit is durable and nothing of it is in the cluster.
    BeforeApply,
    /// Some of it is in the cluster.
    DuringApply,
    /// The StatefulSet is applied and the status does not say so.
    BeforeStatus,
    Later,
}

/// A process that needs no more than a line to kill another: starting one takes longer than what is to be hit.
struct Gun {
    child: Child,
}

impl Gun {
    fn aimed_at(agent: &Agent) -> Gun {
        let script = format!("read line && kill -9 {}", agent.process());
        let child = Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).spawn();
        Gun { child: child.expect("sh") }
    }

    fn fire(mut self) {
        self.child.stdin.take().expect("stdin").write_all(b"\n").expect("it listens");
        assert!(self.child.wait().expect("sh").success());
    }
}

#[test]
fn kills_at_any_moment_lose_and_repeat_nothing() {
    if Bed::own().is_none() {
        return;
    }
    let place = Place::new(agent::bed(), "kills");
    let mut agent = Agent::start(place.bed, &[&place.namespace], "");
    place.put("a", "{replicas: 2}");
    place.wait_ready("a");

    let mut hits: BTreeMap<Gap, usize> = BTreeMap::new();
    let mut generations = 1;
    let is_enough = |hits: &BTreeMap<Gap, usize>, kills: usize| {
        kills >= 3 * KILLS && [Gap::BeforeApply, Gap::BeforeStatus].iter().all(|gap| hits.contains_key(gap))
    };
    for kills in 0..MOST {
        if is_enough(&hits, kills) {
            break;
        }
        let moment = match kills % 3 {
            0 => Moment::Committed,
            1 => Moment::Applied,
            _ => Moment::After(Duration::from_millis(17 * (kills as u64 % 23))),
        };
        let gap = kill(&place, &mut agent, moment, kills);
        *hits.entry(gap).or_default() += 1;
        agent.launch();
        let object = place.wait_ready("a");
        generations += 1;
        assert_eq!(object["metadata"]["generation"], generations, "{moment:?}");
        let expected: Vec<i64> = (1..=generations).collect();
        assert_eq!(place.generations(&agent, "a"), expected, "{moment:?} {gap:?}");
        // The status speaks of the commit that was made for this generation.
        let tip = agent.git(&["rev-parse", &format!("deploy/{}", place.namespace)]);
        assert_eq!(object["status"]["commit"]["revision"], tip.trim(), "{moment:?} {gap:?}");
    }
    println!("hit: {hits:?}");
    for gap in [Gap::BeforeApply, Gap::BeforeStatus] {
        assert!(hits.contains_key(&gap), "{gap:?} was never hit: {hits:?}");
    }
    check_events(&place, generations);
}

/// A change, a kill, and where it hit.
fn kill(place: &Place<'_>, agent: &mut Agent, moment: Moment, number: usize) -> Gap {
    let mark = place.bed.mark();
    let tip = tip(agent, place);
    let gun = Gun::aimed_at(agent);
    // only what a change changes is applied, and the set is what is looked for
    let replicas = 1 + number % 2;
    let spec = format!(r#"{{"replicas": {replicas}, "externalLabels": {{"kill": "n{number}"}}}}"#);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| place.patch("a", &spec));
        let began = Instant::now();
        let is_time = || match moment {
            Moment::Committed => self::tip(agent, place) != tip,
            Moment::Applied => log(place, mark).iter().any(is_of_set),
            Moment::After(pause) => {
                began.elapsed() >= pause && asking.is_finished()
                    || began.elapsed() >= 2 * pause + Duration::from_millis(50)
            }
        };
        while !is_time() {
            assert!(began.elapsed() < Duration::from_secs(60), "{moment:?} never came");
            std::thread::sleep(Duration::from_micros(200));
        }
        gun.fire();
    });
    agent.wait_for_end();
    locate(&place.asked(mark), self::tip(agent, place) != tip)
}

/// The audit log as far as it was written, without asking for the rest.
fn log(place: &Place<'_>, mark: audit::Mark) -> Vec<audit::Request> {
    let requests = audit::read(&place.bed.about().audit, mark).into_iter();
    requests.filter(|request| request.namespace == place.namespace).collect()
}

fn is_of_set(request: &audit::Request) -> bool {
    request.resource == "statefulsets" && request.verb == "patch"
}

fn locate(asked: &[audit::Request], is_committed: bool) -> Gap {
    let applied = asked.iter().any(writes_object);
    let set = asked.iter().position(is_of_set);
    let told = |at: usize| asked[at..].iter().any(|request| request.subresource == "status");
    match (is_committed, applied, set) {
        (false, applied, _) => {
            assert!(!applied, "applied and not committed: {asked:#?}");
            Gap::BeforeCommit
        }
        (true, false, _) => Gap::BeforeApply,
        (true, true, None) => Gap::DuringApply,
        (true, true, Some(at)) if told(at) => Gap::Later,
        (true, true, Some(_)) => Gap::BeforeStatus,
    }
}

fn tip(agent: &Agent, place: &Place<'_>) -> Option<String> {
    let path = agent.repository().join(format!("refs/heads/deploy/{}", place.namespace));
    std::fs::read_to_string(path).ok()
}

/// An agent that comes back does not tell everything again.
fn check_events(place: &Place<'_>, generations: i64) {
    let list = place.bed.get(&["events.v1.events.k8s.io", "--namespace", &place.namespace]);
    let events = list["items"].as_array().expect("events").iter();
    let ours = events.filter(|event| event["regarding"]["kind"] == "PrometheusCluster");
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for event in ours {
        *told.entry(format!("{} {}", event["reason"], event["note"])).or_default() += 1;
    }
    let commits = told.keys().filter(|words| words.starts_with("\"Committed\"")).count();
    assert!(commits as i64 <= generations && commits > 0, "{told:#?}");
    // A kill right after the event and before the status makes the next agent tell it again, once.
    assert!(told.values().all(|times| *times <= 2), "{told:#?}");
    assert!(told.values().sum::<usize>() as i64 <= 3 * generations, "{told:#?}");
}
