//! Why a text is no version or no constraint, in the words of Masterminds/semver v3 (`version.go`, `constraints.go`).

/// The messages are part of what a chart's user sees (`semverCompare`, `semver`, a dependency's version).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SemverError {
    #[error("invalid semantic version")]
    Invalid,
    #[error("version string empty")]
    Empty,
    #[error("invalid characters in version")]
    Characters,
    #[error("version segment starts with 0")]
    LeadingZero,
    #[error("invalid metadata string")]
    Metadata,
    #[error("invalid prerelease string")]
    Prerelease,
    #[error("version string is too long (max 256 bytes)")]
    VersionTooLong,
    /// A number of a strict version; the text is that of Go's `strconv.ParseUint`.
    #[error("{0}")]
    Number(String),
    /// A number of a lax version.
    #[error("error parsing version segment: {0}")]
    Segment(String),
    /// Carries the quoted part of the constraint.
    #[error("improper constraint: {0}")]
    Constraint(String),
    #[error("constraint parser error")]
    ConstraintVersion,
    #[error("constraint string is too long (max 512 bytes)")]
    ConstraintTooLong,
    #[error("too many constraint groups (max 32)")]
    TooManyGroups,
    /// The next version would not fit 64 bits; Go panics here.
    #[error("{0} version increment would overflow uint64")]
    Overflow(&'static str),
}
