//! A path turned into the place that it leads to, however it is written.

use std::ffi::OsString;
use std::fs::{Metadata, metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path};

/// Where a path leads: the folder in which what exists of it ends, and the names below it that do not exist yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    device: u64,
    inode: u64,
    rest: Vec<OsString>,
}

impl Place {
    /// Follows links, and looks through `.`, `..`, doubled slashes and mounts; nothing where nobody may look.
    pub fn of(path: &Path) -> Option<Place> {
        let here =
            |path: &Path| metadata(if path.as_os_str().is_empty() { Path::new(".") } else { path }).ok();
        let (found, end) = path.ancestors().find_map(|end| Some((here(end)?, end)))?;
        let mut rest = Vec::new();
        for part in path.strip_prefix(end).ok()?.components() {
            match part {
                Component::Normal(name) => rest.push(name.to_owned()),
                Component::ParentDir => drop(rest.pop()),
                _ => {}
            }
        }
        Some(Place { device: found.dev(), inode: found.ino(), rest })
    }
}

/// Whether reading it could wait for somebody, or never end.
pub fn is_special(found: &Metadata) -> bool {
    !found.is_file() && !found.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("real/there.git")).unwrap();
        std::os::unix::fs::symlink(root.join("real"), root.join("link")).unwrap();
        let place = |path: &str| Place::of(&root.join(path)).unwrap();
        for (one, other, same) in [
            ("real/there.git", "real/./there.git", true),
            ("real/there.git", "real//there.git/", true),
            ("real/there.git", "link/there.git", true),
            ("real/there.git", "real/../link/there.git", true),
            ("real/new.git", "link/new.git/", true),
            ("real/new.git", "link/x/../new.git", true),
            ("new/a/b", "./new/./a//b", true),
            ("real/there.git", "real/there", false),
            ("real/there.git", "real/There.git", false),
            ("real/new.git", "real/there.git/new.git", false),
            ("new/a/b", "new/b", false),
            ("real", "real/new.git", false),
        ] {
            assert_eq!(place(one) == place(other), same, "{one} {other}");
        }
        assert_eq!(Place::of(Path::new("no.git")), Place::of(Path::new("./no.git/")));
        assert_eq!(
            Place::of(Path::new("no.git")),
            Place::of(&std::fs::canonicalize(".").unwrap().join("no.git"))
        );
    }
}
