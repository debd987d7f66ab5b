//! The same commits by the git command line: one worktree, and for every commit switch, write, add, commit.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use promgit::git::reader::Reader;

use crate::bed::{Bed, namespace};
use crate::process;

/// The files of a branch's tip.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Files of the first `count` branches of a repository that promgit wrote.
pub fn tips(repository: &Path, count: usize) -> Vec<Files> {
    let reader = Reader::open(repository).expect("the repository opens");
    let files = |number: usize| {
        let tip = reader.tip(&branch(number)).expect("a readable branch").expect("a branch");
        let tree = reader.commit(tip).expect("a commit").tree;
        let listed = reader.list(tree).expect("a tree").into_iter();
        listed.map(|(path, entry)| (path, reader.blob(entry.oid).expect("a file"))).collect()
    };
    (0..count).map(files).collect()
}

/// A repository with a worktree.
pub struct Worktree<'a> {
    bed: &'a Bed,
    folder: PathBuf,
}

impl<'a> Worktree<'a> {
    pub fn new(bed: &'a Bed) -> Worktree<'a> {
        let folder = bed.folder("worktree");
        process::run(bed.git(&folder).args(["init", "--quiet"]));
        Worktree { bed, folder }
    }

    /// Commits each set of files to its branch, `new` or there already; returns the time of all.
    pub fn commit(&self, all: &[Files], new: bool) -> Duration {
        let start = Instant::now();
        for (number, files) in all.iter().enumerate() {
            let how = if new { "--orphan" } else { "--force" };
            self.git(&["checkout", "--quiet", how, &branch(number)]);
            if new && number > 0 {
                self.git(&["rm", "-r", "--force", "--quiet", "."]);
            }
            for (path, bytes) in files {
                let path = self.folder.join(path);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                fs::write(path, bytes).expect("a file");
            }
            self.git(&["add", "--all"]);
            self.git(&["commit", "--quiet", "--message", "change"]);
        }
        start.elapsed()
    }

    fn git(&self, arguments: &[&str]) {
        process::run(self.bed.git(&self.folder).args(arguments));
    }
}

fn branch(number: usize) -> String {
    format!("deploy/{}", namespace(number))
}
