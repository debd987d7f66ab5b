//! Histories as tables, and what is decided over them; which revisions go is asked of the real helms too.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use promgit::release::history::{Entry, HISTORY_MAX, History, patience_left};
use promgit::release::marks;
use promgit::release::secret;
use promgit::release::status::Status;
use rstest::rstest;

use crate::rendered::{chart, moment, render};
use crate::scene::{Scene, helms};

/// `1 superseded, 2 deployed theirs, 3 pending-upgrade theirs 5m`: revision, status, whose, how long ago.
fn history(text: &str) -> History {
    text.split(',').map(str::trim).filter(|line| !line.is_empty()).map(entry).collect()
}

fn entry(line: &str) -> Entry {
    let words: Vec<&str> = line.split_whitespace().collect();
    let revision: u32 = words[0].parse().unwrap();
    let age: SignedDuration = words.iter().find_map(|word| word.parse().ok()).unwrap_or_default();
    let written = moment().checked_sub(age).unwrap().as_second().to_string();
    let mut labels = BTreeMap::from([
        ("status".to_owned(), words[1].to_owned()),
        ("createdAt".to_owned(), "0".to_owned()),
        ("modifiedAt".to_owned(), written),
    ]);
    if !words.contains(&"theirs") {
        labels.extend(marks::labels("1a2b3c", revision));
    }
    Entry::of("simple", &secret::name("simple", revision), labels).unwrap()
}

#[rstest]
#[case::first("", 1)]
#[case::after_the_newest("1 superseded, 2 deployed", 3)]
#[case::whatever_became_of_it("2 deployed, 10 failed", 11)]
fn the_next_revision(#[case] text: &str, #[case] expected: u32) {
    assert_eq!(history(text).next(), expected);
}

#[rstest]
#[case::none("1 failed", 1, &[])]
#[case::the_last_one("1 superseded, 2 deployed, 3 deployed", 3, &[2])]
#[case::all_that_say_so("1 deployed, 2 deployed theirs, 3 failed, 4 pending-upgrade", 4, &[1, 2])]
fn superseded(#[case] text: &str, #[case] by: u32, #[case] expected: &[u32]) {
    assert_eq!(history(text).superseded_by(by), expected);
}

#[rstest]
#[case::of_ours("1 deployed, 2 pending-upgrade", None, &[2])]
#[case::not_what_is_under_way("1 pending-install, 2 pending-upgrade", Some(2), &[1])]
#[case::somebody_is_at_it("1 deployed, 2 pending-rollback theirs 29m", None, &[])]
#[case::nobody_is_at_it_any_more("1 deployed, 2 pending-upgrade theirs 31m", None, &[2])]
#[case::somebody_came_later("1 pending-upgrade theirs, 2 deployed theirs", None, &[1])]
fn abandoned(#[case] text: &str, #[case] under_way: Option<u32>, #[case] expected: &[u32]) {
    let history = history(text);
    assert_eq!(history.abandoned(under_way, moment()), expected);
    let at_work = history.newest().is_some_and(|newest| newest.status.is_pending()) && expected.is_empty();
    assert_eq!(history.others_at_work(moment()).is_some(), at_work);
}

#[rstest]
#[case::ours("1 deployed theirs, 2 deployed", None)]
#[case::theirs("1 deployed, 2 failed theirs", Some(2))]
#[case::none("", None)]
fn taken(#[case] text: &str, #[case] expected: Option<u32>) {
    assert_eq!(history(text).taken_by_others().map(|entry| entry.revision), expected);
}

/// Histories from which the oldest go, and how many stay.
const TRIMMED: &[(&str, usize)] = &[
    ("1 superseded, 2 superseded, 3 superseded, 4 deployed", 3),
    ("1 deployed, 2 failed, 3 failed, 4 failed", 2),
    ("1 deployed, 2 failed, 3 failed, 4 failed", 1),
    ("1 deployed, 2 superseded, 3 deployed, 4 failed", 3),
    ("1 failed, 2 failed, 3 failed", 2),
    ("1 superseded, 2 deployed", 0),
    ("3 superseded, 7 superseded, 8 deployed", 5),
];

#[test]
fn what_goes_is_what_helm_would_delete() {
    for helm in helms() {
        let scene = Scene::new("trimmed");
        let rendered = render(&chart("bare"), "", "simple", &scene.namespace).unwrap();
        for (text, most) in TRIMMED {
            let history = history(text);
            for entry in history.entries() {
                scene.create(&rendered.release(entry.revision, entry.status));
            }
            let gone = history.trimmed_for_next(*most);
            let stays = history
                .entries()
                .iter()
                .map(|entry| entry.revision)
                .filter(|revision| !gone.contains(revision));
            let expected: Vec<u32> = stays.chain([history.next()]).collect();
            let oldest = history.entries()[0].revision.to_string();
            scene.helm(&helm, &["rollback", "simple", &oldest, &format!("--history-max={most}")]);
            let left: Vec<u32> =
                scene.history("simple").entries().iter().map(|entry| entry.revision).collect();
            assert_eq!(left, expected, "{text}, at most {most}, by {}", helm.display());
            left.into_iter().for_each(|revision| scene.delete("simple", revision));
        }
    }
}

#[test]
fn ten_revisions_stay_unless_somebody_says_otherwise() {
    let full: History = (1..=HISTORY_MAX as u32).map(|at| entry(&format!("{at} superseded"))).collect();
    assert_eq!(full.trimmed_for_next(HISTORY_MAX), [1]);
    assert_eq!(history("1 superseded").trimmed_for_next(HISTORY_MAX), [0; 0]);
}

#[test]
fn a_secret_that_only_looks_like_a_record_is_none() {
    assert_eq!(Entry::of("simple", "simple", BTreeMap::new()), None);
    let bare = Entry::of("simple", "sh.helm.release.v1.simple.v2", BTreeMap::new()).unwrap();
    assert_eq!((bare.status, bare.written), (Status::Unknown, None::<Timestamp>));
}

#[test]
fn a_time_that_no_clock_shows_holds_up_nobody() {
    let left =
        |seconds: i64| patience_left(moment() + SignedDuration::from_secs(seconds), moment()).as_secs();
    assert_eq!([-60, 60, -3_600, 3_600, 1_000_000].map(left), [1_740, 1_860, 0, 0, 0]);
}
