//! A text as a `prometheus.yml` and as a rule file, to what would stop Prometheus.

use promgit::prometheus::{config, credentials, rules};

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for strict in [true, false] {
        for check in [config::check, rules::check] {
            assert_eq!(check(&text, strict), check(&text, strict), "checked twice");
        }
    }
    let _ = credentials::check(&text);
}
