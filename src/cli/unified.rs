//! Files before and after turned into a unified diff, and into JSON.

use serde_json::{Value as Json, json};
use similar::TextDiff;

use super::console::Console;
use crate::git::history::Change;

/// A file before and after; `None`: not there.
#[derive(Debug)]
pub struct FileChange {
    pub path: String,
    pub old: Option<Vec<u8>>,
    pub new: Option<Vec<u8>>,
}

impl From<Change> for FileChange {
    fn from(change: Change) -> Self {
        match change {
            Change::Added { path, new } => FileChange { path, old: None, new: Some(new) },
            Change::Removed { path, old } => FileChange { path, old: Some(old), new: None },
            Change::Modified { path, old, new } => FileChange { path, old: Some(old), new: Some(new) },
        }
    }
}

/// Bytes in which git looks for a NUL to tell that a file is no text (`FIRST_FEW_BYTES` in xdiff-interface.c).
const FIRST_BYTES: usize = 8_000;
/// The largest file that is compared line by line: comparing takes longer with the square of what differs, and a manifest
/// has at most 1.5 MB.
const LARGEST: usize = 4 << 20;

/// As `git diff` prints it.
pub fn text(change: &FileChange, console: &Console) -> String {
    let FileChange { path, old, new } = change;
    let name = |side: &Option<Vec<u8>>, prefix: &str| match side {
        Some(_) => format!("{prefix}/{path}"),
        None => "/dev/null".into(),
    };
    let (before, after) = (name(old, "a"), name(new, "b"));
    let [old, new] = [old, new].map(|side| side.as_deref().unwrap_or_default());
    if [old, new].iter().any(|side| is_binary(side) || side.len() > LARGEST) {
        return format!("Binary files {before} and {after} differ\n");
    }
    let [old, new] = [old, new].map(String::from_utf8_lossy);
    let diff = TextDiff::from_lines(&*old, &*new);
    let plain = diff.unified_diff().context_radius(3).header(&before, &after).to_string();
    let styled = plain.lines().map(|line| match line.as_bytes().first() {
        Some(b'+') => console.styled(32, line),
        Some(b'-') => console.styled(31, line),
        Some(b'@') => console.styled(36, line),
        _ => line.to_string(),
    });
    styled.fold(String::new(), |text, line| text + &line + "\n")
}

fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(FIRST_BYTES).any(|byte| *byte == 0)
}

/// Path and both texts; null where the file is not there.
pub fn json(change: &FileChange) -> Json {
    let FileChange { path, old, new } = change;
    let text =
        |side: &Option<Vec<u8>>| side.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    json!({"path": path, "old": text(old), "new": text(new)})
}
