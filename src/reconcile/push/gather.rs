//! Branches that moved on a remote turned into commits that are here: one whose objects are no good costs no other.

use std::collections::BTreeMap;

use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::remote::error::RemoteError;
use crate::remote::fetch::{Depth, fetch};
use crate::remote::settings::Remote;

/// What came, and what did not.
#[derive(Debug, Default)]
pub struct Gathered {
    pub found: BTreeMap<String, Oid>,
    /// Branches that came to nothing by what they hold.
    pub bad: Vec<(String, RemoteError)>,
}

/// Fetches branches together, and in halves where something among them is no good. An error is one of the remote as a whole.
pub fn gather(
    remote: &Remote,
    reader: &mut Reader,
    branches: &[String],
    depth: Depth,
) -> Result<Gathered, RemoteError> {
    let mut gathered = Gathered::default();
    let mut waiting = vec![branches];
    while let Some(some) = waiting.pop() {
        match fetch(remote, reader, some, depth) {
            Ok(found) => gathered.found.extend(found),
            Err(error) if !error.is_of_content() => return Err(error),
            Err(error) => match some {
                [] => {}
                [one] => gathered.bad.push((one.clone(), error)),
                _ => waiting.extend([&some[..some.len() / 2], &some[some.len() / 2..]]),
            },
        }
    }
    Ok(gathered)
}
