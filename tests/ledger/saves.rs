//! A file that is saved again and again, in place: no save is atomic, and what is committed is always one of them.

use std::fs::File;
use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::bed::{Bed, cluster};

const SAVES: usize = 200;
/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const TOGETHER: Duration = Duration::from_secs(2);

/// Its first half reads as a whole resource without the label.
fn text(number: usize) -> String {
    let resource = cluster("example", "simple", &format!("\n  replicas: {number}"));
    format!("{resource}  externalLabels: {{number: \"{number}\"}}\n")
}

/// Truncates the file and writes it anew, in two steps.
fn save(bed: &Bed, number: usize) {
    let text = text(number);
    let half = text.find("  externalLabels").unwrap();
    let mut file = File::create(bed.source.join("simple.yaml")).unwrap();
    file.write_all(&text.as_bytes()[..half]).unwrap();
    file.write_all(&text.as_bytes()[half..]).unwrap();
}

#[test]
fn no_half_of_a_save_is_committed_and_the_last_one_is() {
    let bed = Bed::new();
    let agent = bed.agent(&[]);
    let begin = Instant::now();
    for number in 1..=SAVES {
        save(&bed, number);
        // Some saves follow each other closely, some come just when the one before is believed.
        sleep(if number % 8 == 0 { TOGETHER / 32 } else { Duration::from_millis(2) });
    }
    assert!(begin.elapsed() >= TOGETHER * 25 / 32);
    let is_last = || {
        let asked = bed.try_git(&bed.repo, &["show", "deploy/example:simple/cluster.yaml"]).stdout;
        String::from_utf8(asked).unwrap().contains(&format!("replicas: {SAVES}\n"))
    };
    let end = Instant::now() + PATIENCE;
    while !is_last() {
        assert!(Instant::now() < end, "the last save is not committed");
        sleep(Duration::from_millis(20));
    }
    assert_eq!(agent.stop(), Some(0));
    let commits = bed.lines(&["rev-list", "deploy/example"]);
    for commit in &commits {
        let asked = bed.file(commit, "simple/cluster.yaml");
        let number = |key: &str| {
            let line = asked.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap_or("none");
            line.trim_matches('"').to_string()
        };
        assert_eq!(number("replicas: "), number("number: "), "{asked}");
    }
    println!("{} of {SAVES} saves were committed", commits.len());
    bed.check();
}
