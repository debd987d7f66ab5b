//! What hooks did for one commit: what is not to be run again, and what Helm's record says of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::failure::Failure;
use crate::release::hook::{Hook as Recorded, Phase, Run};
use crate::render::hook::Event;

/// Kind and name of a hook.
pub type Id = (String, String);

/// What ran for one commit.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    last: BTreeMap<Id, Run>,
    succeeded: BTreeSet<(Event, Id)>,
    /// All of an event, cleared as they asked.
    over: BTreeSet<Event>,
    /// What a stage ended with: it is not run again unless somebody asks.
    pub failed: Option<Failure>,
}

impl Runs {
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    pub fn is_over(&self, event: Event) -> bool {
        self.over.contains(&event)
    }

    pub fn end(&mut self, event: Event) {
        self.over.insert(event);
    }

    pub fn has_succeeded(&self, event: Event, id: &Id) -> bool {
        self.succeeded.contains(&(event, id.clone()))
    }

    pub fn started(&mut self, id: Id, at: Timestamp) {
        let run = Run { started_at: Some(at), completed_at: None, phase: Phase::Running };
        self.last.insert(id, run);
    }

    /// `made`: where it was not this agent that started it.
    pub fn ended(&mut self, event: Event, id: Id, made: Timestamp, phase: Phase, at: Timestamp) {
        let run = self.last.entry(id.clone()).or_default();
        run.started_at.get_or_insert(made);
        (run.completed_at, run.phase) = (Some(at), phase);
        if phase == Phase::Succeeded {
            self.succeeded.insert((event, id));
        }
    }

    /// What a record says that was written for the same commit. A hook of two events that ended well has ended so at the first of
    /// them; whether at the second, its live object tells.
    pub fn of_record(hooks: &[Recorded], events: [Event; 2]) -> Self {
        let mut runs = Runs::default();
        for hook in hooks.iter().filter(|hook| hook.last_run.phase != Phase::None) {
            let id = (hook.kind.clone(), hook.name.clone());
            let first =
                events.into_iter().find(|event| hook.events.iter().any(|name| name == event.as_str()));
            let Some(event) = first else { continue };
            if hook.last_run.phase == Phase::Succeeded {
                runs.succeeded.insert((event, id.clone()));
            }
            runs.last.insert(id, hook.last_run.clone());
        }
        runs
    }

    /// A record says that it failed, and nothing of it may be left to see.
    pub fn is_known_to_have_failed(&self, id: &Id) -> bool {
        self.last.get(id).is_some_and(|run| run.phase == Phase::Failed)
    }

    pub fn forget_failures(&mut self) {
        self.last.retain(|_, run| run.phase != Phase::Failed);
        self.failed = None;
    }

    /// What Helm's record is to say of a hook.
    pub fn last(&self, kind: &str, name: &str) -> Option<&Run> {
        self.last.get(&(kind.to_owned(), name.to_owned()))
    }
}
