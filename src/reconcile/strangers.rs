//! Changes by hand of a cluster's files turned into who made them: what is overwritten is named.

use super::branch;
use super::footprint::{self, Footprint};
use super::verify::made;
use super::verify::select;
use crate::git::history;
use crate::git::object::{Commit, TreeEntry};
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::trailers::one_line;
use crate::ledger::folder::KUSTOMIZATION;
use crate::ledger::root::{MARKER, Marker, README};

/// Names a commit whose change to our files was overwritten, and its author.
pub const OVERWRITES_TRAILER: &str = "Overwrites";

/// What is ours at the root of a branch.
const ROOTS: [&str; 3] = [MARKER, KUSTOMIZATION, README];

/// Commits that a message names at most; of more it has the number.
const MOST_NAMED: usize = 10;
/// Commits that are looked at with every new cluster: a removal is put right as soon as it is seen. Also where it is likely that
/// nobody changed anything.
pub const MOST_RECENT: usize = 16;
/// Commits that are looked at for them.
pub const MOST_COMMITS: usize = 1_000;

/// Who is named, newest first.
#[derive(Default)]
struct Named {
    lines: Vec<String>,
    more: usize,
    /// There may be still more than that.
    at_least: bool,
}

impl Named {
    fn add(&mut self, oid: Oid, commit: &Commit) {
        if self.lines.len() == MOST_NAMED {
            self.more += 1;
            return;
        }
        let author = &commit.author;
        self.lines.push(one_line(&format!("{} {} <{}>", oid.short(), author.name, author.email)));
    }

    /// `1a2b3c4d5e Jane Doe <jane@example.com>`, and how many more there are that changed `what`.
    fn told(self, what: &str) -> Vec<String> {
        let Named { mut lines, more, at_least } = self;
        if more > 0 {
            let (at_least, s) = (if at_least { "at least " } else { "" }, if more == 1 { "" } else { "s" });
            lines.push(format!("{at_least}{more} more commit{s} that changed {what}"));
        }
        lines
    }
}

/// Stands where a name does, when the history that has it is not here.
fn unknown(cut: Oid) -> String {
    format!("somebody, by {} or a commit before it, which are not here", cut.short())
}

/// The commits below `tip` that changed our files of a cluster since promgit last did, newest first.
pub fn of(reader: &Reader, tip: Oid, cluster: &str) -> Result<Vec<String>, ReadError> {
    Ok(walk(reader, tip, cluster, usize::MAX)?.told(cluster))
}

/// The commits that changed a cluster's files since promgit last did.
#[derive(Default)]
struct Walked {
    found: Named,
    /// The last one that promgit made for it.
    last: Option<Oid>,
    /// The first commit of a history that was not fetched whole, if it may have changed them.
    cut: Option<Oid>,
}

impl Walked {
    fn told(self, cluster: &str) -> Vec<String> {
        let mut told = self.found.told(cluster);
        told.extend(self.cut.map(unknown));
        told
    }
}

/// Looks at so many commits of the branch at most.
fn walk(reader: &Reader, tip: Oid, cluster: &str, most: usize) -> Result<Walked, ReadError> {
    let mut walked = Walked::default();
    let Some(marker) = select::marker(reader, tip)? else { return Ok(walked) };
    let mut left = MOST_COMMITS;
    for entry in history::recent(reader, Some(tip), cluster, most).take(MOST_COMMITS) {
        let (oid, commit) = entry?;
        let by = made::by_promgit(&commit, &marker);
        // the first of a history that was not fetched whole: what it changed nobody can tell, unless it is of this cluster
        if reader.shallow().contains(&oid) {
            let is_known = by.as_deref() == Ok(cluster) || (by.is_ok() && !walked.found.lines.is_empty());
            *(if is_known { &mut walked.last } else { &mut walked.cut }) = Some(oid);
            break;
        }
        if by.is_ok() {
            walked.last = Some(oid);
            break;
        }
        if changes(reader, &commit, cluster)? {
            walked.found.add(oid, &commit);
        }
        left -= 1;
    }
    walked.found.at_least = left == 0;
    Ok(walked)
}

