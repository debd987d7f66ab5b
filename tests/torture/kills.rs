//! kill -9 at any moment of a flush and of maintenance.

use crate::bed::Bed;
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

fn kill_again_and_again(random: Random, times: usize) -> Vec<&'static str> {
    let bed = Bed::new();
    let mut lives = Lives::begin(&bed, &[], random);
    for _ in 0..times {
        lives.live(|agent| {
            agent.child.kill().unwrap();
            agent.child.wait().unwrap();
        });
        lives.check();
    }
    lives.conclude();
    lives.hits.0.keys().copied().collect()
}
