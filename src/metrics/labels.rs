//! The words that metrics are told apart by: closed lists, so that no user can make a series.

use std::fmt;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

/// An enum whose variants are label values.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$what])* $variant,)+ }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$variant,)+];

            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }

        impl EncodeLabelValue for $name {
            fn encode(&self, encoder: &mut LabelValueEncoder) -> Result<(), fmt::Error> {
                self.word().encode(encoder)
            }
        }
    };
}

words! {
    /// How one pass over a cluster ended.
    Outcome {
        /// A durable commit.
        Committed = "committed",
        /// The branch said it already.
        Unchanged = "unchanged",
        /// `spec.suspend`.
        Suspended = "suspended",
        /// What the user wrote cannot be used; nothing happens until it changes.
        Refused = "refused",
        /// Something else went wrong; tried again by itself.
        Failed = "failed",
    }
}

words! {
    /// Where a cluster stands, as its `Ready` condition says it.
    State {
        Ready = "ready",
        Progressing = "progressing",
        Failed = "failed",
        Suspended = "suspended",
    }
}

words! {
    /// What was asked of the API server.
    Verb {
        Get = "get",
        List = "list",
        Create = "create",
        /// Server-side apply.
        Apply = "apply",
        Patch = "patch",
        Delete = "delete",
    }
}

words! {
    /// What the API server answered.
    Answer {
        Ok = "ok",
        /// 409: somebody else owns it, or it was changed meanwhile.
        Conflict = "conflict",
        /// Another 4xx: asking again gives the same.
        Refused = "refused",
        /// 5xx, 429, or no answer at all.
        Failed = "failed",
    }
}

words! {
    /// What became of a branch of a push.
    PushOutcome {
        Pushed = "pushed",
        /// Somebody else had moved it there: fetched, and pushed again on top.
        Moved = "moved",
        /// The server refused it.
        Rejected = "rejected",
        /// The server could not be talked to.
        Unavailable = "unavailable",
        /// It could not be read here.
        Failed = "failed",
    }
}

words! {
    /// What is watched.
    Watched {
        Clusters = "prometheusclusters",
        /// Whatever a chart made.
        Objects = "objects",
        Pods = "pods",
    }
}

words! {
    /// What became of what somebody changed in the cluster.
    Drifted {
        /// Put back.
        Corrected = "corrected",
        /// Said, and left.
        Reported = "reported",
        /// It cannot be put back; tried again.
        Failed = "failed",
        /// The resource asks for it from then on.
        TakenOver = "taken_over",
    }
}

words! {
    /// The type of an Event, as Kubernetes spells it.
    EventType {
        Normal = "Normal",
        Warning = "Warning",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByOutcome {
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByState {
    pub state: State,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByRequest {
    pub verb: Verb,
    pub outcome: Answer,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByAnswer {
    pub outcome: Answer,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByPush {
    pub outcome: PushOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByKind {
    pub kind: Watched,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByDrift {
    pub outcome: Drifted,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByType {
    pub r#type: EventType,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Build {
    pub version: &'static str,
}
