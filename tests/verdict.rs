//! The judge of `make parity`: it sees every difference, and lets pass only what changes from run to run of helm.
// A test may panic.
#![allow(clippy::panic)]

#[path = "../benches/parity/masks.rs"]
mod masks;
#[allow(dead_code)] // the runner uses the rest
#[path = "../benches/parity/verdict.rs"]
mod verdict;

use verdict::{Answer, Verdict, judge};

fn said(stdout: &str, stderr: &str, code: i32) -> Answer {
    Answer { stdout: stdout.into(), stderr: stderr.into(), code: Some(code) }
}

fn printed(stdout: &str) -> Answer {
    said(stdout, "", 0)
}

fn differs(helm: &[Answer], ours: &Answer) -> String {
    match judge(helm, ours) {
        Verdict::Different(text) | Verdict::OtherFailure(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_the_same_is_the_same() {
    assert_eq!(judge(&[printed("a\n")], &printed("a\n")), Verdict::Equal);
    let failed = said("", "Error: no\n", 1);
    assert_eq!(judge(std::slice::from_ref(&failed), &failed), Verdict::SameFailure);
}

#[test]
fn every_kind_of_difference_is_seen() {
    let helm = said("a\nb\n", "warning\n", 0);
    for ours in [
        said("a\nB\n", "warning\n", 0),
        said("a\nb", "warning\n", 0),
        said("a\nb\n\n", "warning\n", 0),
        said("a\n", "warning\n", 0),
        said("a\nb\n", "", 0),
        said("a\nb\n", "warning\n", 1),
        Answer { code: None, ..helm.clone() },
    ] {
        differs(std::slice::from_ref(&helm), &ours);
    }
    let failure = judge(&[said("", "Error: no\n", 1)], &said("", "Error: nope\n", 1));
    assert!(matches!(failure, Verdict::OtherFailure(_)), "{failure:?}");
}

#[test]
fn the_first_line_that_differs_is_shown() {
    let text = differs(&[printed("a\nb\nc\n")], &printed("a\nx\ny\n"));
    assert_eq!(text, "stdout:2\n  helm \"b\\n\"\n  ours \"x\\n\"");
    assert!(differs(&[printed("a\n")], &printed("a\nb\n")).contains("helm (end)"));
}

#[test]
fn a_line_that_changes_by_itself_is_masked_and_no_other() {
    let helm = [printed("a\nid: 1\nb\n"), printed("a\nid: 2\nb\n")];
    assert_eq!(judge(&helm, &printed("a\nid: 3\nb\n")), Verdict::Masked);
    assert!(differs(&helm, &printed("a\nid: 3\nB\n")).starts_with("stdout:3\n"));
    assert!(differs(&helm, &printed("A\nid: 3\nb\n")).starts_with("stdout:1\n"));
    differs(&helm, &printed("a\nb\n"));
    differs(&helm, &printed("a\nid: 3\nid: 4\nb\n"));
}

#[test]
fn blocks_that_change_their_length_are_masked_between_what_stays() {
    let helm = [printed("a\n1\n2\nb\nc\n"), printed("a\n3\nb\nc\n")];
    assert_eq!(judge(&helm, &printed("a\n7\n8\nb\nc\n")), Verdict::Masked);
    assert_eq!(judge(&helm, &printed("a\n7\n8\n9\nb\nc\n")), Verdict::Masked);
    differs(&helm, &printed("a\n7\n8\nB\nc\n"));
    differs(&helm, &printed("x\n7\n8\nb\nc\n"));
    differs(&helm, &printed("a\n7\n8\nb\nc\nd\n"));
}

#[test]
fn an_order_that_changes_by_itself_may_be_any_but_the_lines_may_not() {
    let helm = [printed("a\nb\nc\nd\n"), printed("b\na\nc\nd\n")];
    assert_eq!(judge(&helm, &printed("d\na\nb\nc\n")), Verdict::Masked);
    differs(&helm, &printed("d\na\nb\nx\n"));
    differs(&helm, &printed("d\na\nb\n"));
    differs(&helm[..1], &printed("b\na\nc\nd\n"));
}
