//! A cluster turned into what `helm template --dry-run=server` wants to know of it; nothing is changed there.
//!
//! [`access`] finds the API server as Helm does: `kubeconfig` reads files, `usable` looks for contradictions, `credentials`
//! finds what to show, `client` puts it together. [`ask`] asks the server, [`served`] says what it serves, [`lookup`] answers
//! templates, [`existing`] compares what was rendered with what is there, both by the paths of `place`. Errors have the
//! words of Helm and of its client library.

pub mod access;
pub mod ask;
mod client;
mod credentials;
pub mod existing;
mod kubeconfig;
pub mod lookup;
mod metadata;
mod place;
pub mod served;
mod usable;
