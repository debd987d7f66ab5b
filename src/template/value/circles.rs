//! Maps that were changed in place, taken apart at the end: one that came to hold itself is never freed otherwise.

use std::rc::{Rc, Weak};

use super::{Map, MapCell, Value};

/// Maps noted before those that are gone are forgotten for the first time.
const FIRST_SWEEP: usize = 1_024;

/// The maps that got a collection put into them. Dropping it takes those apart that are still there, so nothing that
/// they hold may be in use any more.
#[derive(Debug, Default)]
pub struct Circles {
    changed: Vec<Weak<MapCell>>,
    sweep_at: usize,
}

impl Circles {
    /// Notes that a value was put into a map.
    pub fn note(&mut self, map: &Map, put: &Value) {
        if !matches!(put, Value::Map(_) | Value::List(_) | Value::Object(_)) {
            return;
        }
        let map = Rc::downgrade(map.home());
        if self.changed.last().is_some_and(|last| last.ptr_eq(&map)) {
            return;
        }
        self.changed.push(map);
        if self.changed.len() >= self.sweep_at.max(FIRST_SWEEP) {
            self.changed.sort_unstable_by_key(|map| map.as_ptr().addr());
            self.changed.dedup_by(|a, b| a.ptr_eq(b));
            self.changed.retain(|map| map.strong_count() > 0);
            self.sweep_at = self.changed.len() * 2;
        }
    }
}

impl Drop for Circles {
    fn drop(&mut self) {
        dismantle(
            self.changed.drain(..).filter_map(|map| map.upgrade()).map(|map| Value::Map(Map(map))).collect(),
        );
    }
}

/// Takes values apart from the outside, with all that they hold: dropping deep ones whole would recurse, and those
/// that hold themselves would stay.
pub fn dismantle(mut values: Vec<Value>) {
    while let Some(value) = values.pop() {
        match value {
            Value::Map(map) => values.extend(std::mem::take(&mut *map.borrow_mut()).into_values()),
            Value::List(list) => values.append(&mut list.borrow_mut()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::value::heap;
    use crate::template::value::types::Type;

    #[test]
    fn what_holds_itself_is_freed() {
        let before = heap::live();
        let mut circles = Circles::default();
        for _ in 0..2 * FIRST_SWEEP {
            let (outer, inner) =
                (Map::new(Type::Any, Default::default()), Map::new(Type::Any, Default::default()));
            let list = Value::list(vec![Value::Map(outer.clone())]);
            for (map, put) in [(&outer, Value::Map(inner.clone())), (&inner, list)] {
                circles.note(map, &put);
                map.insert("k", put);
            }
        }
        assert!(heap::live() > before, "they hold each other");
        drop(circles);
        assert_eq!(heap::live(), before);
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let mut circles = Circles::default();
        for _ in 0..100 * FIRST_SWEEP {
            circles.note(&Map::new(Type::Any, Default::default()), &Value::list(Vec::new()));
        }
        assert!(circles.changed.len() <= FIRST_SWEEP);
    }
}
