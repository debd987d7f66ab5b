//! kill -9 at any moment of a flush, of maintenance and of a push.

use promgit::git::consolidate::MAX_PACKS;

use crate::aim::{self, Found};
use crate::bed::{Bed, cluster};
use crate::extent;
use crate::life::Lives;
use crate::random::Random;

/// Two agents die side by side: a busy machine ends elsewhere than a quiet one.
const LANES: usize = 2;

#[test]
fn kills_lose_nothing_and_repeat_nothing() {
    let mut random = extent::random("kills");
    let times = extent::times(8, 110);
    let struck: Vec<_> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|_| {
                let random = Random(random.next());
                scope.spawn(move || kill_again_and_again(random, times))
            })
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    });
    if extent::is_full() {
        for what in
            ["maintenance: copying", "maintenance: removing", "a pack half written", "a reference locked"]
        {
            assert!(struck.contains(&what), "never struck: {what}");
        }
    }
}

/// An agent that was killed in maintenance left packs; one that dies there again and again must not leave more each time.
#[test]
fn maintenance_that_was_cut_short_comes_before_the_first_flush() {
    let bed = Bed::new();
    bed.put("a.yaml", &cluster("a", "a", "{}"));
    bed.settle();
    aim::seed_to(MAX_PACKS + 5, &bed.repo, &mut Random(1));
    // nothing changed, so nothing is flushed
    assert_eq!(bed.settle(), "");
    assert!(Found::look(&bed.repo).packs < MAX_PACKS, "{} packs", Found::look(&bed.repo).packs);
    bed.check();
}

/// What was told is on the remote, which git made and checks itself.
#[test]
fn kills_while_it_pushes_lose_nothing_and_repeat_nothing() {
    let bed = Bed::new();
    let remote = bed.folder.path().join("origin.git");
    let remote = remote.to_str().unwrap();
    bed.git_in(bed.folder.path(), &["init", "-q", "--bare", remote]);
    let flags = ["--remote", remote];
    let mut lives = Lives::begin(&bed, &flags, extent::random("pushes"));
    kill(&mut lives, extent::times(4, 40));
    let origin = std::path::Path::new(remote);
    assert_eq!(bed.refs(&bed.repo, "%(objectname)"), bed.refs(origin, "%(objectname)"));
    bed.git_in(origin, &["fsck", "--full", "--strict"]);
}

fn kill_again_and_again(random: Random, times: usize) -> Vec<&'static str> {
    let bed = Bed::new();
    let mut lives = Lives::begin(&bed, &[], random);
    kill(&mut lives, times);
    lives.hits.0.keys().copied().collect()
}

fn kill(lives: &mut Lives<'_>, times: usize) {
    for _ in 0..times {
        lives.live(|agent| {
            agent.child.kill().unwrap();
            agent.child.wait().unwrap();
        });
        lives.check();
    }
    lives.conclude();
}
