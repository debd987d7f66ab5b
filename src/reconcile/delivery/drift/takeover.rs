//! What somebody's helm deployed, turned into a change of the resource that asks for the same: it is committed and delivered like any other.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tokio::task;

use crate::api::PrometheusCluster;
use crate::api::annotations::{CHANGE_CAUSE, REQUESTED_BY, TAKEN_OVER, taken_over};
use crate::cluster::amend::{Amended, Amendment};
use crate::cluster::call::CallError;
use crate::reconcile::delivery::actor::Actor;
use crate::reconcile::delivery::settled::Settled;
use crate::reconcile::inputs::Common;
use crate::reconcile::prepare::{self, PrepareError};
use crate::release::stored::StoredError;
use crate::render::policy::Lock;
use crate::source::event::Key;
use crate::template::budgets::on_deep_stack;
use crate::values::asking::{self, AskingError, Given, Making, Place, asking};
use crate::values::mapping::Subject;

/// How somebody's revision became a change of the resource.
#[derive(Debug, PartialEq, Eq)]
pub enum TakenOver {
    /// These fields of `spec` ask for it now.
    Asked(Vec<String>),
    /// The resource asks for the same already.
    Same,
    /// Something newer is under way.
    Overtaken,
}

/// Why it cannot.
#[derive(Debug, thiserror::Error)]
pub enum TakeoverError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("its record cannot be read: {0}")]
    Stored(#[from] StoredError),
    #[error("it is of another chart than {0}, which the agent renders")]
    OtherChart(String),
    #[error(transparent)]
    Asking(#[from] AskingError),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(
        "the API server changes the PrometheusCluster back when promgit asks for it (a webhook or a policy)"
    )]
    Undone,
    #[error("a field of the resource would not keep it as it is")]
    NotKept,
    #[error("rendering it ended in a way that it never should; please report this")]
    Thread,
}

impl TakeoverError {
    /// The same may go a moment later.
    pub fn is_passing(&self) -> bool {
        matches!(self, TakeoverError::Call(error) if !error.is_final())
    }

    fn is_invalid(&self) -> bool {
        matches!(self, TakeoverError::Prepare(_) | TakeoverError::NotKept)
            || matches!(self, TakeoverError::Call(error) if error.is_invalid())
    }
}

impl Actor {
    /// Has the resource ask for what a revision has. First in its own fields, and where these may not say it, in `spec.values`.
    pub(super) async fn take_over(
        &self,
        settled: &Settled,
        revision: u32,
    ) -> Result<TakenOver, TakeoverError> {
        let Some(held) = self.records().get(revision).await? else { return Ok(TakenOver::Overtaken) };
        let stored = held.stored()?;
        let (values, defaults) = (stored.config()?, stored.defaults()?);
        let chart = self.shared.common.chart.chart();
        if !stored.is_of(chart)? {
            let ours = format!("{}-{}", chart.metadata.name, chart.metadata.version);
            return Err(TakeoverError::OtherChart(ours));
        }
        // up to a megabyte, and there is more to wait for
        drop((held, stored));
        let given = Given { values: &values, defaults: &defaults };
        match self.ask_for(settled, revision, given, Place::Fields).await {
            Err(error) if error.is_invalid() => self.ask_for(settled, revision, given, Place::Values).await,
            done => done,
        }
    }

    async fn ask_for(
        &self,
        settled: &Settled,
        revision: u32,
        given: Given<'_>,
        place: Place,
    ) -> Result<TakenOver, TakeoverError> {
        let (cluster, common) = (&settled.cluster, &self.shared.common);
        let old = json!(cluster.spec);
        let (labels, annotations) = (json!(cluster.metadata.labels), json!(cluster.metadata.annotations));
        let Key { namespace, name } = &self.key;
        let subject = Subject { name, namespace, spec: &old, labels: &labels, annotations: &annotations };
        let (mapping, overrides, chart) = (&common.mapping, &common.overrides, common.chart.chart());
        let new = asking(Making { mapping, overrides, chart }, &subject, given, place)?;
        if new == old {
            return Ok(TakenOver::Same);
        }
        let next = with(cluster, &new);
        // what is left out may have a default of its own, which need not be the chart's
        if place == Place::Fields && json!(next.spec) != new {
            return Err(TakeoverError::NotKept);
        }
        // what no commit may hold is not asked for
        rehearsed(common.clone(), self.key.clone(), next).await?;
        let generation = settled.generation();
        let note = taken_over(generation + 1, revision);
        let annotation = (TAKEN_OVER, note.as_str());
        // who asked for the state before, and why, is not who asks for this one
        let outdated = &[CHANGE_CAUSE, REQUESTED_BY];
        let subject = &settled.subject;
        let amendment = Amendment { subject, generation, old: &old, new: &new, annotation, outdated };
        let writer = self.shared.clients.of(namespace);
        match amendment.make(self.shared.client.clone(), writer).await? {
            Amended::Done => Ok(TakenOver::Asked(asking::changed(&old, &new))),
            Amended::Overtaken => Ok(TakenOver::Overtaken),
            Amended::Undone => Err(TakeoverError::Undone),
        }
    }
}

/// The resource with another `spec`; as it is where that is none, which the API server says in better words.
fn with(cluster: &PrometheusCluster, spec: &Json) -> PrometheusCluster {
    let mut next = cluster.clone();
    if let Ok(spec) = serde_json::from_value(spec.clone()) {
        next.spec = spec;
    }
    next
}

/// Whether it can be committed, as a worker would find out.
async fn rehearsed(common: Arc<Common>, key: Key, cluster: PrometheusCluster) -> Result<(), TakeoverError> {
    let work = move || match prepare::prepare(&key, &cluster, &common, None) {
        Err(error) if error.wants_lock() => {
            prepare::prepare(&key, &cluster, &common, Some(&Lock::PLACEHOLDER))
        }
        done => done,
    };
    let done = task::spawn_blocking(|| on_deep_stack(work)).await;
    done.map_err(|_| TakeoverError::Thread)?.map_err(|_| TakeoverError::Thread)??;
    Ok(())
}
