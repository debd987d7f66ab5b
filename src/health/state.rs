//! The four states an object can be in, as kstatus names them.

/// How far an object is on the way to what its spec asks for. Messages are lower case, without a final period, and do
/// not name the object: the caller does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// The object is what its spec asks for.
    Current,
    /// Not yet; waiting may help.
    InProgress { message: String },
    /// It will not get there without a change.
    Failed { message: String },
    /// It is being deleted.
    Terminating,
}

impl Health {
    pub(super) fn in_progress(message: impl Into<String>) -> Health {
        Health::InProgress { message: message.into() }
    }

    pub(super) fn failed(message: impl Into<String>) -> Health {
        Health::Failed { message: message.into() }
    }
}
