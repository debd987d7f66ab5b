//! kill -9 at any moment: the test runs itself as a child that commits and says what was acknowledged.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use promgit::git::{Batch, Oid, Options, Outcome, Store, consolidate};

use crate::bed::{Bed, put, spec};

const ROLE: &str = "PROMGIT_TEST_CHILD";
const REPO: &str = "PROMGIT_TEST_REPO";

/// This test binary as a child with that role.
pub fn child(role: &str, repo: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["crash::the_child", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role).env(REPO, repo);
    command
}

/// Does nothing unless this process is a child of another test.
#[test]
fn the_child() {
    let (Ok(role), Some(repo)) = (std::env::var(ROLE), std::env::var_os(REPO).map(PathBuf::from)) else {
        return;
    };
    match role.as_str() {
        "once" => drop(flush(&repo, 1, 1)),
        "big" => flush(&repo, 20, 400).unwrap_or_else(|error| println!("ERROR {error}")),
        seed => work(&repo, seed.parse().unwrap()),
    }
}

fn flush(repo: &Path, branches: usize, size: usize) -> Result<(), String> {
    let mut store = Store::open(repo, &Options::default()).map_err(|e| e.to_string())?;
    let mut batch = Batch::begin(&mut store).map_err(|e| e.to_string())?;
    for i in 0..branches {
        let name = if i == 0 { "once".to_owned() } else { format!("once{i}") };
        let text: String =
            (0..size * 100).map(|k| format!("{:x}", (k * (i + 7)).wrapping_mul(2_654_435_761))).collect();
        let mut spec = spec(&name, None, vec![put("x", &text)]);
        // enough to be a pack
        spec.edits.extend((0..branches).map(|k| put(&format!("d/{k}"), &format!("{i} {k}"))));
        batch.commit(&spec).map_err(|e| e.to_string())?;
    }
    for update in batch.flush().map_err(|e| e.to_string())? {
        update.result.map_err(|e| e.to_string())?;
    }
    println!("ACK");
    Ok(())
}

/// Batches of every size for ever; each acknowledged tip is one line.
fn work(repo: &Path, seed: usize) {
    let mut store = Store::open(repo, &Options::default()).unwrap();
    println!("OPEN");
    let mut tips: BTreeMap<String, Oid> = store.reader().unwrap().branches("").unwrap();
    for round in 0.. {
        let branches = [1, 2, 12, 40, 3][(seed + round) % 5];
        let files = [1, 3, 12][(seed / 5 + round) % 3];
        let mut batch = Batch::begin(&mut store).unwrap();
        for i in 0..branches {
            let name = format!("deploy/ns{i:02}");
            let edits = (0..files)
                .map(|k| put(&format!("c{k}/values.yaml"), &format!("{seed} {round} {i} {k}")))
                .collect();
            if let Outcome::Committed(oid) =
                batch.commit(&spec(&name, tips.get(&name).copied(), edits)).unwrap()
            {
                tips.insert(name, oid);
            }
        }
        let mut out = String::new();
        for update in batch.flush().unwrap() {
            update.result.unwrap();
            out += &format!("ACK {} {}\n", update.branch, update.new);
        }
        std::io::stdout().write_all(out.as_bytes()).unwrap();
        if round % 7 == 6 || consolidate::is_due(&store).unwrap() {
            consolidate::run(&mut store).unwrap();
        }
    }
}

/// Starts the child, kills it after a while, and returns the last acknowledged tip of every branch.
fn run_and_kill(repo: &Path, seed: usize, life: Duration) -> BTreeMap<String, Oid> {
    let mut child = child(&seed.to_string(), repo).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let open = lines.by_ref().map_while(Result::ok).any(|line| line.contains("OPEN"));
    assert!(open, "the child could not open the repository");
    std::thread::sleep(life);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut acknowledged = BTreeMap::new();
    for line in lines.map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        // the last line may be cut off
        if let ["ACK", branch, oid] = words[..]
            && let Ok(oid) = oid.parse()
        {
            acknowledged.insert(branch.to_owned(), oid);
        }
    }
    acknowledged
}

/// A small generator of numbers, so that a failure can be repeated.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn nothing_acknowledged_is_lost_in_sixty_kills() {
    std::thread::scope(|scope| {
        for lane in 0..3u64 {
            scope.spawn(move || kill_again_and_again(lane, 20));
        }
    });
}

fn kill_again_and_again(lane: u64, times: usize) {
    let bed = Bed::new();
    let mut random = lane + 1;
    let mut acknowledged: BTreeMap<String, Oid> = BTreeMap::new();
    for kill in 0..times {
        let life = Duration::from_micros(next(&mut random) % 150_000);
        acknowledged.extend(run_and_kill(&bed.repo, kill + 100 * usize::try_from(lane).unwrap(), life));
        // opened again: swept, readable, and every acknowledged commit is there
        let store = bed.open();
        let reader = store.reader().unwrap();
        for (branch, oid) in &acknowledged {
            let tip =
                reader.tip(branch).unwrap().unwrap_or_else(|| panic!("{branch} is gone after kill {kill}"));
            let kept = promgit::git::history::log(&reader, Some(tip), "").any(|c| c.unwrap().0 == *oid);
            assert!(kept, "{branch} lost {oid} in kill {kill}");
        }
        let locks = walkdir::WalkDir::new(bed.repo.join("refs")).into_iter().flatten();
        assert_eq!(locks.filter(|e| e.file_name().to_string_lossy().ends_with(".lock")).count(), 0);
        let temporary = walkdir::WalkDir::new(bed.repo.join("objects")).into_iter().flatten();
        assert_eq!(temporary.filter(|e| e.file_name().to_string_lossy().contains("promgit")).count(), 0);
        drop((reader, store));
        let fsck = bed.try_git(&bed.repo, &["fsck", "--full", "--strict", "--no-dangling"]);
        assert!(fsck.status.success(), "kill {kill}: {}", String::from_utf8_lossy(&fsck.stderr));
    }
    assert!(!acknowledged.is_empty());
    bed.check();
}

/// Two processes that start at the same moment on a path where nothing is yet: one writes, the other one is told.
#[test]
fn two_processes_one_repository() {
    for _ in 0..5 {
        let bed = Bed::new();
        let start = || child("7", &bed.repo).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut both = [start(), start()];
        let loser = loop {
            if let Some(found) = both.iter_mut().position(|c| c.try_wait().unwrap().is_some()) {
                break found;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        std::thread::sleep(Duration::from_millis(50));
        let [one, two] = both;
        let (lost, mut won) = if loser == 0 { (one, two) } else { (two, one) };
        assert!(won.try_wait().unwrap().is_none(), "both gave up");
        won.kill().unwrap();
        won.wait().unwrap();
        let output = lost.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("InUse"), "{said}");
        bed.open();
        bed.check();
    }
}
