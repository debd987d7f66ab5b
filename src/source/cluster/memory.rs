//! What was told of the clusters of one watch, so that a listing after a lost connection tells only what changed.

use std::collections::{BTreeMap, BTreeSet};

use super::read::Fingerprint;
use crate::source::event::Key;

/// The clusters that the receiver knows of.
#[derive(Debug, Default)]
pub struct Memory {
    told: BTreeMap<Key, Fingerprint>,
    /// While a listing goes on: what it named so far.
    listing: Option<BTreeSet<Key>>,
}

impl Memory {
    /// True if nothing is known.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// A listing goes on; what it does not name is gone when it ends.
    pub fn begin(&mut self) {
        self.listing.get_or_insert_default();
    }

    /// The listing, if there is one, will not end: the next one begins anew.
    pub fn cut(&mut self) {
        self.listing = None;
    }

    /// An object was seen; true if it says something new.
    pub fn see(&mut self, key: &Key, fingerprint: Fingerprint) -> bool {
        if let Some(listing) = &mut self.listing {
            listing.insert(key.clone());
        }
        fingerprint.is_news(self.told.insert(key.clone(), fingerprint))
    }

    /// An object is gone; true if it was known.
    pub fn forget(&mut self, key: &Key) -> bool {
        self.told.remove(key).is_some()
    }

    /// The listing ended; what is gone since the last one, which is forgotten.
    pub fn end(&mut self) -> Vec<Key> {
        let Some(listing) = self.listing.take() else { return Vec::new() };
        let gone: Vec<Key> = self.told.keys().filter(|key| !listing.contains(key)).cloned().collect();
        self.told.retain(|key, _| listing.contains(key));
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn key(name: &str) -> Key {
        Key { namespace: "n".into(), name: name.into() }
    }

    fn fingerprint(generation: i64) -> Fingerprint {
        let metadata = serde_json::json!({"name": "x", "generation": generation});
        read::fingerprint(&serde_json::from_value(serde_json::json!({"metadata": metadata})).unwrap())
    }

    #[test]
    fn a_second_listing_tells_the_difference() {
        let mut memory = Memory::default();
        memory.begin();
        assert!(memory.see(&key("a"), fingerprint(1)) && memory.see(&key("b"), fingerprint(1)));
        assert!(memory.end().is_empty());
        memory.begin();
        assert!(!memory.see(&key("a"), fingerprint(1)));
        assert_eq!(memory.end(), [key("b")]);
        assert!(memory.see(&key("b"), fingerprint(1)));
        assert!(memory.forget(&key("b")) && !memory.forget(&key("b")));
    }

    #[test]
    fn a_listing_that_was_cut_short_forgets_nothing() {
        let mut memory = Memory::default();
        memory.begin();
        memory.see(&key("a"), fingerprint(1));
        memory.end();
        memory.see(&key("b"), fingerprint(1));
        memory.begin();
        memory.see(&key("b"), fingerprint(1));
        memory.cut();
        memory.begin();
        memory.begin();
        memory.see(&key("a"), fingerprint(2));
        assert_eq!(memory.end(), [key("b")], "named by the first of the two alone");
    }
}
