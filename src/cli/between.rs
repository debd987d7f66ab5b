//! Two revisions turned into what differs between the folders of their clusters.
//!
//! The forms are git's: `A..B` with either side left out for the newest, one revision against the newest, and two folders.

use std::path::Path;

use anyhow::bail;
use serde_json::json;

use super::console::Console;
use super::exit::{Exit, UsageError};
use super::history;
use super::operation::{self, Format, Target};
use super::unified::{self, FileChange};
use crate::git::history as log;
use crate::git::object::TreeEntry;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::settings::Settings;
use crate::source::event::Key;

/// A cluster at a commit.
struct End {
    key: Key,
    branch: String,
    commit: Oid,
    /// Nothing where the cluster was not there then.
    folder: Option<Oid>,
}

pub fn run(
    settings: &Settings,
    repo: Option<&Path>,
    named: &[Target],
    output: Format,
    console: &mut Console,
) -> anyhow::Result<Exit> {
    let (old, new) = ends(named)?;
    let [settings, other] = [&new, &old].map(|end| operation::within(settings, repo, &end.key.namespace));
    if settings.repository != other.repository {
        let [new, old] = [&settings, &other].map(|settings| settings.repository.path.display());
        bail!("{old} and {new} are two repositories; only clusters of one can be compared");
    }
    let settings = &settings;
    let reader = operation::repository(settings)?;
    let [old, new] = [find(&reader, settings, &old)?, find(&reader, settings, &new)?];
    if old.folder.is_none() && new.folder.is_none() {
        return Err(history::unknown(settings, &new.branch, Some(new.commit), &new.key));
    }
    // Below the cluster where both have one name; two folders of other names have no common one.
    let changes = log::diff(&reader, old.folder, new.folder, "")?;
    let one_name = old.key.name == new.key.name;
    let below = if one_name { format!("{}/", new.key.name) } else { String::new() };
    let named = |file: FileChange| FileChange { path: format!("{below}{}", file.path), ..file };
    let files: Vec<FileChange> = changes.into_iter().map(FileChange::from).map(named).collect();
    match output {
        Format::Text => {
            console.data(files.iter().map(|file| unified::text(file, console)).collect::<String>())?
        }
        Format::Json => console.data(json(&old, &new, &files))?,
    }
    Ok(if files.is_empty() { Exit::Done } else { Exit::Different })
}

/// The two ends that the arguments name.
fn ends(named: &[Target]) -> Result<(Target, Target), UsageError> {
    let is_range = |target: &Target| target.revision.as_ref().is_some_and(|text| text.contains(".."));
    match named {
        [one] => range(one),
        [_, _] if named.iter().any(is_range) => {
            Err(UsageError("A..B is a pair already; leave the second cluster out".into()))
        }
        [old, new] => Ok((old.clone(), new.clone())),
        _ => Err(UsageError("give one or two revisions".into())),
    }
}

fn range(target: &Target) -> Result<(Target, Target), UsageError> {
    let Target { key, revision } = target;
    let at = |text: &str| {
        let revision = Some(text.to_string()).filter(|text| !text.is_empty());
        Target { key: key.clone(), revision }
    };
    match revision.as_deref() {
        None => Err(UsageError(format!(
            "{key} needs a commit to be compared with: {key}@COMMIT; `promgit history {key}` lists them"
        ))),
        Some(text) if text.contains("...") => {
            Err(UsageError("write two dots: a branch of promgit has one line of commits".into()))
        }
        Some(text) => {
            let (old, new) = text.split_once("..").unwrap_or((text, ""));
            Ok((at(old), at(new)))
        }
    }
}

fn find(reader: &Reader, settings: &Settings, target: &Target) -> anyhow::Result<End> {
    let Target { key, revision } = target;
    let branch = operation::branch_of(settings, &key.namespace)?;
    let Some(tip) = reader.tip(&branch)? else {
        return Err(history::unknown(settings, &branch, None, key));
    };
    let commit = operation::commit(reader, &branch, tip, revision.as_deref())?;
    let folder = reader.entry(commit, &key.name)?.filter(TreeEntry::is_tree).map(|entry| entry.oid);
    Ok(End { key: key.clone(), branch, commit, folder })
}

fn json(old: &End, new: &End, files: &[FileChange]) -> String {
    let end = |end: &End| json!({"cluster": end.key.to_string(), "branch": end.branch, "commit": end.commit.to_string()});
    let files: Vec<_> = files.iter().map(unified::json).collect();
    format!("{}\n", json!({"old": end(old), "new": end(new), "files": files}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revisions(named: &[&str]) -> Result<[Option<String>; 2], String> {
        let named: Vec<Target> = named.iter().map(|text| text.parse().unwrap()).collect();
        let (old, new) = ends(&named).map_err(|error| error.to_string())?;
        Ok([old.revision, new.revision])
    }

    #[test]
    fn ends_are_named_as_git_names_them() {
        let some = |text: &str| Some(text.to_string());
        assert_eq!(revisions(&["n/a@1..2"]), Ok([some("1"), some("2")]));
        assert_eq!(revisions(&["n/a@1.."]), Ok([some("1"), None]));
        assert_eq!(revisions(&["n/a@..2"]), Ok([None, some("2")]));
        assert_eq!(revisions(&["n/a@1"]), Ok([some("1"), None]));
        assert_eq!(revisions(&["n/a@1", "n/b@2"]), Ok([some("1"), some("2")]));
        assert_eq!(revisions(&["n/a", "m/a"]), Ok([None, None]));
        for (named, expected) in [
            (&["n/a"][..], "n/a@COMMIT"),
            (&["n/a@1...2"], "two dots"),
            (&["n/a@1..2", "n/a"], "a pair already"),
        ] {
            assert!(revisions(named).unwrap_err().contains(expected), "{named:?}");
        }
    }
}
