//! What sources tell, kept as the newest state of each cluster, so that the clusters of a branch can be planned again when
//! somebody else has moved it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::reconcile::queue::{Queue, Work};
use crate::source::event::{Key, Observed};

/// The clusters that there are. Their resources are shared with whoever else holds them.
#[derive(Default)]
pub struct Known(Mutex<BTreeMap<Key, Observed>>);

impl Known {
    /// Takes in news, and hands it to the queue: in one step, so that nothing older can come after it.
    pub fn tell(&self, queue: &Queue, work: Work) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &work {
            Work::Apply(observed) => drop(known.insert(observed.key.clone(), observed.clone())),
            Work::Delete(deleted) => drop(known.remove(&deleted.key)),
            // no news of a source
            Work::Undo(_) => {}
        }
        queue.push(work);
    }

    /// Has every cluster of the namespace looked at again.
    pub fn again(&self, queue: &Queue, namespace: &str) {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = Key { namespace: namespace.to_owned(), name: String::new() };
        let all = known.range(first..).take_while(|(key, _)| key.namespace == namespace);
        all.for_each(|(_, observed)| queue.push(Work::Apply(observed.clone())));
    }
}
