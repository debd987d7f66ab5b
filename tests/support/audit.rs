//! The API server's audit log: who asked for what, and what was answered.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use serde::Deserialize;

/// A place in the log.
#[derive(Clone, Copy, Default)]
pub struct Mark(u64);

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What the API server calls the user.
    pub user: String,
    /// As whom the user asked; empty: as himself.
    pub acted_as: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// Empty for what is no object, like `/version`, as are the four below.
    pub group: String,
    pub resource: String,
    pub subresource: String,
    pub namespace: String,
    pub name: String,
    /// Path and query.
    pub uri: String,
    pub agent: String,
    pub code: u16,
    /// When the API server received it.
    pub received: SystemTime,
}

impl Request {
    /// Whether it asks for a change, and not only what it would do.
    pub fn writes(&self) -> bool {
        !["get", "list", "watch"].contains(&self.verb.as_str()) && !self.uri.contains("dryRun=All")
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Line {
    #[serde(rename = "auditID")]
    id: String,
    stage: String,
    verb: String,
    user: User,
    impersonated_user: Option<User>,
    user_agent: String,
    #[serde(rename = "requestURI")]
    uri: String,
    object_ref: Object,
    response_status: Status,
    request_received_timestamp: jiff::Timestamp,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct User {
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Object {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    code: u16,
}

/// The requests after a mark, in the order of their answers; a watch counts when it begins.
pub fn read(log: &Path, mark: Mark) -> Vec<Request> {
    let mut seen = BTreeSet::new();
    let lines = lines(log, mark);
    let lines =
        lines.lines().map(|line| serde_json::from_str::<Line>(line).expect("a line of the audit log"));
    let requests = lines.filter(|line| {
        // A watch has a line at its begin and one at its end, which may come long after a later mark.
        let end_of_watch =
            line.verb == "watch" && line.stage == "ResponseComplete" && line.response_status.code < 400;
        !end_of_watch && !line.uri.contains(FLUSHING) && seen.insert(line.id.clone())
    });
    requests.map(Request::from).collect()
}

impl From<Line> for Request {
    fn from(line: Line) -> Request {
        let object = line.object_ref;
        Request {
            user: line.user.username,
            acted_as: line.impersonated_user.map(|user| user.username).unwrap_or_default(),
            verb: line.verb,
            group: object.api_group,
            resource: object.resource,
            subresource: object.subresource,
            namespace: object.namespace,
            name: object.name,
            uri: line.uri,
            agent: line.user_agent,
            code: line.response_status.code,
            received: line.request_received_timestamp.into(),
        }
    }
}

pub fn now(log: &Path) -> Mark {
    Mark(std::fs::metadata(log).expect("an audit log").len())
}

const FLUSHING: &str = "/version?flush=";

/// A request that is told from all others, and left out of what is read.
pub fn flushing() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    format!("{FLUSHING}{}-{}.", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

pub fn holds(log: &Path, query: &str) -> bool {
    /// More than what others can have asked since.
    const NEAR: u64 = 1 << 20;
    lines(log, Mark(now(log).0.saturating_sub(NEAR))).contains(query)
}

/// What stands after the mark, without a last line that is only half written.
fn lines(log: &Path, mark: Mark) -> String {
    let mut file = std::fs::File::open(log).expect("an audit log");
    file.seek(SeekFrom::Start(mark.0)).expect("it only grows");
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("readable");
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
    String::from_utf8_lossy(&bytes).into_owned()
}
