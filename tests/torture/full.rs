//! No space, no inodes, no right to write: said with the file's name and the way out, and over when the cause is.

use std::path::Path;

use crate::bed::{Bed, Running, cluster};
use crate::disk::Mounted;

/// An agent with one commit, in a repository below `disk`, whose mount `options` describe.
fn begin(options: &str) -> Option<(Bed, Mounted, Running)> {
    let mut bed = Bed::new();
    let disk = bed.folder.path().join("disk");
    let mounted = Mounted::tmpfs(&disk, options)?;
    bed.repo = disk.join("deploy.git");
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    let agent = bed.agent(&[]);
    agent.commit("created");
    Some((bed, mounted, agent))
}

/// The next change fails with all these words, and is tried again.
fn fails(bed: &Bed, agent: &Running, words: &[&str]) {
    bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 2}"));
    let error = agent.error("example/simple: ");
    for word in words {
        assert!(error.contains(word), "no {word:?} in {error}");
    }
    assert!(error.ends_with("(it is tried again)"), "{error}");
}

/// It is committed now, by the same process, once; and the next agent finds everything as it should be.
fn lands(bed: &Bed, agent: Running) {
    agent.commit("replicas 1 → 2");
    assert_eq!(agent.stop(), Some(0));
    bed.check();
    assert_eq!(bed.settle(), "");
    assert_eq!(bed.lines(&["rev-list", "deploy/example"]).len(), 2);
}

/// Writes until nothing more fits.
fn fill(path: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(path).unwrap();
    while file.write_all(&[0; 1024]).is_ok() {}
}

#[test]
fn a_full_disk() {
    let Some((bed, _mounted, agent)) = begin("size=1m") else { return };
    let ballast = bed.repo.with_file_name("ballast");
    fill(&ballast);
    fails(&bed, &agent, &["objects/pack/tmp_pack_promgit_", "No space left on device", "free space"]);
    std::fs::remove_file(ballast).unwrap();
    lands(&bed, agent);
}

#[test]
fn a_disk_without_inodes() {
    let Some((bed, _mounted, agent)) = begin("size=8m,nr_inodes=200") else { return };
    let crowd = bed.repo.with_file_name("crowd");
    std::fs::create_dir(&crowd).unwrap();
    let made = (0..).take_while(|number| std::fs::write(crowd.join(number.to_string()), "").is_ok()).count();
    assert!((1..200).contains(&made), "{made}");
    fails(&bed, &agent, &["objects/pack/tmp_pack_promgit_", "No space left on device", "inodes", "df -i"]);
    std::fs::remove_dir_all(crowd).unwrap();
    lands(&bed, agent);
}

#[test]
fn a_disk_that_turns_read_only() {
    for folder in ["objects", "refs"] {
        let Some((bed, _mounted, agent)) = begin("size=8m") else { return };
        let Some(read_only) = Mounted::read_only(&bed.repo.join(folder)) else { return };
        fails(
            &bed,
            &agent,
            &[&format!("deploy.git/{folder}/"), "Read-only file system", "mount it writable"],
        );
        drop(read_only);
        lands(&bed, agent);
    }
}
