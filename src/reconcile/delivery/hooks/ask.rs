//! A commit turned into the hooks that its delivery owes it: none where they ran, where nobody runs them here, or where somebody said so.

use super::commit::{self, Hook};
use super::due::Due;
use super::record::Earlier;
use super::runs::Runs;
use crate::api::annotations::SKIP_HOOKS;
use crate::api::conditions::{READY, Reason};
use crate::git::oid::Oid;
use crate::ledger::stub::Secrets;
use crate::reconcile::delivery::actor::Actor;
use crate::reconcile::delivery::folder::Folder;
use crate::reconcile::delivery::records::Pending;
use crate::reconcile::delivery::release;
use crate::reconcile::delivery::settled::Settled;
use crate::reconcile::delivery::status::{last_good, was_up};
use crate::reconcile::delivery::tell::reconcile_at;
use crate::reconcile::delivery::watch;
use crate::release::status::Status;
use crate::render::hook::Event;

/// Whose hooks are asked for.
pub struct Ask<'a> {
    pub commit: Oid,
    pub secrets: &'a Secrets,
    /// It was made just now: nothing of it can have run.
    pub is_new: bool,
    /// The commit that it takes back, whose Secrets these are.
    pub bad: Option<Oid>,
}

/// What a delivery runs before and after its objects.
const DELIVERY: [Event; 6] = [
    Event::PreInstall,
    Event::PostInstall,
    Event::PreUpgrade,
    Event::PostUpgrade,
    Event::PreRollback,
    Event::PostRollback,
];

impl Actor {
    /// The hooks that are to be run for a commit.
    pub(in crate::reconcile::delivery) async fn due_hooks(
        &mut self,
        settled: &Settled,
        ask: &Ask<'_>,
    ) -> Option<Due> {
        self.runs = Runs::default();
        let id = ask.commit.to_string();
        let is_done = match ask.bad {
            Some(_) => self.is_told(&id),
            None => self.status.as_ref().is_some_and(|status| was_up(status, &id)),
        };
        if is_done || skips_hooks(settled) {
            return None;
        }
        let hooks = self.hooks_of(ask).await;
        let is_delivery = |hook: &Hook| hook.terms.events.iter().any(|event| DELIVERY.contains(event));
        if !hooks.iter().any(is_delivery) {
            return None;
        }
        let again = self.asks_again(settled);
        let mut due = Due { commit: ask.commit, hooks, is_back: ask.bad.is_some(), again, left: None };
        let earlier = match ask.is_new {
            true => None,
            false => self.earlier(ask.commit).await,
        };
        match earlier {
            // the status was lost, and not what it was about
            Some(Earlier { status: Status::Deployed | Status::Superseded, .. }) => return None,
            Some(Earlier { revision, hooks, status: _ }) => {
                due.left = Some(revision);
                let record = Pending::known(revision);
                self.runs = Runs::of_record(&hooks, self.events(Some(&record), due.is_back));
            }
            None => {}
        }
        if again {
            self.runs.forget_failures();
        }
        Some(due)
    }

    /// All hooks of a commit.
    pub(super) async fn hooks_of(&self, ask: &Ask<'_>) -> Vec<Hook> {
        let (commit, bad, secrets, name) = (ask.commit, ask.bad, ask.secrets.clone(), self.key.name.clone());
        let read = self.read(move |reader| {
            let secrets = match bad {
                Some(bad) => release::alike(reader, commit, bad, &name, &secrets)?,
                None => secrets.clone(),
            };
            commit::read(&Folder::open(reader, commit, &name)?, &secrets)
        });
        let mut hooks = read.await;
        self.fill(&mut hooks).await;
        hooks
    }

    /// Before and after: of an install, an upgrade or a rollback. As in Helm the first revision is an install, whatever became of it.
    pub(super) fn events(&self, record: Option<&Pending>, is_back: bool) -> [Event; 2] {
        let is_first = match record {
            Some(record) => record.revision == 1,
            None => self.status.as_ref().is_none_or(|status| last_good(status).is_none()),
        };
        match (is_back, is_first) {
            (true, _) => [Event::PreRollback, Event::PostRollback],
            (false, true) => [Event::PreInstall, Event::PostInstall],
            (false, false) => [Event::PreUpgrade, Event::PostUpgrade],
        }
    }

    /// Somebody asked to try again since the status was written.
    pub(super) fn asks_again(&self, settled: &Settled) -> bool {
        let handled = self.status.as_ref().and_then(|status| status.last_handled_reconcile_at.clone());
        reconcile_at(settled) != handled
    }

    /// Whether the resource says that a hook of this commit failed, and nobody asked to run it again.
    pub(in crate::reconcile::delivery) fn says_hook_failed(&self, settled: &Settled, commit: &str) -> bool {
        let Some(status) = &self.status else { return false };
        let is_failed = status.conditions.iter().any(|condition| {
            condition.type_ == READY
                && condition.reason == Reason::HookFailed.as_str()
                && condition.observed_generation == Some(settled.generation())
        });
        is_failed && watch::is_of(status, commit) && !self.asks_again(settled) && !skips_hooks(settled)
    }
}

/// Whether the resource asks for its hooks not to be run, as `helm --no-hooks` does.
pub fn skips_hooks(settled: &Settled) -> bool {
    let annotations = settled.cluster.metadata.annotations.as_ref();
    annotations.and_then(|all| all.get(SKIP_HOOKS)).is_some_and(|word| word == "true")
}