/// What promgit left of a cluster where somebody else has changed it since.
pub struct Left {
    /// What was in its folder.
    pub was: Footprint,
    /// Who changed it, newest first.
    pub by: Vec<String>,
    /// The last generation that was committed.
    pub generation: Option<i64>,
}

/// Who changed our files of a cluster, as far back as so many commits of the branch tell, and what they were before if it is known.
pub fn left(
    reader: &Reader,
    tip: Oid,
    cluster: &str,
    most: usize,
) -> Result<(Vec<String>, Option<Left>), ReadError> {
    let walked = walk(reader, tip, cluster, most)?;
    let Some(last) = walked.last else { return Ok((walked.told(cluster), None)) };
    let was = footprint::at(reader, last, cluster)?;
    // who rebased a commit of promgit's made it theirs, and kept its trailers
    let [last, newest] = [last, tip].map(|from| branch::last_generation(reader, from, cluster));
    let generation = last?.max(newest?);
    Ok((Vec::new(), Some(Left { was, by: walked.told(cluster), generation })))
}

/// What stood in the place of a cluster that the tip has no folder of, if it was not promgit who removed it, lately.
pub fn lost(reader: &Reader, tip: Oid, cluster: &str) -> Result<Option<Left>, ReadError> {
    let Some(marker) = select::marker(reader, tip)? else { return Ok(None) };
    let Some((removal, parent)) = removal(reader, tip, cluster)? else { return Ok(None) };
    let top = on_top(reader, removal, Some(&marker))?;
    // as promgit left it, or as it was when it was last seen
    let last = match top.last {
        Some((last, _)) if !top.strangers.is_empty() => last,
        None if top.cut.is_some() => parent,
        _ => return Ok(None),
    };
    let was = footprint::at(reader, last, cluster)?;
    if was.is_empty() {
        return Ok(None);
    }
    let mut by = top.who(reader, cluster)?;
    if by.is_empty() {
        by.extend(top.cut.map(unknown));
    }
    let generation = branch::last_generation(reader, last, cluster)?;
    Ok(Some(Left { was, by, generation }))
}

/// The newest commit that left nothing in the place of a folder, and its parent.
fn removal(reader: &Reader, tip: Oid, cluster: &str) -> Result<Option<(Oid, Oid)>, ReadError> {
    let (mut oid, mut commit) = (tip, reader.commit(tip)?);
    for _ in 0..MOST_RECENT {
        let Some(parent) = commit.parents.first().filter(|_| !reader.shallow().contains(&oid)) else { break };
        let before = reader.commit(*parent)?;
        if before.tree != commit.tree && reader.entry_in_tree(before.tree, cluster)?.is_some() {
            return Ok(Some((oid, *parent)));
        }
        (oid, commit) = (*parent, before);
    }
    Ok(None)
}

/// Who changed our files of a cluster after promgit last wrote the branch, newest first.
pub fn since(reader: &Reader, tip: Oid, cluster: &str) -> Result<Vec<String>, ReadError> {
    let Some(marker) = select::marker(reader, tip)? else { return Ok(Vec::new()) };
    on_top(reader, tip, Some(&marker))?.who(reader, cluster)
}

/// The commits on top of the last one that promgit made, newest first, and that one.
#[derive(Default)]
struct OnTop {
    strangers: Vec<(Oid, Commit)>,
    last: Option<(Oid, Commit)>,
    /// The first commit of a history that was not fetched whole, where promgit's is before it: what it changed nobody can tell.
    cut: Option<Oid>,
}

impl OnTop {
    fn who(&self, reader: &Reader, cluster: &str) -> Result<Vec<String>, ReadError> {
        let mut found = Named { at_least: self.strangers.len() == MOST_COMMITS, ..Named::default() };
        for (oid, commit) in &self.strangers {
            if changes(reader, commit, cluster)? {
                found.add(*oid, commit);
            }
        }
        Ok(found.told(cluster))
    }
}

