//! A life of an agent whose folder changes all the time, its violent end, and what must be true of the ledger afterwards.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::aim::{self, Aim, Found, Hits};
use crate::bed::{Bed, Running, cluster};
use crate::random::Random;

const NAMESPACES: usize = 2;
const NAMES: usize = 2;
/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One agent after the other on the same repository.
pub struct Lives<'a> {
    pub bed: &'a Bed,
    /// Flags of every agent beside folder and repository: `--config FILE` for one with a remote, say.
    pub args: &'a [&'a str],
    pub random: Random,
    /// All that the agents ever said to be committed.
    pub printed: Vec<String>,
    pub hits: Hits,
    lives: usize,
}

impl<'a> Lives<'a> {
    /// The repository is made.
    pub fn begin(bed: &'a Bed, args: &'a [&'a str], random: Random) -> Lives<'a> {
        bed.put("anchor.yaml", &cluster("anchor", "anchor", "{}"));
        assert!(bed.once_into(&bed.repo, args).ok);
        Lives { bed, args, random, printed: Vec::new(), hits: Hits::default(), lives: 0 }
    }

    /// A life that starts just below maintenance, proves that the next change lands, and is ended by `end`.
    pub fn live(&mut self, end: impl FnOnce(&mut Running)) {
        self.lives += 1;
        aim::seed(&self.bed.repo, &mut self.random);
        let mut agent = self.bed.agent(self.args);
        // some end while they begin
        if !self.random.one_in(6) {
            self.edit();
            self.beat(&agent);
            // that was followed by maintenance: this one is to be, too
            aim::seed(&self.bed.repo, &mut self.random);
            for _ in 0..1 + self.random.below(4) {
                self.edit();
            }
        }
        let aim = Aim::ALL[self.random.below(Aim::ALL.len())];
        aim.wait(&self.bed.repo, &mut self.random);
        end(&mut agent);
        self.printed.extend(agent.out.iter());
        self.hits.add(&Found::look(&self.bed.repo));
    }

    /// Changes a cluster and waits until that is committed.
    fn beat(&mut self, agent: &Running) {
        let spec = format!("{{externalLabels: {{life: \"{}\"}}}}", self.lives);
        self.bed.put("beat.yaml", &cluster("n0", "beat", &spec));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = agent.out.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let Ok(line) = line else {
                panic!("life {}: no commit: {:#?}", self.lives, agent.err.try_iter().collect::<Vec<_>>())
            };
            let landed = line.contains(" n0/beat: ");
            self.printed.push(line);
            if landed {
                return;
            }
        }
    }

    /// Changes, creates or deletes a cluster.
    fn edit(&mut self) {
        let (namespace, name) = (self.random.below(NAMESPACES), self.random.below(NAMES));
        let file = format!("{namespace}-{name}.yaml");
        if self.random.one_in(10) && self.bed.source.join(&file).exists() {
            return self.bed.remove(&file);
        }
        let spec = format!("{{replicas: {}, logLevel: debug}}", 1 + self.random.below(1000));
        self.bed.put(&file, &cluster(&format!("n{namespace}"), &format!("c{name}"), &spec));
    }

    /// git has nothing to say against the repository, and knows every commit that was ever acknowledged.
    pub fn check(&self) {
        let found = Found::look(&self.bed.repo);
        assert!(found.packs <= 50, "life {}: {} packs", self.lives, found.packs);
        let fsck = self.bed.try_git(&self.bed.repo, &["fsck", "--full", "--strict", "--no-dangling"]);
        let said = String::from_utf8_lossy(&fsck.stderr);
        assert!(fsck.status.success(), "life {}: {said}", self.lives);
        self.all_reachable();
    }

    /// Everything that the folder asks for is committed once, and nothing else.
    pub fn conclude(&self) {
        let said = self.bed.once_into(&self.bed.repo, self.args);
        assert!(said.ok, "{}{}", said.out, said.err);
        self.bed.check();
        self.all_reachable();
        self.as_rendered_anew();
        self.nothing_twice();
        println!("{} lives, {} commits told, struck: {:?}", self.lives, self.printed.len(), self.hits.0);
    }

    fn all_reachable(&self) {
        let mut commits: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in &self.printed {
            let [id, branch, _] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { continue };
            let all = commits.entry(branch.into()).or_insert_with(|| self.bed.lines(&["rev-list", branch]));
            assert!(all.iter().any(|commit| commit.starts_with(id)), "life {}: {line} is lost", self.lives);
        }
    }

    /// Every branch holds what the folder asks for. A branch whose last cluster went stays, with its root files.
    fn as_rendered_anew(&self) {
        let fresh = self.bed.folder.path().join("fresh.git");
        assert!(self.bed.once_into(&fresh, &[]).ok);
        let trees = self.bed.refs(&self.bed.repo, "%(tree)");
        for tree in self.bed.refs(&fresh, "%(tree)") {
            assert!(trees.contains(&tree), "{tree} not among {trees:?}");
        }
    }

    /// Each commit changes the folder of its cluster, and counts its generations one by one.
    fn nothing_twice(&self) {
        let bed = self.bed;
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
}
