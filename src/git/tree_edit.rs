//! Turns a base tree and a list of edits into the trees that change, without writing anything.

use std::collections::BTreeMap;

use super::object::{MODE_FILE, MODE_TREE, TreeEntry, encode_tree, order};
use super::oid::{Kind, Oid, blob_id, object_id};
use super::path::{PathError, carried, components};

/// One change to the files of a branch. A list of edits is applied in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The file has this content from now on.
    Put { path: String, bytes: Vec<u8> },
    /// What another commit has at a path stands at this one: a file with its mode, a link, a submodule, a whole folder.
    Place { path: String, mode: u32, oid: Oid },
    /// The file, or the folder with everything below it, is gone; fine where there was nothing.
    Remove { path: String },
}

/// Edits that do not fit the tree they are applied to.
#[derive(Debug, thiserror::Error)]
pub enum EditError<E> {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("{path:?} cannot be written: {taken:?} is a file; remove it in the same commit")]
    FileInTheWay { path: String, taken: String },
    #[error("{path:?} cannot be written: it is a folder with files in it; remove it in the same commit")]
    FolderInTheWay { path: String },
    #[error(transparent)]
    Read(E),
}

/// What a list of edits amounts to.
#[derive(Debug, PartialEq, Eq)]
pub struct Planned {
    /// The root tree afterwards; [`Oid::EMPTY_TREE`] when no file is left.
    pub root: Oid,
    /// Trees that the base did not have at their place, children before parents.
    pub trees: Vec<(Oid, Vec<u8>)>,
    /// Files that changed: id, and index of the edit that holds the bytes.
    pub blobs: Vec<(Oid, usize)>,
}

/// What is put at a path.
#[derive(Clone, Copy)]
struct Leaf {
    mode: u32,
    oid: Oid,
    /// The edit that holds its bytes; nothing for what the repository has.
    edit: Option<usize>,
}

/// What the edits say about one path: forget what the base has there, put a file, go on below.
#[derive(Default)]
struct Node {
    cleared: bool,
    file: Option<Leaf>,
    below: BTreeMap<String, Node>,
}

impl Node {
    fn puts(&self) -> bool {
        self.file.is_some() || self.below.values().any(Node::puts)
    }
}

/// Plans the edits on the tree `base` (nothing: an empty branch); `read` gives the entries of a tree of the base.
pub fn plan<E>(
    base: Option<Oid>,
    edits: &[Edit],
    read: &mut dyn FnMut(Oid) -> Result<Vec<TreeEntry>, E>,
) -> Result<Planned, EditError<E>> {
    let mut root = Node::default();
    for (index, edit) in edits.iter().enumerate() {
        match edit {
            Edit::Put { path, bytes } => put(&mut root, path, Leaf::of(bytes, index))?,
            Edit::Place { path, mode, oid } => {
                put(&mut root, path, Leaf { mode: *mode, oid: *oid, edit: None })?;
            }
            Edit::Remove { path } => remove(&mut root, path)?,
        }
    }
    let mut planner = Planner { read, path: String::new(), trees: Vec::new(), blobs: Vec::new() };
    let tree = planner.folder(base, &root)?;
    if tree.is_none() && base != Some(Oid::EMPTY_TREE) {
        planner.trees.push((Oid::EMPTY_TREE, Vec::new()));
    }
    Ok(Planned { root: tree.unwrap_or(Oid::EMPTY_TREE), trees: planner.trees, blobs: planner.blobs })
}

impl Leaf {
    fn of(bytes: &[u8], index: usize) -> Leaf {
        Leaf { mode: MODE_FILE, oid: blob_id(bytes), edit: Some(index) }
    }
}

