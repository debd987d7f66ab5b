//! Somebody whom the API server waits for, and who does not answer: nobody else waits with it.

use std::net::TcpListener;
use std::sync::Mutex;

use serde_json::json;

use crate::agent::{self, Agent};
use crate::bed::Bed;
use crate::place::Place;

/// More than are applied at the same time (`delivery.concurrency`, 8).
const SLOW: usize = 12;

#[test]
fn a_webhook_that_hangs_holds_only_its_own_namespace() {
    let Some(bed) = Bed::own() else { return };
    let _ = agent::bed();
    let (slow, free) = (Place::new(bed, "slow"), Place::new(bed, "free"));
    let agent = Agent::start(bed, &[&slow.namespace, &free.namespace], "");
    bed.apply(&configuration(&slow.namespace, hanging()).to_string());
    slow.put_many(SLOW);
    // All of them wait by now, or stand behind those that do.
    agent.wait_for_line("the last commit", |line| line.contains(&format!("/c{SLOW:02}: created")));
    free.put("quick", "{}");
    free.wait_ready("quick");
    let lines = agent.lines();
    let failed: Vec<_> = lines.iter().filter(|line| line.contains("not applied")).collect();
    assert!(failed.is_empty(), "the webhook had been given up by then: {failed:#?}");
    // Who waits is told of it.
    let said = slow.wait_false("c01", "Applied", "committed, and being applied");
    assert_eq!(said, "committed, and being applied");
    bed.kubectl(&["delete", "validatingwebhookconfiguration", &slow.namespace]);
    slow.wait_all_ready(SLOW);
}

/// A port that takes connections, and says nothing.
fn hanging() -> u16 {
    static TAKEN: Mutex<Vec<std::net::TcpStream>> = Mutex::new(Vec::new());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            TAKEN.lock().expect("whole").push(stream);
        }
    });
    port
}

fn configuration(namespace: &str, port: u16) -> serde_json::Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": namespace},
        "webhooks": [{
            "name": "hanging.example.com",
            "clientConfig": {"url": format!("https://127.0.0.1:{port}/")},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "rules": [{
                "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
                "resources": ["serviceaccounts"],
            }],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "timeoutSeconds": 30,
        }],
    })
}
