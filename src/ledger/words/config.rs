//! Two Prometheus configurations turned into phrases: `config: scrape job "node" added`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::phrase::phrase;
use crate::ledger::difference::differences;
use crate::yaml::{convert, read};

/// What changed from one `prometheus.yml` to the other. Never empty for different texts.
pub fn phrases(old: &str, new: &str) -> Vec<String> {
    let (Some(old), Some(new)) = (parse(old), parse(new)) else {
        return vec!["config changed".into()];
    };
    let mut found = jobs(&old, &new);
    found.extend(rest(&old, &new).into_iter().map(|text| format!("config: {text}")));
    if found.is_empty() {
        found.push("config: layout or comments changed".into());
    }
    found
}

fn parse(text: &str) -> Option<Value> {
    let value = convert::to_json(&read::value(text.as_bytes()).ok()?);
    value.is_object().then_some(value)
}

fn jobs(old: &Value, new: &Value) -> Vec<String> {
    let (old, new) = (by_name(old), by_name(new));
    let added = new.keys().filter(|name| !old.contains_key(*name)).map(|name| (name, "added"));
    let removed = old.keys().filter(|name| !new.contains_key(*name)).map(|name| (name, "removed"));
    let changed = new.iter().filter(|(name, job)| old.get(*name).is_some_and(|old| old != *job));
    let changed = changed.map(|(name, _)| (name, "changed"));
    let all = added.chain(removed).chain(changed);
    all.map(|(name, what)| format!("config: scrape job {name:?} {what}")).collect()
}

fn by_name(config: &Value) -> BTreeMap<&str, &Value> {
    let jobs = config["scrape_configs"].as_array().into_iter().flatten();
    jobs.filter_map(|job| Some((job["job_name"].as_str()?, job))).collect()
}

/// Differences outside the scrape jobs; below the first two levels only the place is named.
fn rest(old: &Value, new: &Value) -> Vec<String> {
    let strip = |config: &Value| {
        let mut config = config.clone();
        config.as_object_mut().map(|map| map.remove("scrape_configs"));
        config
    };
    let mut phrases: Vec<String> = Vec::new();
    for difference in differences(&strip(old), &strip(new)) {
        let section = difference.path.split(['[', '.']).next().unwrap_or_default();
        let text = match section {
            "global" => phrase(&difference),
            section => format!("{section} changed"),
        };
        if !phrases.contains(&text) {
            phrases.push(text);
        }
    }
    phrases
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str =
        "global: {scrape_interval: 15s}\nscrape_configs:\n- job_name: prometheus\n- job_name: old\n";

    #[test]
    fn jobs_are_named() {
        let new = "global: {scrape_interval: 15s}\nscrape_configs:\n- job_name: prometheus\n  honor_labels: true\n- job_name: node\n";
        let expected =
            ["scrape job \"node\" added", "scrape job \"old\" removed", "scrape job \"prometheus\" changed"];
        assert_eq!(phrases(OLD, new), expected.map(|text| format!("config: {text}")));
    }

    #[test]
    fn globals_are_shown_and_other_sections_named() {
        let new = OLD.replace("15s", "30s") + "remote_write:\n- url: http://x\n- url: http://y\n";
        assert_eq!(
            phrases(OLD, &new),
            ["config: global.scrape_interval 15s → 30s", "config: remote_write changed"]
        );
    }

    #[test]
    fn unreadable_and_equal_configurations_have_words_too() {
        assert_eq!(phrases(OLD, "a: ["), ["config changed"]);
        assert_eq!(phrases(OLD, &format!("# hi\n{OLD}")), ["config: layout or comments changed"]);
    }
}
