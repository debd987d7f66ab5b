//! Pods and events, as a real API server gives them, turned into the sentence that a person reads.

use promgit::health::reasons::of_pods;
use serde_json::{Value, json};

use crate::cases;

#[test]
fn every_case_has_its_sentence() {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut wrong = Vec::new();
    for case in cases("reasons") {
        let document = &case.documents[0];
        let found = of_pods(&list(&document["pods"]), &list(&document["events"]));
        let found = found.unwrap_or("nothing".into());
        if found != case.expected {
            wrong.push(format!("{}: {found}\n  expected: {}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sentence_is_bounded_and_has_one_line() {
    let long = "0/5000 nodes are available:\n1 Insufficient cpu, ".repeat(400);
    let pod = json!({"metadata": {"name": "n".repeat(253)}, "status": {"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": long}]}});
    let sentence = of_pods(&[pod.clone(), pod], &[]).expect("a sentence");
    assert!(sentence.chars().count() <= 600 && !sentence.contains('\n'), "{sentence}");
    assert!(sentence.ends_with("(the same for 1 other pod)"), "{sentence}");
}

/// The order in which a watch gave the pods and events does not matter.
#[test]
fn the_order_does_not_matter() {
    for case in cases("reasons") {
        let list = |key: &str| case.documents[0][key].as_array().cloned().unwrap_or_default();
        for turns in 0..5 {
            let shuffled = |key: &str| {
                let mut items = list(key);
                let length = items.len().max(1);
                items.rotate_left(turns % length);
                if turns == 4 {
                    items.reverse();
                }
                items
            };
            let found = of_pods(&shuffled("pods"), &shuffled("events")).unwrap_or("nothing".into());
            assert_eq!(found, case.expected, "{}", case.name);
        }
    }
}
