//! The power goes at any moment: what was not fsynced is lost.

use tempfile::TempDir;

use crate::bed::Bed;
use crate::disk::{Disk, OPTIONS};
use crate::extent;
use crate::life::Lives;
use crate::random::Random;

#[test]
fn power_cuts_lose_nothing_and_repeat_nothing() {
    let mut random = extent::random("power");
    for options in OPTIONS {
        cut_again_and_again(options, Random(random.next()), extent::times(2, 20));
    }
}

fn cut_again_and_again(options: &'static str, random: Random, times: usize) {
    let mut bed = Bed::new();
    let Some(disk) = Disk::new(bed.folder.path(), options) else { return };
    bed.repo = disk.path.join("deploy.git");
    let mut lives = Lives::begin(&bed, &[], random);
    for _ in 0..times {
        let switch = disk.switch();
        lives.live(|agent| {
            switch.cut();
            agent.child.kill().unwrap();
            agent.child.wait().unwrap();
        });
        disk.unmount();
        disk.mount();
        lives.check();
    }
    lives.conclude();
    println!("{options}: {times} power cuts");
}

/// The cut is one: without this, the test above would prove nothing.
#[test]
fn what_was_not_made_durable_is_lost() {
    for options in OPTIONS {
        let folder = TempDir::new().unwrap();
        let Some(disk) = Disk::new(folder.path(), options) else { return };
        let path = |name: &str| disk.path.join(name);
        std::fs::write(path("kept"), "kept").unwrap();
        std::fs::File::open(path("kept")).unwrap().sync_all().unwrap();
        std::fs::File::open(&disk.path).unwrap().sync_all().unwrap();
        std::fs::write(path("lost"), "lost").unwrap();
        std::fs::rename(path("kept"), path("renamed")).unwrap();
        disk.switch().cut();
        disk.unmount();
        disk.mount();
        assert_eq!(std::fs::read_to_string(path("kept")).unwrap(), "kept");
        assert!(!path("lost").exists() && !path("renamed").exists(), "{options}");
    }
}
