//! Turns two commits into what lies between them.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::oid::Oid;
use super::reader::{ReadError, Reader};

/// The commits that one side holds and the other does not.
#[derive(Debug, PartialEq, Eq)]
pub struct Span {
    /// Oldest first.
    pub commits: Vec<Oid>,
    /// Each is the only parent of the next, so that every beginning of the list is a history of its own.
    pub linear: bool,
}

/// True when `old` is `new` or one of its ancestors. Follows first parents first: there it is found at once.
pub fn is_ancestor(reader: &Reader, old: Oid, new: Oid) -> Result<bool, ReadError> {
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![new]);
    while let Some(mut oid) = waiting.pop() {
        loop {
            if oid == old {
                return Ok(true);
            }
            if !seen.insert(oid) {
                break;
            }
            let mut parents = reader.commit(oid)?.parents.into_iter();
            let first = parents.next();
            waiting.extend(parents);
            match first {
                Some(parent) => oid = parent,
                None => break,
            }
        }
    }
    Ok(false)
}

/// How two commits stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Same,
    /// The second descends from the first.
    Forward,
    /// The first descends from the second.
    Backward,
    /// Each has commits that the other has not.
    Apart,
}

/// Looks from one commit to another: along the first parents of both in step, so that it costs what lies between them; only where
/// that leads to nothing, everywhere.
pub fn relation(reader: &Reader, from: Oid, to: Oid) -> Result<Relation, ReadError> {
    if from == to {
        return Ok(Relation::Same);
    }
    let (mut below_from, mut below_to) = (Some(from), Some(to));
    while below_from.is_some() || below_to.is_some() {
        below_from = first_parent(reader, below_from)?;
        below_to = first_parent(reader, below_to)?;
        if below_to == Some(from) {
            return Ok(Relation::Forward);
        }
        if below_from == Some(to) {
            return Ok(Relation::Backward);
        }
    }
    Ok(match (is_ancestor(reader, from, to)?, is_ancestor(reader, to, from)?) {
        (true, _) => Relation::Forward,
        (_, true) => Relation::Backward,
        _ => Relation::Apart,
    })
}

fn first_parent(reader: &Reader, of: Option<Oid>) -> Result<Option<Oid>, ReadError> {
    of.map_or(Ok(None), |oid| Ok(reader.commit(oid)?.parents.first().copied()))
}

/// The commits of `ours` that `theirs` does not have, along first parents, oldest first: where both part, or all.
pub fn only_ours(reader: &Reader, ours: Oid, theirs: Oid) -> Result<Vec<Oid>, ReadError> {
    let (mut line, mut mine, mut seen) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let (mut below_ours, mut below_theirs) = (Some(ours), Some(theirs));
    let (mut met, mut joined) = (false, false);
    // in step, so that it costs what lies between them
    while !met && (below_ours.is_some() || below_theirs.is_some()) {
        line.extend(below_ours);
        mine.extend(below_ours);
        seen.extend(below_theirs);
        met = below_ours.is_some_and(|oid| seen.contains(&oid))
            || below_theirs.is_some_and(|oid| mine.contains(&oid));
        below_ours = first_parent(reader, below_ours)?;
        let parents = below_theirs.map(|oid| reader.commit(oid)).transpose()?.map(|commit| commit.parents);
        joined |= parents.as_ref().is_some_and(|parents| parents.len() > 1);
        below_theirs = parents.and_then(|parents| parents.first().copied());
    }
    // they may have taken in some of ours
    if !met || joined {
        seen = ancestors(reader, theirs)?;
    }
    let mut ours: Vec<Oid> = line.into_iter().take_while(|oid| !seen.contains(oid)).collect();
    ours.reverse();
    Ok(ours)
}

/// A commit with all that it descends from.
fn ancestors(reader: &Reader, of: Oid) -> Result<BTreeSet<Oid>, ReadError> {
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![of]);
    while let Some(oid) = waiting.pop() {
        if seen.insert(oid) {
            waiting.extend(reader.commit(oid)?.parents);
        }
    }
    Ok(seen)
}

/// The commits of `new` that are neither `old` nor its ancestors; nothing when `new` does not descend from `old`. A commit that is
/// `known` to be on the other side ends the walk as well.
pub fn between(
    reader: &Reader,
    old: Option<Oid>,
    new: Oid,
    known: &BTreeSet<Oid>,
) -> Result<Option<Span>, ReadError> {
    let mut commits = Vec::new();
    // the last commit to send; from there on only the descent is in question
    let mut covered = false;
    let mut next = Some(new);
    while let Some(oid) = next {
        if Some(oid) == old {
            break;
        }
        covered |= known.contains(&oid);
        if covered && old.is_none() {
            break;
        }
        let parents = reader.commit(oid)?.parents;
        if parents.len() > 1 {
            return branched(reader, old, new, known);
        }
        if !covered {
            commits.push(oid);
        }
        next = parents.first().copied();
    }
    if old.is_some() && next.is_none() {
        return Ok(None);
    }
    commits.reverse();
    Ok(Some(Span { commits, linear: true }))
}

/// The same, where there are merges: newest first, both sides at once, until only commits of the other side are left (git
/// `limit_list` in revision.c). Clocks that go backwards may make it list a commit too many, never one too few.
fn branched(
    reader: &Reader,
    old: Option<Oid>,
    new: Oid,
    known: &BTreeSet<Oid>,
) -> Result<Option<Span>, ReadError> {
    if let Some(old) = old
        && !is_ancestor(reader, old, new)?
    {
        return Ok(None);
    }
    let mut walk = Walk { reader, theirs: BTreeMap::new(), queue: BinaryHeap::new(), ours_waiting: 0 };
    if let Some(old) = old {
        walk.add(old, true)?;
    }
    walk.add(new, false)?;
    let mut commits = Vec::new();
    while walk.ours_waiting > 0 {
        let Some((_, oid)) = walk.queue.pop() else { break };
        let theirs = walk.theirs.get(&oid).copied().unwrap_or(false);
        if !theirs {
            walk.ours_waiting -= 1;
            commits.push(oid);
        }
        for parent in reader.commit(oid)?.parents {
            walk.add(parent, theirs || known.contains(&parent))?;
        }
    }
    commits.retain(|oid| walk.theirs.get(oid) == Some(&false));
    commits.reverse();
    Ok(Some(Span { commits, linear: false }))
}

struct Walk<'r> {
    reader: &'r Reader,
    /// Every commit that was seen, and whether the other side has it.
    theirs: BTreeMap<Oid, bool>,
    queue: BinaryHeap<(i64, Oid)>,
    /// Commits of the queue that only our side has, as far as is known.
    ours_waiting: usize,
}

impl Walk<'_> {
    fn add(&mut self, oid: Oid, theirs: bool) -> Result<(), ReadError> {
        match self.theirs.get(&oid) {
            None => {
                self.queue.push((self.reader.commit(oid)?.committer.seconds, oid));
                self.ours_waiting += usize::from(!theirs);
                self.theirs.insert(oid, theirs);
            }
            Some(false) if theirs => {
                let waits = self.queue.iter().any(|(_, waiting)| *waiting == oid);
                self.ours_waiting -= usize::from(waits);
                self.theirs.insert(oid, true);
            }
            Some(_) => {}
        }
        Ok(())
    }
}