fn put<E>(root: &mut Node, path: &str, file: Leaf) -> Result<(), EditError<E>> {
    let names = if file.edit.is_some() { components(path)? } else { carried(path)? };
    let mut node = root;
    for (depth, name) in names.iter().enumerate() {
        if node.file.is_some() {
            return Err(EditError::FileInTheWay { path: path.to_owned(), taken: names[..depth].join("/") });
        }
        node = node.below.entry((*name).to_owned()).or_default();
    }
    if node.below.values().any(Node::puts) {
        return Err(EditError::FolderInTheWay { path: path.to_owned() });
    }
    node.file = Some(file);
    Ok(())
}

fn remove(root: &mut Node, path: &str) -> Result<(), PathError> {
    let mut node = root;
    for name in carried(path)? {
        if node.file.is_some() {
            return Ok(());
        }
        node = node.below.entry(name.to_owned()).or_default();
    }
    *node = Node { cleared: true, ..Node::default() };
    Ok(())
}

struct Planner<'a, E> {
    read: &'a mut dyn FnMut(Oid) -> Result<Vec<TreeEntry>, E>,
    path: String,
    trees: Vec<(Oid, Vec<u8>)>,
    blobs: Vec<(Oid, usize)>,
}

impl<E> Planner<'_, E> {
    /// The tree of a folder after the edits of `node`; nothing when it ends up empty. Recursion ends at
    /// [`super::path::MAX_DEPTH`], which bounds every edit's path.
    fn folder(&mut self, base: Option<Oid>, node: &Node) -> Result<Option<Oid>, EditError<E>> {
        let before = match base.filter(|_| !node.cleared) {
            Some(oid) => (self.read)(oid).map_err(EditError::Read)?,
            None => Vec::new(),
        };
        let mut entries: BTreeMap<Vec<u8>, TreeEntry> =
            before.into_iter().map(|e| (e.name.clone(), e)).collect();
        for (name, child) in &node.below {
            let parent = self.path.len();
            self.path.push_str(if parent == 0 { "" } else { "/" });
            self.path.push_str(name);
            let after = self.entry(entries.get(name.as_bytes()), child)?;
            self.path.truncate(parent);
            match after {
                Some((mode, oid)) => {
                    let name = name.clone().into_bytes();
                    entries.insert(name.clone(), TreeEntry { mode, name, oid });
                }
                None => drop(entries.remove(name.as_bytes())),
            }
        }
        Ok(self.tree(base, entries.into_values().collect()))
    }

    fn tree(&mut self, base: Option<Oid>, mut entries: Vec<TreeEntry>) -> Option<Oid> {
        if entries.is_empty() {
            return None;
        }
        entries.sort_by(order);
        let bytes = encode_tree(&entries);
        let oid = object_id(Kind::Tree, &bytes);
        if base != Some(oid) {
            self.trees.push((oid, bytes));
        }
        Some(oid)
    }

    /// What stands at one name afterwards: mode and id, or nothing.
    fn entry(&mut self, old: Option<&TreeEntry>, node: &Node) -> Result<Option<(u32, Oid)>, EditError<E>> {
        let old = old.filter(|_| !node.cleared);
        if let Some(old) = old.filter(|old| !old.is_tree()) {
            return self.over_file(old, node);
        }
        let untouched = node.below.is_empty() && !node.cleared;
        let folder = match old {
            Some(old) if untouched => Some(old.oid),
            _ => self.folder(old.map(|old| old.oid), node)?,
        };
        match (node.file, folder) {
            (Some(_), Some(_)) => Err(EditError::FolderInTheWay { path: self.path.clone() }),
            (Some(file), None) => {
                self.blobs.extend(file.edit.map(|index| (file.oid, index)));
                Ok(Some((file.mode, file.oid)))
            }
            (None, folder) => Ok(folder.map(|oid| (MODE_TREE, oid))),
        }
    }

    fn over_file(&mut self, old: &TreeEntry, node: &Node) -> Result<Option<(u32, Oid)>, EditError<E>> {
        let Some(file) = node.file else {
            if let Some((name, _)) = node.below.iter().find(|(_, child)| child.puts()) {
                let path = format!("{}/{name}", self.path);
                return Err(EditError::FileInTheWay { path, taken: self.path.clone() });
            }
            return Ok(Some((old.mode, old.oid)));
        };
        if (old.mode, old.oid) != (file.mode, file.oid) {
            self.blobs.extend(file.edit.map(|index| (file.oid, index)));
        }
        Ok(Some((file.mode, file.oid)))
    }
}

