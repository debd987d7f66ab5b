//! Whether a version satisfies one comparison of a constraint (the operator table of `constraints.go`).

use super::precedence;
use super::version::Version;

/// One comparison: `>=1.2.x`.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub operator: Operator,
    /// The version compared with, zeros in place of what is absent.
    pub version: Version,
    /// Which part is absent or `x`.
    pub open: Open,
    /// Operator and version as written, for display.
    pub original: String,
}

/// The first part of a constraint's version that is absent or a wildcard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Open {
    /// `*`
    Major,
    /// `1`, `1.x`
    Minor,
    /// `1.2`, `1.2.x`
    Patch,
    /// `1.2.3`
    Nothing,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Operator {
    /// `=` or none: equal, or the range of an open version.
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

impl Operator {
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "" | "=" => Operator::Equal,
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            ">=" | "=>" => Operator::GreaterEqual,
            "<=" | "=<" => Operator::LessEqual,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => return None,
        })
    }
}

impl Rule {
    /// `prereleases`: the constraint names a prerelease somewhere in this group, so they are wanted.
    pub fn accepts(&self, version: &Version, prereleases: bool) -> bool {
        if !version.prerelease.is_empty() && !prereleases {
            return false;
        }
        match self.operator {
            Operator::Equal if self.open == Open::Nothing => *version == self.version,
            Operator::Equal | Operator::Tilde => self.tilde(version),
            Operator::NotEqual => self.not_equal(version),
            Operator::Greater => self.greater(version),
            Operator::Less => *version < self.version,
            Operator::GreaterEqual => *version >= self.version,
            Operator::LessEqual => self.less_equal(version),
            Operator::Caret => self.caret(version),
        }
    }

    fn not_equal(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.open {
            Open::Nothing => version != own,
            Open::Minor => own.major != version.major,
            Open::Patch if own.major == version.major && own.minor == version.minor => {
                precedence::prerelease(&version.prerelease, &own.prerelease).is_ne()
            }
            Open::Patch => true,
            // Helm's library compares `!=*` with 0.0.0.
            Open::Major => version != own,
        }
    }

    /// `>11` starts at 12, `>11.1` at 11.2.
    fn greater(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.open {
            Open::Minor => version.major > own.major,
            Open::Patch => (version.major, version.minor) > (own.major, own.minor),
            Open::Major | Open::Nothing => version > own,
        }
    }

    /// `<=11` includes 11.9, `<=11.1` includes 11.1.9.
    fn less_equal(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.open {
            Open::Nothing => version <= own,
            Open::Minor => version.major <= own.major,
            Open::Patch | Open::Major => (version.major, version.minor) <= (own.major, own.minor),
        }
    }

    /// `~1.2.3` is `>=1.2.3 <1.3`; `~1` is `>=1 <2`; `~0.0.0` accepts every release.
    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version < own {
            return false;
        }
        let zero = (own.major, own.minor, own.patch) == (0, 0, 0);
        if zero && !matches!(self.open, Open::Minor | Open::Patch) {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.open == Open::Minor)
    }

    /// `^1.2.3` is `>=1.2.3 <2`; `^0.2.3` is `>=0.2.3 <0.3`; `^0.0.3` is `>=0.0.3 <0.0.4`.
    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version < own || version.major != own.major {
            return false;
        }
        if own.major > 0 || self.open == Open::Minor {
            return true;
        }
        if own.minor > 0 || self.open == Open::Patch {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }
}
