//! Turns an object of a merge into its content, from the pack that it comes from.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::delta;
use super::merge_items::{Item, Items, Stored};
use super::merge_sources::Sources;
use super::objects::{MAX_OBJECT, Objects};
use super::pack_entry::{Inflater, parse};

/// Bytes of each half of what is kept: a thousand branches with some trees and files each. The next revision of an object was read a
/// moment ago.
const RECENT: usize = 2 << 20;

/// What contents are read from.
pub struct Contents<'a> {
    pub sources: Sources,
    /// For what is not stored in a way that is copied.
    pub objects: &'a Objects,
    inflater: Inflater,
    recent: Recent,
}

/// Contents that were read last, by the numbers of their items: when one half is full, the other is dropped.
#[derive(Default)]
struct Recent {
    young: BTreeMap<usize, Rc<Vec<u8>>>,
    old: BTreeMap<usize, Rc<Vec<u8>>>,
    bytes: usize,
}

impl Recent {
    fn get(&self, index: usize) -> Option<Rc<Vec<u8>>> {
        self.young.get(&index).or_else(|| self.old.get(&index)).cloned()
    }

    fn keep(&mut self, index: usize, content: &Rc<Vec<u8>>) {
        if self.bytes + content.len() > RECENT {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        if content.len() <= RECENT {
            self.bytes += content.len();
            self.young.insert(index, Rc::clone(content));
        }
    }
}

impl Contents<'_> {
    pub fn new(sources: Sources, objects: &Objects) -> Contents<'_> {
        Contents { sources, objects, inflater: Inflater::default(), recent: Recent::default() }
    }

    /// The content of an object; nothing when it cannot be read, or is larger than anything that is read. It is not compared with its id.
    pub fn of(&mut self, items: &Items, index: usize) -> Option<Rc<Vec<u8>>> {
        if let Some(content) = self.recent.get(index) {
            return Some(content);
        }
        let content = Rc::new(self.read(items, index)?);
        self.recent.keep(index, &content);
        Some(content)
    }

    fn read(&mut self, items: &Items, index: usize) -> Option<Vec<u8>> {
        let mut deltas = Vec::new();
        let mut at = index;
        while items[at].stored == Stored::Delta {
            deltas.push(self.inflated(&items[at])?);
            at = items[at].base as usize;
        }
        let mut content = match items[at].stored {
            Stored::Whole(_) => self.inflated(&items[at])?,
            _ => self.objects.read(items[at].oid).ok()?.1,
        };
        while let Some(delta) = deltas.pop() {
            content = delta::apply(&content, &delta, MAX_OBJECT)?;
        }
        Some(content)
    }

    /// An object or a delta as it is stored.
    fn inflated(&mut self, item: &Item) -> Option<Vec<u8>> {
        let entry = self.sources.read(item.pack, item.from, item.length).ok()?;
        let header = parse(&entry).filter(|header| header.size <= MAX_OBJECT)?;
        self.inflater.inflate(&entry[header.length..], header.size)
    }
}
