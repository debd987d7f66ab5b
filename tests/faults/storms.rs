//! An API server that is busy, broken, slow, or whose answers get lost: everything is done once, and comes to an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::agent::{self, Agent, USER};
use crate::api_proxy::{ApiProxy, Asked, Fate};
use crate::bed::Bed;
use crate::place::Place;

/// Clusters that come and change in each storm.
const MANY: usize = 10;

/// An agent behind a proxy.
pub struct Stage<'a> {
    pub place: Place<'a>,
    pub proxy: ApiProxy,
    pub agent: Agent,
}

impl Stage<'_> {
    pub fn new(stem: &str) -> Option<Stage<'static>> {
        let bed = Bed::own()?;
        let place = Place::new(agent::bed(), stem);
        let proxy = ApiProxy::start(bed, USER);
        let agent = Agent::new(place.bed, USER, &[&place.namespace], "");
        let kubeconfig = proxy.kubeconfig(agent.folder());
        let mut agent = agent.with_kubeconfig(kubeconfig);
        agent.launch();
        agent.wait_for_start();
        Some(Stage { place, proxy, agent })
    }

    /// Clusters come, and all of them change, while requests meet this fate; then it is quiet.
    fn storm(&self, rule: impl FnMut(&Asked) -> Fate + Send + 'static) {
        self.proxy.rule(rule);
        let names = self.place.put_many(MANY);
        std::thread::sleep(Duration::from_secs(5));
        names.iter().for_each(|name| self.place.patch(name, r#"{"logLevel": "debug"}"#));
        std::thread::sleep(Duration::from_secs(10));
        self.proxy.rule(|_| Fate::Pass);
        self.place.wait_all_ready(MANY);
        self.is_done_once(&names);
    }

    /// One commit for each generation, and one revision for each commit.
    fn is_done_once(&self, names: &[String]) {
        for name in names {
            assert_eq!(self.place.generations(&self.agent, name), [1, 2], "{name}");
            self.has_one_revision_a_commit(name);
        }
        let told = self.place.kubectl(&["get", "events", "--output=jsonpath={.items[*].reason}"]);
        assert!(!told.contains("HelmChanged"), "{told}");
    }

    /// One revision of Helm's history for each commit that was delivered, and one of them deployed.
    pub fn has_one_revision_a_commit(&self, name: &str) {
        let selector = format!("owner=helm,name={name}");
        let labels = "--output=jsonpath={range .items[*]}{.metadata.labels.version} {.metadata.labels.status} {.metadata.labels.promgit\\.dev/commit}{\"\\n\"}{end}";
        let found = self.place.kubectl(&["get", "secrets", "--selector", &selector, labels]);
        let commits: Vec<&str> = found.lines().filter_map(|line| line.split(' ').nth(2)).collect();
        let mut unlike = commits.clone();
        unlike.dedup();
        assert_eq!(commits, unlike, "{name}: a commit has two revisions:\n{found}");
        assert_eq!(found.matches(" deployed ").count(), 1, "{name}:\n{found}");
        assert!(!found.contains("pending"), "{name}:\n{found}");
    }
}

/// Every `nth` of the requests that this holds for.
fn every(nth: usize, fate: Fate, of: fn(&Asked) -> bool) -> impl FnMut(&Asked) -> Fate + Send + 'static {
    let count = AtomicUsize::new(0);
    move |asked| match of(asked) && count.fetch_add(1, Ordering::Relaxed).is_multiple_of(nth) {
        true => fate,
        false => Fate::Pass,
    }
}

#[test]
fn a_busy_api_server_is_asked_less_and_everything_is_done_once() {
    let Some(stage) = Stage::new("busy") else { return };
    stage.storm(every(2, Fate::Refuse(429), |_| true));
    stage.agent.wait_for("the API server is busy (429); it is asked less");
}

#[test]
fn a_broken_api_server_is_asked_again_and_everything_is_done_once() {
    let Some(stage) = Stage::new("broken") else { return };
    let asked = Arc::new(AtomicUsize::new(0));
    stage.storm(move |_| match asked.fetch_add(1, Ordering::Relaxed) % 3 {
        0 => Fate::Refuse(500),
        1 => Fate::Refuse(503),
        _ => Fate::Pass,
    });
}

#[test]
fn an_answer_that_gets_lost_makes_nothing_twice() {
    let Some(stage) = Stage::new("lost") else { return };
    stage.storm(every(3, Fate::Lose, Asked::writes));
}

#[test]
fn an_api_server_that_takes_half_a_minute_is_waited_for() {
    let Some(stage) = Stage::new("late") else { return };
    let late = Fate::Delay(Duration::from_secs(30));
    stage.proxy.rule(every(1, late, |asked| asked.path.contains("/statefulsets/slow")));
    stage.place.put("slow", "{}");
    stage.agent.wait_for("/slow: created");
    // nobody waits with it
    stage.place.put("quick", "{}");
    stage.place.wait_ready("quick");
    stage.place.wait_false("slow", "Applied", "committed, and being applied");
    stage.place.wait_ready("slow");
    assert_eq!(stage.place.generations(&stage.agent, "slow"), [1]);
}
