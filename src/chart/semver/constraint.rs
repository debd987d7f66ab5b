//! A constraint text to groups of comparisons (Masterminds/semver v3 `constraints.go`).

use std::fmt;

use super::error::SemverError;
use super::rules::{Open, Operator, Rule};
use super::scan;
use super::version::Version;

/// No constraint text may be longer, in bytes (`MaxConstraintLen`).
const MAX_LEN: usize = 512;
/// No constraint may have more alternatives (`MaxConstraintGroups`).
const MAX_GROUPS: usize = 32;

/// What versions are wanted: `>=1.2 <2 || 3.x`, `1.2 - 1.4`, `^1.2`, `~1.2.3`, `>=1.0-0`.
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Group>,
}

/// Comparisons that must all hold.
#[derive(Clone, Debug)]
struct Group {
    rules: Vec<Rule>,
    /// One of the comparisons names a prerelease.
    prereleases: bool,
}

impl Constraint {
    /// Reads alternatives (`||`) of comparisons separated by commas or spaces.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.len() > MAX_LEN {
            return Err(SemverError::ConstraintTooLong);
        }
        let text = rewrite_ranges(text);
        let alternatives: Vec<&str> = text.split("||").collect();
        if alternatives.len() > MAX_GROUPS {
            return Err(SemverError::TooManyGroups);
        }
        let groups = alternatives.into_iter().map(Group::parse).collect::<Result<_, _>>()?;
        Ok(Constraint { groups })
    }

    /// Whether the version satisfies one of the alternatives.
    pub fn check(&self, version: &Version) -> bool {
        self.groups
            .iter()
            .any(|group| group.rules.iter().all(|rule| rule.accepts(version, group.prereleases)))
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, group) in self.groups.iter().enumerate() {
            f.write_str(if index > 0 { " || " } else { "" })?;
            for (index, rule) in group.rules.iter().enumerate() {
                f.write_str(if index > 0 { " " } else { "" })?;
                f.write_str(&rule.original)?;
            }
        }
        Ok(())
    }
}

impl Group {
    fn parse(text: &str) -> Result<Self, SemverError> {
        let terms = terms(text).ok_or_else(|| SemverError::Constraint(quoted(text)))?;
        let rules = terms.into_iter().map(Term::rule).collect::<Result<Vec<_>, _>>()?;
        let prereleases = rules.iter().any(|rule| !rule.version.prerelease.is_empty());
        Ok(Group { rules, prereleases })
    }
}

/// An operator and the version after it, as written.
struct Term<'a> {
    operator: &'a str,
    version: &'a str,
}

impl Term<'_> {
    fn rule(self) -> Result<Rule, SemverError> {
        let parts = scan::wildcard_version(self.version).ok_or(SemverError::ConstraintVersion)?;
        let pre = if parts.prerelease.is_empty() { "" } else { "-" };
        let pre = format!("{pre}{}", parts.prerelease);
        let (open, text) = if is_wildcard(parts.major) {
            (Open::Major, format!("0.0.0{pre}"))
        } else if parts.minor.is_empty() || is_wildcard(parts.minor) {
            (Open::Minor, format!("{}.0.0{pre}", parts.major))
        } else if parts.patch.is_empty() || is_wildcard(parts.patch) {
            (Open::Patch, format!("{}.{}.0{pre}", parts.major, parts.minor))
        } else {
            (Open::Nothing, self.version.to_owned())
        };
        let version = Version::parse(&text).map_err(|_| SemverError::ConstraintVersion)?;
        let operator = Operator::parse(self.operator).ok_or(SemverError::ConstraintVersion)?;
        Ok(Rule { operator, version, open, original: format!("{}{}", self.operator, self.version) })
    }
}

fn is_wildcard(part: &str) -> bool {
    matches!(part, "x" | "X" | "*")
}

/// The comparisons of one alternative; `None` where the whole text is not of that shape.
fn terms(text: &str) -> Option<Vec<Term<'_>>> {
    let mut terms = Vec::new();
    let mut rest = trim(text);
    loop {
        let (term, after) = term(rest)?;
        terms.push(term);
        let next = trim(after);
        if next.is_empty() {
            return Some(terms);
        }
        let comma = next.strip_prefix(',');
        if comma.is_none() && next.len() == after.len() {
            return None;
        }
        rest = comma.map_or(next, trim);
    }
}

fn term(text: &str) -> Option<(Term<'_>, &str)> {
    let end = text.bytes().position(|byte| !b"=!<>~^".contains(&byte)).unwrap_or(text.len());
    let (operator, rest) = text.split_at(end);
    Operator::parse(operator)?;
    let rest = trim(rest);
    let (version, rest) = rest.split_at(scan::wildcard_version(rest)?.len);
    Some((Term { operator, version }, rest))
}

/// `1.2 - 1.4` reads `>= 1.2, <= 1.4`.
fn rewrite_ranges(text: &str) -> String {
    let mut rewritten = text.to_owned();
    let mut at = 0;
    while at < text.len() {
        let Some((len, low, high)) = text.get(at..).and_then(range) else {
            at += 1;
            continue;
        };
        rewritten = rewritten.replacen(&text[at..at + len], &format!(">= {low}, <= {high} "), 1);
        at += len;
    }
    rewritten
}

/// A hyphen range at the start of the text: its length with the white space around it, and both ends.
fn range(text: &str) -> Option<(usize, &str, &str)> {
    let start = trim(text);
    let (low, rest) = start.split_at(scan::wildcard_version(start)?.len);
    let rest = trim_some(trim_some(rest)?.strip_prefix('-')?)?;
    let (high, rest) = rest.split_at(scan::wildcard_version(rest)?.len);
    Some((text.len() - trim(rest).len(), low, high))
}

/// Without leading white space, as RE2's `\s` counts it.
fn trim(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_ascii_whitespace())
}

fn trim_some(text: &str) -> Option<&str> {
    let trimmed = trim(text);
    (trimmed.len() < text.len()).then_some(trimmed)
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(constraint: &str, version: &str) -> bool {
        Constraint::parse(constraint).unwrap().check(&Version::parse(version).unwrap())
    }

    #[test]
    fn prereleases_have_to_be_asked_for() {
        assert!(!accepts(">=1.20", "v1.31.2-gke.100"));
        assert!(accepts(">=1.20-0", "v1.31.2-gke.100"));
        assert!(!accepts(">=1.20-0 <1.31 || >1", "v1.31.0-gke.1"));
    }

    #[test]
    fn ranges() {
        assert!(accepts("1.2 - 1.4", "1.4.9"));
        assert!(accepts(">1.1 <3 || 5.x", "5.3.1"));
        assert!(!accepts(">11", "11.1.0"));
        assert!(accepts("^0.2.3", "0.2.9") && !accepts("^0.2.3", "0.3.0"));
        assert!(accepts("~*", "7.0.0") && accepts("*", "0.0.1"));
    }

    #[test]
    fn errors() {
        let error = |text| Constraint::parse(text).unwrap_err().to_string();
        assert_eq!(error(">= 1.2a"), "improper constraint: \">= 1.2a\"");
        assert_eq!(error(""), "improper constraint: \"\"");
        assert_eq!(error("1|2"), "constraint parser error");
    }
}
