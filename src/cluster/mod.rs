//! The Kubernetes side of a delivery: manifests into applied objects, live objects into readiness, outcomes into status
//! and events.
//!
//! [`connect`] finds the API server, [`greet`] what it can, [`kinds`] what it serves. [`brief`] hears of a change no more than it has to. [`rehearse`] asks what an apply would do, [`apply`], [`replace`] (by the
//! ways of [`immutable`], with what [`others`] have set, but for Helm: [`inherit`]) and [`remove`] change objects, [`settle`] waits for what others need, [`unpin`] makes
//! room for a rollback, [`hook`] makes what runs once, [`live`] follows
//! what becomes of them, by the few numbers of [`mark`], and [`revisions`] what becomes of Helm's history. Where somebody else changed
//! them, [`culprit`] says who, [`ignore`] whether that may be, and [`correct`] puts it back. [`leaving`] is what is left of what was
//! deleted, [`claims`] the data, [`explain`] asks why one is not up. [`acting`] makes
//! requests as an account of a namespace, [`adopt`] says what may be taken from others. [`publish`] writes the resource's status, finalizer and events, [`amend`] its spec where somebody else's change is taken over, [`secret`] what
//! is to stay out of git, [`records`] Helm's history of it. [`dry_run`] is what `promgit template` asks, by Helm's rules.

pub mod acting;
pub mod adopt;
pub mod amend;
pub mod apply;
pub mod brief;
pub mod call;
pub mod claims;
pub mod connect;
pub mod correct;
pub mod counted;
pub mod culprit;
pub mod dry_run;
pub mod explain;
pub mod greet;
pub mod hook;
pub mod ignore;
pub mod immutable;
pub mod inherit;
pub mod kinds;
pub mod leaving;
pub mod live;
pub mod mark;
pub mod object;
pub mod others;
pub mod pacing;
pub mod proxy;
pub mod publish;
pub mod records;
pub mod rehearse;
pub mod remove;
pub mod replace;
pub mod revisions;
pub mod secret;
pub mod settle;
pub mod unpin;
