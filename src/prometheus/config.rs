//! A `prometheus.yml` turned into what would stop Prometheus from loading it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::keys;
use super::problem::{Problem, Problems, join, parse};

/// Prometheus' own default (`config.DefaultGlobalConfig`), in milliseconds.
const DEFAULT_INTERVAL: u64 = 60_000;
const DEFAULT_TIMEOUT: u64 = 10_000;

/// Checks a configuration. `strict`: the Prometheus that will read it is the one whose keys are known here, so
/// an unknown key is an error; else only what looks like a misspelling is.
pub fn check(text: &str, strict: bool) -> Vec<Problem> {
    let document = match parse(text, "a Prometheus configuration") {
        Ok(Some(document)) => document,
        Ok(None) => return Vec::new(),
        Err(problem) => return vec![problem],
    };
    let mut check = Check { problems: Problems::new(&document), strict };
    check.config(&document.value);
    check.problems.finish()
}

struct Check<'a> {
    problems: Problems<'a>,
    strict: bool,
}

impl Check<'_> {
    fn config(&mut self, config: &Value) {
        let Some(top) = self.map("", config) else { return };
        self.keys("", top, &[keys::TOP]);
        let mut interval = DEFAULT_INTERVAL;
        let mut timeout = DEFAULT_TIMEOUT;
        if let Some(global) = top.get("global").and_then(|global| self.map("global", global)) {
            self.keys("global", global, &[keys::GLOBAL]);
            interval = self.problems.length("global", global, "scrape_interval").unwrap_or(DEFAULT_INTERVAL);
            let given = self.problems.length("global", global, "scrape_timeout");
            self.problems.length("global", global, "evaluation_interval");
            if given.is_some_and(|timeout| timeout > interval) {
                self.problems
                    .add("global.scrape_timeout", "is longer than global.scrape_interval; shorten it");
            }
            timeout = given.unwrap_or(DEFAULT_TIMEOUT.min(interval));
        }
        self.jobs(top, interval, timeout);
        self.each(top, "remote_write", |check, path, remote| {
            check.keys(path, remote, &[keys::REMOTE_WRITE, keys::HTTP_CLIENT]);
            check.text(path, remote, "url");
            check.relabel(path, remote, "write_relabel_configs");
        });
        self.each(top, "remote_read", |check, path, remote| {
            check.text(path, remote, "url");
        });
        self.list_of_texts(top, "rule_files");
        self.list_of_texts(top, "scrape_config_files");
    }

    fn jobs(&mut self, top: &Map<String, Value>, interval: u64, timeout: u64) {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        self.each(top, "scrape_configs", |check, path, job| {
            check.keys(path, job, &[keys::SCRAPE, keys::HTTP_CLIENT]);
            if let Some(name) = check.text(path, job, "job_name")
                && let Some(first) = seen.insert(name.clone(), path.to_string())
            {
                let message =
                    format!("{name:?} is the name of {first} already; every scrape job needs its own");
                check.problems.add(&format!("{path}.job_name"), message);
            }
            let own = check.problems.length(path, job, "scrape_interval").unwrap_or(interval);
            let limit = check.problems.length(path, job, "scrape_timeout").unwrap_or(timeout.min(own));
            if limit > own {
                check
                    .problems
                    .add(&format!("{path}.scrape_timeout"), "is longer than the scrape interval; shorten it");
            }
            for key in ["relabel_configs", "metric_relabel_configs"] {
                check.relabel(path, job, key);
            }
        });
    }

    fn relabel(&mut self, path: &str, map: &Map<String, Value>, key: &str) {
        self.each_at(path, map, key, |check, path, rule| {
            check.keys(path, rule, &[keys::RELABEL]);
        });
    }

    /// The entries of a list of maps.
    fn each(
        &mut self,
        map: &Map<String, Value>,
        key: &str,
        entry: impl FnMut(&mut Self, &str, &Map<String, Value>),
    ) {
        self.each_at("", map, key, entry);
    }

    fn each_at(
        &mut self,
        path: &str,
        map: &Map<String, Value>,
        key: &str,
        mut entry: impl FnMut(&mut Self, &str, &Map<String, Value>),
    ) {
        let path = join(path, key);
        match map.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    match item {
                        Value::Object(item) => entry(self, &path, item),
                        _ => self.problems.add(&path, "a map is expected, with one key a line"),
                    }
                }
            }
            Some(_) => self.problems.add(&path, "a list is expected; begin each entry with `- `"),
        }
    }

    fn map<'v>(&mut self, path: &str, value: &'v Value) -> Option<&'v Map<String, Value>> {
        match value {
            Value::Object(map) => Some(map),
            Value::Null => None,
            _ => {
                self.problems.add(path, "a map is expected, with one key a line");
                None
            }
        }
    }

    /// Service discovery is nobody's known key, and everybody's.
    fn keys(&mut self, path: &str, map: &Map<String, Value>, known: &[&[&str]]) {
        let discovery = map.keys().filter(|key| key.ends_with(keys::DISCOVERY_SUFFIX));
        let discovery: Vec<&str> = discovery.map(String::as_str).collect();
        self.problems.keys(path, map, &[known, &[&discovery]].concat(), self.strict);
    }

    /// A required text.
    fn text(&mut self, path: &str, map: &Map<String, Value>, key: &str) -> Option<String> {
        match map.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            // Prometheus reads a number or boolean here as text, as go-yaml does.
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Bool(flag)) => Some(flag.to_string()),
            None | Some(Value::Null | Value::String(_)) => {
                self.problems.add(path, format!("{key} is missing or empty; every entry needs one"));
                None
            }
            Some(_) => {
                self.problems.add(&join(path, key), "a text is expected");
                None
            }
        }
    }

    fn list_of_texts(&mut self, top: &Map<String, Value>, key: &str) {
        match top.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {}
            Some(_) => self.problems.add(key, "a list of file names is expected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        check(text, true).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_configuration_has_no_problem() {
        let text = "global: {scrape_interval: 15s}\nscrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{role: pod}]\n";
        assert!(problems(text).is_empty(), "{:?}", problems(text));
        assert!(problems("").is_empty());
    }

    #[test]
    fn every_problem_has_its_line_and_way_out() {
        let table = [
            (
                "scrape_config:\n- job_name: a\n",
                "line 1: scrape_config: Prometheus v3.16.0 has no such key; did you mean scrape_configs?",
            ),
            (
                "scrape_configs:\n- job_name: a\n- job_name: a\n",
                "line 3: scrape_configs[1].job_name: \"a\" is the name of scrape_configs[0] already; every scrape job needs its own",
            ),
            (
                "scrape_configs:\n- metrics_path: /x\n",
                "line 2: scrape_configs[0]: job_name is missing or empty; every entry needs one",
            ),
            (
                "global:\n  scrape_interval: 15\n",
                "line 2: global.scrape_interval: \"15\" is not a length of time; write 15s, 5m or 1h30m",
            ),
            (
                "global:\n  scrape_interval: 5s\n  scrape_timeout: 10s\n",
                "line 3: global.scrape_timeout: is longer than global.scrape_interval; shorten it",
            ),
            (
                "scrape_configs: {job_name: a}\n",
                "line 1: scrape_configs: a list is expected; begin each entry with `- `",
            ),
            ("- a\n", "line 1: the text is not a Prometheus configuration: a map is expected"),
        ];
        for (text, expected) in table {
            assert_eq!(problems(text), [expected], "{text}");
        }
    }

    #[test]
    fn a_length_that_is_not_given_is_the_default() {
        assert!(problems("global: {scrape_interval: null, evaluation_interval: 0}\n").is_empty());
    }

    #[test]
    fn a_newer_prometheus_may_know_more_keys() {
        let text = "quantum_mode: on\n";
        assert_eq!((check(text, false).len(), check(text, true).len()), (0, 1));
    }
}
