//! `helm test` on request: an annotation turned into the test hooks that run, and into what the resource says of them.

use super::ask::Ask;
use super::commit;
use super::failure::HookError;
use super::run::{Stage, Telling};
use crate::api::annotations::TEST_AT;
use crate::api::conditions::Reason;
use crate::cluster::publish::{Tone, cut};
use crate::git::oid::Oid;
use crate::ledger::stub::Secrets;
use crate::reconcile::delivery::actor::Actor;
use crate::reconcile::delivery::records::Pending;
use crate::reconcile::delivery::settled::{Outcome, Settled};
use crate::reconcile::delivery::status::Tested;
use crate::render::hook::Event;

/// Longest value that the status takes back.
const MOST_TEST_AT: usize = 1_024;

impl Actor {
    /// What the annotation asks for, if it was not done yet.
    pub(in crate::reconcile::delivery) fn wants_trial(&self, settled: &Settled) -> Option<String> {
        let asked = settled.cluster.metadata.annotations.as_ref()?.get(TEST_AT)?;
        let asked = cut(asked, MOST_TEST_AT);
        let done = self.tested.as_ref().map(|tested| &tested.asked);
        let said = self.status.as_ref().and_then(|status| status.last_handled_test_at.as_ref());
        (done != Some(&asked) && said != Some(&asked)).then_some(asked)
    }

    /// Runs the test hooks of a commit that is up, and keeps what became of them for the status.
    pub(in crate::reconcile::delivery) async fn trial(
        &mut self,
        settled: &Settled,
        commit: Oid,
        is_external: bool,
        asked: String,
    ) {
        let (reason, message) = match is_external {
            true => {
                (Reason::External, "promgit runs no hooks where another tool applies the branch".to_owned())
            }
            false => self.try_trial(settled, commit, &asked).await,
        };
        let is_passed = reason == Reason::Succeeded;
        let publisher = &self.shared.publisher;
        let (tone, word) = match is_passed {
            true => (Tone::Normal, "Tested"),
            false => (Tone::Warning, "TestFailed"),
        };
        publisher.event(&settled.subject, tone, word, "Test", &message).await;
        self.tested = Some(Tested { asked, is_passed, reason, message });
    }

    async fn try_trial(&mut self, settled: &Settled, commit: Oid, asked: &str) -> (Reason, String) {
        let secrets = match &settled.outcome {
            Outcome::Committed { secrets, .. } => secrets.clone(),
            _ => Secrets::default(),
        };
        let ask = Ask { commit, secrets: &secrets, is_new: false, bad: None };
        let hooks = self.hooks_of(&ask).await;
        let count = commit::at(&hooks, Event::Test).len();
        if count == 0 {
            return (Reason::Succeeded, format!("commit {} has no tests", commit.short()));
        }
        let revision = self.release.as_ref().and_then(|release| u32::try_from(release.revision).ok());
        let record = revision.filter(|_| self.shared.defaults.records).map(Pending::known);
        let stage = Stage {
            event: Event::Test,
            hooks: &hooks,
            run: format!("test@{commit}@{asked}"),
            again: false,
            limit: self.limit(settled),
            record: record.as_ref(),
            telling: Telling::Nothing,
        };
        let before = std::mem::take(&mut self.runs);
        let ran = self.run_hooks(settled, &stage).await;
        self.note_runs(record.as_ref()).await;
        self.runs = before;
        match ran {
            Ok(()) => {
                (Reason::Succeeded, format!("{count} of {count} tests passed at commit {}", commit.short()))
            }
            Err(HookError::Failed(failure)) => (Reason::TestFailed, failure.to_string()),
            Err(HookError::Apply(error)) => (Reason::TestFailed, error.to_string()),
        }
    }
}
