//! A rule file turned into what would stop Prometheus from loading it (prometheus `model/rulefmt/rulefmt.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::keys;
use super::problem::{Problem, Problems, parse};

/// What only alerts have, each a length of time.
const ALERTING: &[&str] = &["for", "keep_firing_for"];

/// Checks a rule file. The expressions themselves are not parsed.
pub fn check(text: &str, strict: bool) -> Vec<Problem> {
    let document = match parse(text, "a rule file") {
        Ok(Some(document)) => document,
        Ok(None) => return Vec::new(),
        Err(problem) => return vec![problem],
    };
    let mut check = Check { problems: Problems::new(&document), strict };
    check.file(&document.value);
    check.problems.finish()
}

struct Check<'a> {
    problems: Problems<'a>,
    strict: bool,
}

impl Check<'_> {
    fn file(&mut self, file: &Value) {
        self.map("", file, &["groups", "namespace"], &[]);
        let groups = match &file["groups"] {
            Value::Array(groups) => groups.as_slice(),
            Value::Null => &[],
            _ => {
                self.problems.add("groups", "a list is expected; begin each group with `- name:`");
                return;
            }
        };
        let mut names = BTreeSet::new();
        for (index, group) in groups.iter().enumerate() {
            let path = format!("groups[{index}]");
            self.map(&path, group, keys::RULE_GROUP, &["interval"]);
            match group["name"].as_str() {
                None | Some("") => {
                    self.problems.add(&path, "name is missing or empty; every group needs one")
                }
                Some(name) if !names.insert(name) => {
                    self.problems.add(
                        &format!("{path}.name"),
                        format!("{name:?} is the name of another group of this file"),
                    );
                }
                Some(_) => {}
            }
            self.rules(&path, &group["rules"]);
        }
    }

    fn rules(&mut self, path: &str, rules: &Value) {
        let path = format!("{path}.rules");
        let rules = match rules {
            Value::Array(rules) => rules.as_slice(),
            Value::Null => &[],
            _ => {
                self.problems
                    .add(&path, "a list is expected; begin each rule with `- record:` or `- alert:`");
                return;
            }
        };
        for (index, rule) in rules.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if !rule.is_object() {
                self.problems.add(&path, "a rule is a map with `record` or `alert`, and `expr`");
                continue;
            }
            self.map(&path, rule, keys::RULE, ALERTING);
            let has = |key: &str| !matches!(&rule[key], Value::Null) && rule[key] != "";
            match (has("record"), has("alert")) {
                (true, true) => {
                    self.problems.add(&path, "has both `record` and `alert`; make two rules of it")
                }
                (false, false) => {
                    self.problems.add(&path, "has neither `record` nor `alert`; name it by one of them")
                }
                _ => {}
            }
            if !has("expr") {
                self.problems.add(&path, "has no `expr`; write the query of the rule");
            }
            for key in ALERTING {
                if has("record") && has(key) {
                    self.problems.add(
                        &format!("{path}.{key}"),
                        "belongs to an alert, not to a recording rule; remove it",
                    );
                }
            }
        }
    }

    /// Known keys, and lengths of time where these keys hold them.
    fn map(&mut self, path: &str, map: &Value, known: &[&str], lengths: &[&str]) {
        let Some(map) = map.as_object() else { return };
        self.problems.keys(path, map, &[known], self.strict);
        for key in lengths {
            self.problems.length(path, map, key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_have_their_line_and_way_out() {
        let table = [
            ("groups:\n- name: a\n  rules:\n  - record: x\n    expr: up\n", ""),
            (
                "group:\n- name: a\n",
                "line 1: group: Prometheus v3.16.0 has no such key; did you mean groups?",
            ),
            ("groups:\n- rules: []\n", "line 2: groups[0]: name is missing or empty; every group needs one"),
            (
                "groups:\n- name: a\n- name: a\n",
                "line 3: groups[1].name: \"a\" is the name of another group of this file",
            ),
            (
                "groups:\n- name: a\n  rules:\n  - alert: X\n",
                "line 4: groups[0].rules[0]: has no `expr`; write the query of the rule",
            ),
            (
                "groups:\n- name: a\n  rules:\n  - record: x\n    expr: up\n    for: 5m\n",
                "line 6: groups[0].rules[0].for: belongs to an alert, not to a recording rule; remove it",
            ),
            (
                "groups:\n- name: a\n  rules:\n  - alert: x\n    expr: up\n    for: soon\n",
                "line 6: groups[0].rules[0].for: \"soon\" is not a length of time; write 15s, 5m or 1h30m",
            ),
            (
                "groups:\n- name: a\n  interval: 15\n",
                "line 3: groups[0].interval: \"15\" is not a length of time; write 15s, 5m or 1h30m",
            ),
            ("groups:\n- name: a\n  rules:\n  - alert: x\n    expr: up\n    for: null\n", ""),
        ];
        for (text, expected) in table {
            let found: Vec<String> = check(text, true).iter().map(ToString::to_string).collect();
            assert_eq!(found.join("\n"), expected, "{text}");
        }
    }
}
