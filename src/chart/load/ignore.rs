//! A `.helmignore` file to a test of paths (Helm `pkg/ignore/rules.go`).

use super::pattern::{BadPattern, Pattern};

/// No line may be longer, in bytes (Go's `bufio.MaxScanTokenSize`).
const MAX_LINE: usize = 64 * 1024;

/// Why a `.helmignore` cannot be used; the texts are Helm's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreError {
    #[error("double-star (**) syntax is not supported")]
    DoubleStar,
    #[error(transparent)]
    Pattern(#[from] BadPattern),
    #[error("bufio.Scanner: token too long")]
    LongLine,
}

/// Which files of a folder are no part of the chart.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    pattern: Pattern,
    /// `!`: everything that does not match is ignored.
    negated: bool,
    /// A trailing slash: folders only.
    folder: bool,
    /// Without a slash inside, only the last part of a path counts.
    whole_path: bool,
}

impl Rules {
    /// The rules of the file, then those that always hold: no hidden files below `templates/`.
    pub fn parse(text: &[u8]) -> Result<Self, IgnoreError> {
        let mut rules = Rules::default();
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        for line in text.split(|byte| *byte == b'\n') {
            if line.len() >= MAX_LINE {
                return Err(IgnoreError::LongLine);
            }
            rules.add(&String::from_utf8_lossy(line))?;
        }
        rules.add("templates/.?*")?;
        Ok(rules)
    }

    /// How many rules there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether the file or folder at this path inside the chart is ignored: the first rule that applies decides.
    pub fn ignores(&self, path: &str, is_folder: bool) -> bool {
        for rule in &self.0 {
            if rule.negated {
                if (rule.folder && !is_folder) || !rule.matches(path) {
                    return true;
                }
            } else if (!rule.folder || is_folder) && rule.matches(path) {
                return true;
            }
        }
        false
    }

    fn add(&mut self, line: &str) -> Result<(), IgnoreError> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if line.contains("**") {
            return Err(IgnoreError::DoubleStar);
        }
        Pattern::new(line)?;
        let (negated, text) = line.strip_prefix('!').map_or((false, line), |text| (true, text));
        let (folder, text) = text.strip_suffix('/').map_or((false, text), |text| (true, text));
        let whole_path = text.contains('/');
        // Cutting a trailing slash can leave a pattern that ends in a lone backslash: it matches nothing.
        if let Ok(pattern) = Pattern::new(text.strip_prefix('/').unwrap_or(text)) {
            self.0.push(Rule { pattern, negated, folder, whole_path });
        }
        Ok(())
    }
}

impl Rule {
    fn matches(&self, path: &str) -> bool {
        let base = || path.rsplit('/').next().unwrap_or(path);
        self.pattern.matches(if self.whole_path { path } else { base() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_apply_in_order() {
        let rules = Rules::parse(b"# comment\n*.bak\r\n/secret/\n\ncharts/*/tests/\n").unwrap();
        assert!(rules.ignores("templates/x.bak", false));
        assert!(rules.ignores("secret", true) && !rules.ignores("secret", false));
        assert!(!rules.ignores("a/secret", true));
        assert!(rules.ignores("templates/.hidden", false));
        assert!(rules.ignores("charts/db/tests", true));
        assert!(!rules.ignores("Chart.yaml", false));
    }

    #[test]
    fn a_negated_rule_ignores_all_else() {
        let rules = Rules::parse(b"!*.yaml\n").unwrap();
        assert!(rules.ignores("README.md", false) && !rules.ignores("values.yaml", false));
    }

    #[test]
    fn errors() {
        assert_eq!(Rules::parse(b"a/**/b").unwrap_err(), IgnoreError::DoubleStar);
        assert_eq!(Rules::parse(b"[").unwrap_err().to_string(), "syntax error in pattern");
    }
}