/// The id of the tree that holds exactly these files, without a repository: two equal ids mean nothing to write.
pub fn tree_id<B: AsRef<[u8]>>(
    files: &BTreeMap<String, B>,
) -> Result<Oid, EditError<std::convert::Infallible>> {
    let mut root = Node::default();
    for (index, (path, bytes)) in files.iter().enumerate() {
        put(&mut root, path, Leaf::of(bytes.as_ref(), index))?;
    }
    let read = &mut |_| Ok(Vec::new());
    let mut planner = Planner { read, path: String::new(), trees: Vec::new(), blobs: Vec::new() };
    Ok(planner.folder(None, &root)?.unwrap_or(Oid::EMPTY_TREE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn edit(path: &str, bytes: Option<&str>) -> Edit {
        let path = path.to_owned();
        match bytes {
            Some(bytes) => Edit::Put { path, bytes: bytes.into() },
            None => Edit::Remove { path },
        }
    }

    fn plan_new(edits: &[Edit]) -> Result<Planned, EditError<Infallible>> {
        plan(None, edits, &mut |_| Ok(Vec::new()))
    }

    #[test]
    fn ids_are_those_of_git() {
        // git init; mkdir d; echo hello > a; echo hello > d/b; git add .; git write-tree
        let files = BTreeMap::from([("a".to_owned(), "hello\n"), ("d/b".to_owned(), "hello\n")]);
        assert_eq!(tree_id(&files).unwrap().to_string(), "289e1b814b92c9a9efb807b9ec4afa28cfa0fb64");
        assert_eq!(tree_id(&BTreeMap::<String, Vec<u8>>::new()).unwrap(), Oid::EMPTY_TREE);
    }

    #[test]
    fn a_list_of_edits_is_a_sequence() {
        let one = plan_new(&[edit("a/b", Some("1"))]).unwrap().root;
        let replaced =
            [edit("a", Some("x")), edit("a", None), edit("a/b", Some("0")), edit("a/b", Some("1"))];
        assert_eq!(plan_new(&replaced).unwrap().root, one);
        assert_eq!(plan_new(&[edit("a/b", Some("1")), edit("a", None)]).unwrap().root, Oid::EMPTY_TREE);
        assert_eq!(plan_new(&[edit("a/b", Some("1")), edit("a/b/c", None)]).unwrap().root, one);
    }

    #[test]
    fn what_is_there_can_be_placed_elsewhere() {
        let folder = plan_new(&[edit("x", Some("1"))]).unwrap().root;
        let place = Edit::Place { path: "a".into(), mode: MODE_TREE, oid: folder };
        let whole = plan_new(&[edit("a/x", Some("1"))]).unwrap();
        let placed = plan_new(&[place]).unwrap();
        assert_eq!((placed.root, placed.blobs), (whole.root, vec![]));
        let place = Edit::Place { path: "a".into(), mode: 0o100_755, oid: blob_id(b"1") };
        assert_ne!(plan_new(&[place]).unwrap().root, plan_new(&[edit("a", Some("1"))]).unwrap().root);
    }

    #[test]
    fn a_file_and_a_folder_never_share_a_name() {
        let error = plan_new(&[edit("a", Some("1")), edit("a/b/c", Some("1"))]).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#""a/b/c" cannot be written: "a" is a file; remove it in the same commit"#
        );
        let error = plan_new(&[edit("a/b", Some("1")), edit("a", Some("1"))]).unwrap_err();
        assert!(matches!(error, EditError::FolderInTheWay { .. }));
    }
}
