//! What is checked where.

use serde_json::Value as Json;

use super::super::failure::Failure;

/// A value, its path and how many schemas lead to it.
#[derive(Clone, Copy)]
pub struct Place<'v> {
    pub value: &'v Json,
    pub at: &'v str,
    pub depth: usize,
}

impl<'v> Place<'v> {
    /// The same value, one schema further in.
    pub fn inner(self) -> Self {
        Place { depth: self.depth + 1, ..self }
    }

    pub fn failure(self, text: impl Into<String>) -> Failure {
        Failure::new(self.at, text)
    }
}
