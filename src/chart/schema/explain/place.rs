//! What is checked where.

use std::cell::Cell;

use serde_json::Value as Json;

use super::super::failure::Failure;

/// What a reason takes besides its text and path.
const OVERHEAD: usize = 100;

/// A value, its path and how many schemas lead to it.
#[derive(Clone, Copy)]
pub struct Place<'v> {
    pub value: &'v Json,
    pub at: &'v str,
    pub depth: usize,
    /// Bytes of all reasons so far.
    pub said: &'v Cell<usize>,
}

impl<'v> Place<'v> {
    /// The same value, one schema further in.
    pub fn inner(self) -> Self {
        Place { depth: self.depth + 1, ..self }
    }

    pub fn failure(self, text: impl Into<String>) -> Failure {
        let failure = Failure::new(self.at, text);
        self.said.set(self.said.get() + OVERHEAD + failure.text.len() + failure.at.len());
        failure
    }
}
