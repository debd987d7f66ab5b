//! kill -9 of the agent at any moment, while its folder changes all the time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::bed::{Bed, cluster};

const KILLS: u64 = 50;
const NAMESPACES: u64 = 2;
const NAMES: u64 = 2;

/// A small generator of numbers, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Changes, creates or deletes a cluster.
fn edit(bed: &Bed, random: &mut Random) {
    let (namespace, name) = (random.below(NAMESPACES), random.below(NAMES));
    let file = format!("{namespace}-{name}.yaml");
    if random.below(10) == 0 && bed.source.join(&file).exists() {
        return bed.remove(&file);
    }
    let spec = format!("{{replicas: {}, logLevel: debug}}", 1 + random.below(1000));
    bed.put(&file, &cluster(&format!("n{namespace}"), &format!("c{name}"), &spec));
}

/// Edits for a while, kills, and returns the commit lines that were printed.
fn live_and_die(bed: &Bed, random: &mut Random) -> Vec<String> {
    let mut agent = bed.agent(&[]);
    let mut lines = Vec::new();
    // half of the lives get as far as committing, however busy the machine is; some end while they begin
    if random.below(2) > 0 {
        edit(bed, random);
        lines.extend(agent.out.recv_timeout(Duration::from_secs(20)));
    }
    for _ in 0..1 + random.below(8) {
        edit(bed, random);
        std::thread::sleep(Duration::from_millis(random.below(120)));
    }
    std::thread::sleep(Duration::from_micros(random.below(60_000)));
    agent.child.kill().unwrap();
    agent.child.wait().unwrap();
    lines.extend(agent.out.iter());
    lines
}

#[test]
fn nothing_printed_is_lost_in_fifty_kills() {
    let bed = Bed::new();
    let mut random = Random(7);
    bed.put("anchor.yaml", &cluster("anchor", "anchor", "{}"));
    let mut printed = Vec::new();
    for kill in 0..KILLS {
        printed.extend(live_and_die(&bed, &mut random));
        if kill % 10 == 9 {
            let fsck = bed.try_git(&bed.repo, &["fsck", "--full", "--strict", "--no-dangling"]);
            assert!(fsck.status.success(), "kill {kill}: {}", String::from_utf8_lossy(&fsck.stderr));
        }
    }
    bed.settle();
    bed.check();
    assert!(printed.len() > 20, "only {} commits", printed.len());
    all_reachable(&bed, &printed);
    as_rendered_anew(&bed);
    nothing_twice(&bed);
}

fn all_reachable(bed: &Bed, printed: &[String]) {
    let mut commits: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in printed {
        let [id, branch, _] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { continue };
        let all = commits.entry(branch.into()).or_insert_with(|| bed.lines(&["rev-list", branch]));
        assert!(all.iter().any(|commit| commit.starts_with(id)), "{line} is lost");
    }
}

/// Every branch holds what the folder asks for. A branch whose last cluster went stays, with its root files.
fn as_rendered_anew(bed: &Bed) {
    let fresh = bed.folder.path().join("fresh.git");
    assert!(bed.once_into(&fresh, &[]).ok);
    let trees = bed.refs(&bed.repo, "%(tree)");
    for tree in bed.refs(&fresh, "%(tree)") {
        assert!(trees.contains(&tree), "{tree} not among {trees:?}");
    }
}

/// Each commit changes the folder of its cluster, and counts its generations one by one.
fn nothing_twice(bed: &Bed) {
    for branch in bed.refs(&bed.repo, "") {
        let branch = branch.trim();
        let format = "--format=%H %(trailers:key=Cluster,valueonly,separator=) %(trailers:key=Generation,valueonly,separator=) %s";
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        for line in bed.lines(&["log", "--reverse", format, branch]) {
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            let (key, generation): (&str, u64) = (words[1], words[2].parse().unwrap());
            let folder = key.split('/').nth(1).unwrap();
            let changed = bed.git(&["diff-tree", "--root", "--name-only", "--no-commit-id", words[0]]);
            assert!(changed.lines().any(|name| name == folder), "{line} changes nothing of {folder}");
            let (before, subject) = (last.get(key).copied().unwrap_or(0), words[3]);
            match subject.contains(": deleted") {
                true => drop(last.remove(key)),
                false => drop(last.insert(key.into(), generation)),
            }
            let expected = if subject.contains(": deleted") { before } else { before + 1 };
            assert_eq!(generation, expected, "{branch}: {line}");
        }
    }
}
