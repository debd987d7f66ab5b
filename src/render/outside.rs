//! What templates ask of the world beyond the render, answered by closures that the caller lends: `lookup`, `getHostByName`.
//!
//! Without them both answer as Helm does without a cluster and without `--enable-dns`: an empty map, an empty text.

use crate::chart::warning::Warning;
use crate::template::value::Value;

/// What `lookup` is called with.
pub struct Wanted {
    pub api_version: String,
    pub kind: String,
    /// Empty: all, or a kind that has none.
    pub namespace: String,
    /// Empty: the list of all.
    pub name: String,
    /// An answer that takes up more bytes is an error.
    pub most: usize,
}

/// What became of a question.
pub struct Answer {
    /// What Helm logs meanwhile.
    pub said: Vec<Warning>,
    /// A map, empty where there is no such object; or why nobody knows, in Helm's words.
    pub found: Result<Value, String>,
    /// What it takes up, in bytes.
    pub size: usize,
}

/// Asks a cluster.
pub type Lookup = Box<dyn FnMut(&Wanted) -> Answer + Send>;

/// Asks for one address of a host; the error is what Go would say.
pub type HostByName = Box<dyn FnMut(&str) -> Result<String, String> + Send>;

/// The way out of a render. The agent lends none: the same resource gives the same bytes.
#[derive(Default)]
pub struct Outside {
    pub lookup: Option<Lookup>,
    pub host_by_name: Option<HostByName>,
    /// Helm asks a cluster without having installed the chart's CRDs, and says so.
    pub warns_of_crds: bool,
}
