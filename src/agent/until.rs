//! When an agent ends.

/// How long to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// What is there is handled.
    Done,
    /// A signal.
    Stopped,
}