fn on_top(reader: &Reader, tip: Oid, marker: Option<&Marker>) -> Result<OnTop, ReadError> {
    let (mut top, mut next) = (OnTop::default(), Some(tip));
    while let Some(oid) = next.filter(|_| top.strangers.len() < MOST_COMMITS) {
        let commit = reader.commit(oid)?;
        if marker.is_some_and(|marker| made::by_promgit(&commit, marker).is_ok()) {
            top.last = Some((oid, commit));
            break;
        }
        if reader.shallow().contains(&oid) {
            top.cut = Some(oid);
            break;
        }
        next = commit.parents.first().copied();
        top.strangers.push((oid, commit));
    }
    Ok(top)
}

/// Whether the history of a branch that is here begins after the last commit of promgit's, so that nobody can tell who changed what.
pub fn is_cut(reader: &Reader, tip: Oid) -> Result<bool, ReadError> {
    if reader.shallow().is_empty() {
        return Ok(false);
    }
    let marker = select::marker(reader, tip)?;
    Ok(on_top(reader, tip, marker.as_ref())?.cut.is_some())
}

/// Files at the root that are not as promgit left them: what each of them is now. Nothing where nobody else has committed since, and all
/// where the history does not go back to a commit of promgit's.
pub fn touched_roots(
    reader: &Reader,
    tip: Oid,
    marker: &Marker,
) -> Result<Vec<(&'static str, Option<TreeEntry>)>, ReadError> {
    touched(reader, tip, &on_top(reader, tip, Some(marker))?)
}

fn touched(
    reader: &Reader,
    tip: Oid,
    top: &OnTop,
) -> Result<Vec<(&'static str, Option<TreeEntry>)>, ReadError> {
    if top.last.as_ref().is_some_and(|(last, _)| *last == tip) {
        return Ok(Vec::new());
    }
    let now = ROOTS.into_iter().zip(roots(reader, reader.commit(tip)?.tree)?);
    let Some((_, last)) = &top.last else { return Ok(now.collect()) };
    let then = roots(reader, last.tree)?;
    Ok(now.zip(then).filter(|((_, now), then)| now != then).map(|(found, _)| found).collect())
}

/// Who changed files at the root that are not as promgit left them. They are written again by the next commit whatever it is about, so
/// those that nobody wrote again stand on top of the branch.
pub fn of_roots(reader: &Reader, tip: Oid, marker: &Marker) -> Result<Vec<String>, ReadError> {
    let top = on_top(reader, tip, Some(marker))?;
    let touched = touched(reader, tip, &top)?;
    let of = |tree| -> Result<Vec<Option<TreeEntry>>, ReadError> {
        touched.iter().map(|(path, _)| reader.entry_in_tree(tree, path)).collect()
    };
    let strangers = top.strangers;
    let mut found = Named { at_least: strangers.len() == MOST_COMMITS, ..Named::default() };
    for (oid, commit) in strangers {
        let Some(parent) = commit.parents.first() else { break };
        if of(commit.tree)? != of(reader.commit(*parent)?.tree)? {
            found.add(oid, &commit);
        }
    }
    Ok(found.told("files at the root"))
}

/// What is said of files at the root that are put right, where the history that has the name is not here.
pub fn unknown_of_roots(reader: &Reader, tip: Oid, marker: &Marker) -> Result<Option<String>, ReadError> {
    let top = on_top(reader, tip, Some(marker))?;
    Ok(top.cut.filter(|_| top.last.is_none()).map(unknown))
}

fn roots(reader: &Reader, tree: Oid) -> Result<Vec<Option<TreeEntry>>, ReadError> {
    ROOTS.iter().map(|path| reader.entry_in_tree(tree, path)).collect()
}

/// Whether a commit changed files of ours, not only some of its author's beside them.
fn changes(reader: &Reader, commit: &Commit, cluster: &str) -> Result<bool, ReadError> {
    let Some(parent) = commit.parents.first() else { return Ok(true) };
    Ok(footprint::at(reader, *parent, cluster)? != footprint::at_tree(reader, commit.tree, cluster)?)
}
