//! The parsed form of a template.

/// One parsed template; shared between threads, never changed.
#[derive(Debug)]
pub struct Tree {}
