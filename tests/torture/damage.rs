//! A repository that somebody damaged by hand: the message names the file and the way out, what is whole goes on, nothing is
//! lost, and once the file is back the waiting change lands without a restart.

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::bed::{Bed, cluster};

/// What is done to one file.
struct Harm {
    name: &'static str,
    file: fn(&Bed) -> PathBuf,
    damaged: fn(Vec<u8>) -> Vec<u8>,
    /// Part of what the agent says then; `FILE` stands for the path.
    words: &'static [&'static str],
    /// Other branches go on. If not, an agent does not start with it.
    alone: bool,
    /// An agent that runs does not need the file, or has the old one open, and goes on.
    unseen: bool,
}

const HARMS: [Harm; 7] = [
    Harm {
        name: "a branch that is rubbish",
        file: reference,
        damaged: |_| b"rubbish\n".to_vec(),
        words: &["FILE holds no object id", "git update-ref"],
        alone: true,
        unseen: false,
    },
    Harm {
        name: "a branch that is empty",
        file: reference,
        damaged: |_| Vec::new(),
        words: &["FILE holds no object id", "git update-ref"],
        alone: true,
        unseen: false,
    },
    Harm {
        name: "a branch that names nothing",
        file: reference,
        damaged: |_| format!("{}\n", "17".repeat(20)).into_bytes(),
        words: &["object 1717171717171717171717171717171717171717 is not in", "git fsck --full"],
        alone: true,
        unseen: false,
    },
    Harm {
        name: "packed-refs with rubbish",
        file: |bed| bed.repo.join("packed-refs"),
        damaged: |bytes| [bytes, b"rubbish\n".to_vec()].concat(),
        words: &["FILE line", "is not a reference", "from a clone"],
        alone: false,
        unseen: true,
    },
    Harm {
        name: "a pack cut in the middle",
        file: |bed| pack(bed, "pack"),
        damaged: |bytes| bytes[..bytes.len() / 2].to_vec(),
        words: &["FILE", "git fsck --full"],
        alone: true,
        unseen: true,
    },
    Harm {
        name: "a pack of four bytes",
        file: |bed| pack(bed, "pack"),
        damaged: |_| b"PACK".to_vec(),
        words: &["FILE", "git fsck --full"],
        alone: true,
        unseen: true,
    },
    Harm {
        name: "an index of rubbish",
        file: |bed| pack(bed, "idx"),
        damaged: |bytes| bytes.iter().map(|byte| byte ^ 0x55).collect(),
        words: &["FILE", "git index-pack"],
        alone: true,
        unseen: true,
    },
];

/// The branch's loose file.
fn reference(bed: &Bed) -> PathBuf {
    bed.repo.join("refs/heads/deploy/example")
}

/// The pack that the branch's tip is in, or its index.
fn pack(bed: &Bed, extension: &str) -> PathBuf {
    let tip = bed.git(&["rev-parse", "deploy/example"]);
    let folder =
        std::fs::read_dir(bed.repo.join("objects/pack")).unwrap().flatten().map(|entry| entry.path());
    let mut indexes = folder.filter(|path| path.extension().is_some_and(|found| found == "idx"));
    let holds = |path: &PathBuf| bed.git(&["verify-pack", "-v", path.to_str().unwrap()]).contains(tip.trim());
    indexes.find(holds).expect("a pack").with_extension(extension)
}

/// In one step, so that who has the old file open keeps it: git and editors do it so.
fn replace(path: &Path, bytes: &[u8]) {
    let new = path.with_extension("by-hand");
    std::fs::write(&new, bytes).unwrap();
    std::fs::rename(new, path).unwrap();
}

/// Cut in place, as `truncate` does it and no program that writes packs: the agent has the file mapped, and what is left of the
/// page reads as zeros. (Beyond the page the kernel would end the process with SIGBUS: nothing is lost then, either, and a
/// restart says the same.)
#[test]
fn a_pack_that_is_cut_while_it_is_open() {
    let bed = Bed::new();
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let flags = bed.chart("0.1.0", &[("map.yaml", map)]);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    for replicas in 1..3 {
        bed.put("example.yaml", &cluster("example", "simple", &format!("{{replicas: {replicas}}}")));
        assert!(bed.once_into(&bed.repo, &flags).ok);
    }
    let agent = bed.agent(&flags);
    agent.error("nothing to commit");
    let path = pack(&bed, "pack");
    let before = std::fs::read(&path).unwrap();
    assert!(before.len() < 4096, "{}: more than a page", before.len());
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(40).unwrap();
    bed.put("example.yaml", &cluster("example", "simple", "{replicas: 3}"));
    let error = agent.error("example/simple: ");
    assert!(error.contains(path.to_str().unwrap()) && error.contains("git fsck --full"), "{error}");
    assert!(error.ends_with("(it is tried again)"), "{error}");
    file.write_all_at(&before[40..], 40).unwrap();
    agent.commit("example/simple: replicas 2 → 3");
    assert_eq!(agent.stop(), Some(0));
    bed.check();
}

#[test]
fn damage_that_an_agent_runs_into() {
    HARMS.iter().for_each(|harm| run(harm, false));
}

#[test]
fn damage_that_an_agent_starts_with() {
    HARMS.iter().for_each(|harm| run(harm, true));
}

fn run(harm: &Harm, at_start: bool) {
    println!("{}, {}", harm.name, if at_start { "at the start" } else { "meanwhile" });
    let bed = Bed::new();
    for (file, namespace) in [("other.yaml", "other"), ("example.yaml", "example"), ("third.yaml", "third")] {
        bed.put(file, &cluster(namespace, "simple", "{}"));
        bed.settle();
    }
    // each branch has a loose file, and a pack
    bed.put("example.yaml", &cluster("example", "simple", "{replicas: 2}"));
    bed.settle();
    let path = (harm.file)(&bed);
    let before = std::fs::read(&path).unwrap();
    let damage = || replace(&path, &(harm.damaged)(before.clone()));
    let agent = if at_start {
        damage();
        if !harm.alone {
            let said = bed.once();
            assert!(!said.ok && said.out.is_empty());
            holds(harm, &said.err, &path);
            replace(&path, &before);
        }
        bed.agent(&[])
    } else {
        let agent = bed.agent(&[]);
        agent.error("watching");
        agent.error("nothing to commit");
        damage();
        agent
    };
    bed.put("example.yaml", &cluster("example", "simple", "{replicas: 3}"));
    let runs_into = if at_start { harm.alone } else { !harm.unseen };
    if runs_into {
        holds(harm, &agent.error("example/simple: "), &path);
        if harm.alone {
            bed.put("other.yaml", &cluster("other", "simple", "{replicas: 4}"));
            agent.commit("other/simple: replicas 1 → 4");
        }
        assert_eq!(
            std::fs::read(&path).unwrap(),
            (harm.damaged)(before.clone()),
            "somebody else's file is changed"
        );
    }
    if runs_into {
        replace(&path, &before);
    }
    agent.commit("example/simple: replicas 2 → 3");
    if !runs_into && !at_start {
        replace(&path, &before);
    }
    assert_eq!(agent.stop(), Some(0));
    bed.check();
    assert_eq!(bed.settle(), "");
    assert_eq!(bed.lines(&["rev-list", "deploy/example"]).len(), 3);
}

fn holds(harm: &Harm, error: &str, path: &Path) {
    for words in harm.words {
        let words = words.replace("FILE", path.to_str().unwrap());
        assert!(error.contains(&words), "{}: no {words:?} in {error}", harm.name);
    }
}
