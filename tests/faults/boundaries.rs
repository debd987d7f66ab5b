//! The agent is killed at every request by which it changes something, before it is done and after it: the next one goes on there, and no
//! commit and no revision is made twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::api_proxy::{Asked, Fate};
use crate::place::is_ready;
use crate::storms::Stage;

/// Far more than anything has.
const MOST: usize = 60;
const PATIENCE: Duration = Duration::from_secs(120);

/// What is done to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Install,
    Change,
    /// That does not come up, and is taken back.
    Break,
    Delete,
}

impl Act {
    fn begin(self, stage: &Stage<'_>, name: &str) {
        match self {
            Act::Install => stage.place.put(name, "{}"),
            Act::Change => stage.place.patch(name, r#"{"logLevel": "debug"}"#),
            Act::Break => stage.place.patch(
                name,
                r#"{"nodeSelector": {"no": "node"}, "delivery": {"timeout": "2s", "maxRetries": 0}}"#,
            ),
            Act::Delete => drop(stage.place.kubectl(&["delete", "proms", name, "--wait=false"])),
        }
    }

    fn is_over(self, stage: &Stage<'_>, name: &str) -> bool {
        let cluster = stage.place.get(name);
        match self {
            Act::Install | Act::Change => is_ready(&cluster),
            Act::Break => {
                let message = cluster["status"]["conditions"].to_string();
                message.contains("\"RolledBack\"") && message.contains("\"Stalled\"")
            }
            Act::Delete => cluster.is_null(),
        }
    }

    /// The generations of its commits by then.
    fn commits(self) -> &'static [i64] {
        match self {
            Act::Install => &[1],
            Act::Change => &[1, 2],
            Act::Break => &[1, 2, 1],
            Act::Delete => &[1, 1],
        }
    }
}

/// Killed at the `at`th request of the act; false if it has fewer.
fn killed(stage: &mut Stage<'_>, act: Act, at: usize, fate: Fate) -> bool {
    let name = format!("{act:?}-{at}-{fate:?}").to_lowercase();
    if act != Act::Install {
        Act::Install.begin(stage, &name);
        stage.place.wait_ready(&name);
    }
    let (reached, count) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let (told, of) = (reached.clone(), format!("/{name}"));
    stage.proxy.rule(move |asked: &Asked| {
        let is_it = asked.writes() && !asked.path.contains("/leases/");
        if !is_it || count.fetch_add(1, Ordering::SeqCst) != at {
            return Fate::Pass;
        }
        println!("{} {} of {of}", asked.method, asked.path);
        told.store(true, Ordering::SeqCst);
        fate
    });
    act.begin(stage, &name);
    let end = Instant::now() + PATIENCE;
    let is_over = || {
        assert!(Instant::now() < end, "{name}: {:#}", stage.place.get(&name)["status"]);
        act.is_over(stage, &name)
    };
    while !reached.load(Ordering::SeqCst) {
        if is_over() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // what is not answered is done by then
    std::thread::sleep(Duration::from_millis(100));
    stage.agent.kill();
    stage.proxy.rule(|_| Fate::Pass);
    stage.agent.launch();
    let is_over = || {
        assert!(Instant::now() < end, "{name}: {:#}", stage.place.get(&name)["status"]);
        act.is_over(stage, &name)
    };
    while !is_over() {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(stage.place.generations(&stage.agent, &name), act.commits(), "{name}");
    if act != Act::Delete {
        stage.has_one_revision_a_commit(&name);
        stage.place.kubectl(&["delete", "proms", &name, "--wait=false"]);
    }
    true
}

fn everywhere(act: Act) {
    let Some(mut stage) = Stage::new("boundary") else { return };
    let mut kills = 0;
    for fate in [Fate::Hold, Fate::Swallow] {
        let reached = (0..MOST).take_while(|at| killed(&mut stage, act, *at, fate)).count();
        assert!(reached > 3 && reached < MOST, "{act:?} has {reached} requests");
        kills += reached;
    }
    println!("{act:?}: {kills} kills");
}

#[test]
fn an_install_that_is_killed_at_any_request_goes_on() {
    everywhere(Act::Install);
}

#[test]
fn a_change_that_is_killed_at_any_request_goes_on() {
    everywhere(Act::Change);
}

#[test]
fn a_rollback_that_is_killed_at_any_request_goes_on() {
    everywhere(Act::Break);
}

#[test]
fn a_deletion_that_is_killed_at_any_request_goes_on() {
    everywhere(Act::Delete);
}
