//! A text of YAML documents to resources as an API server would have stored them.

use promgit::api;
use promgit::yaml::document;

pub fn run(data: &[u8]) {
    for document in document::split(data).flatten() {
        match api::accept(document.value) {
            Ok(cluster) => {
                let stored = serde_json::to_value(&cluster).expect("JSON");
                let again = api::accept(stored.clone()).expect("what was stored");
                assert_eq!(stored, serde_json::to_value(&again).expect("JSON"), "accepted twice");
                api::accept_change(stored, &cluster).expect("no change");
            }
            Err(refusals) => {
                assert!(!refusals.is_empty(), "refused without a reason");
                assert!(refusals.iter().all(|refusal| !refusal.to_string().is_empty()));
            }
        }
    }
}
