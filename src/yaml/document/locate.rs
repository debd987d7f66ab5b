//! A path into a document to the line, from 0, on which the thing stands.

use crate::yaml::tree::{Shape, Tree};

/// `None` when the path cannot be read; the line of the last part that exists otherwise.
pub(super) fn find(tree: &Tree, path: &str) -> Option<usize> {
    let mut place = 0;
    let mut line = tree.nodes[0].mark.line;
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    loop {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            return Some(line);
        }
        let (step, tail) = next_step(rest)?;
        let (found, tail) = match step {
            Step::Index(index) => (item(tree, place, index).map(|item| (item, item)), tail),
            Step::Key(key) => (mapping_entry(tree, place, key), tail),
            Step::Bare => entry_of_path(tree, place, rest)?,
        };
        let Some((at, target)) = found else {
            return Some(line);
        };
        (line, place, rest) = (tree.nodes[at].mark.line, target, tail);
    }
}

enum Step<'p> {
    Index(usize),
    /// In brackets and quotes.
    Key(&'p str),
    /// Up to a dot or bracket, perhaps further.
    Bare,
}

fn next_step(path: &str) -> Option<(Step<'_>, &str)> {
    let Some(inside) = path.strip_prefix('[') else {
        return Some((Step::Bare, path));
    };
    for quote in ['"', '\''] {
        if let Some(text) = inside.strip_prefix(quote) {
            let (key, tail) = text.split_once(quote)?;
            return Some((Step::Key(key), tail.strip_prefix(']')?));
        }
    }
    let (index, tail) = inside.split_once(']')?;
    Some((Step::Index(index.parse().ok()?), tail))
}

/// The place that names an entry or item, and the place of its value.
type Found = Option<(usize, usize)>;

/// The entry whose key the path begins with; of several, the longest key.
fn entry_of_path<'p>(tree: &Tree, place: usize, path: &'p str) -> Option<(Found, &'p str)> {
    let ends = path.match_indices(['.', '[']).map(|(end, _)| end).filter(|end| *end > 0);
    let mut ends: Vec<usize> = ends.chain([path.len()]).collect();
    let first = *ends.first()?;
    ends.reverse();
    let found = ends.into_iter().find_map(|end| Some((mapping_entry(tree, place, &path[..end])?, &path[end..])));
    Some(found.map_or((None, &path[first..]), |(entry, tail)| (Some(entry), tail)))
}

fn mapping_entry(tree: &Tree, place: usize, key: &str) -> Found {
    let is_mapping = tree.nodes[tree.resolve(place)].shape == Shape::Mapping;
    is_mapping.then(|| entry(tree, place, key)).flatten()
}

/// How many mappings are looked through for one key: merges may lead through each other without end.
const MAX_MERGES: usize = 100;

fn entry(tree: &Tree, place: usize, key: &str) -> Found {
    let mut pending = vec![place];
    for _ in 0..MAX_MERGES {
        let place = tree.resolve(pending.pop()?);
        if tree.nodes[place].shape == Shape::Sequence {
            pending.extend(tree.children(place));
            continue;
        }
        if tree.nodes[place].shape != Shape::Mapping {
            continue;
        }
        let children: Vec<usize> = tree.children(place).collect();
        let mut pairs = children.chunks_exact(2);
        if let Some(pair) = pairs.find(|pair| tree.text(&tree.nodes[pair[0]]) == key.as_bytes()) {
            return Some((pair[0], pair[1]));
        }
        let merges = children.chunks_exact(2).filter(|pair| tree.is_merge(pair[0]));
        pending = merges.map(|pair| pair[1]).chain(pending).collect();
    }
    None
}

fn item(tree: &Tree, place: usize, index: usize) -> Option<usize> {
    let place = tree.resolve(place);
    let is_list = tree.nodes[place].shape == Shape::Sequence;
    is_list.then(|| tree.children(place).nth(index)).flatten()
}
