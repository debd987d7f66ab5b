//! A version text to its numbers, and to the next versions (Masterminds/semver v3 `version.go`).

use std::fmt;

use super::error::SemverError;
use super::scan;

/// No version text may be longer, in bytes (`MaxVersionLen`).
const MAX_LEN: usize = 256;

/// A semantic version. Equality and order are precedence: metadata and spelling do not count.
#[derive(Clone, Debug)]
pub struct Version {
    pub major: u64,
    pub minor: u64,
    pub patch: u64,
    /// `beta.1` of `1.0.0-beta.1`
    pub prerelease: String,
    /// `build.5` of `1.0.0+build.5`
    pub metadata: String,
    /// As it was written: `v1.2`.
    pub original: String,
}

impl Version {
    /// Reads a version as charts write it: `v1.2.3`, `1.2`, `1`, `01.2` (`NewVersion`).
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.len() > MAX_LEN {
            return Err(SemverError::VersionTooLong);
        }
        let parts = scan::version(text).filter(|parts| parts.len == text.len());
        let parts = parts.ok_or(SemverError::Invalid)?;
        let version = Version {
            major: segment(parts.major)?,
            minor: segment(parts.minor)?,
            patch: segment(parts.patch)?,
            prerelease: parts.prerelease.to_owned(),
            metadata: parts.metadata.to_owned(),
            original: text.to_owned(),
        };
        if !version.prerelease.is_empty() {
            check_prerelease(&version.prerelease)?;
        }
        Ok(version)
    }

    /// Reads a version that follows semver.org to the letter (`StrictNewVersion`).
    pub fn parse_strict(text: &str) -> Result<Self, SemverError> {
        if text.is_empty() {
            return Err(SemverError::Empty);
        }
        if text.len() > MAX_LEN {
            return Err(SemverError::VersionTooLong);
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SemverError::Invalid);
        };
        let (rest, metadata) = cut(rest, '+');
        metadata.map_or(Ok(()), check_metadata)?;
        let (patch, prerelease) = cut(rest, '-');
        prerelease.map_or(Ok(()), check_prerelease)?;
        for number in [major, minor, patch] {
            check_number(number)?;
        }
        Ok(Version {
            major: number(major).map_err(SemverError::Number)?,
            minor: number(minor).map_err(SemverError::Number)?,
            patch: number(patch).map_err(SemverError::Number)?,
            prerelease: prerelease.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    /// The release that this prerelease leads to, else the next patch release.
    pub fn next_patch(&self) -> Result<Self, SemverError> {
        let patch = if self.prerelease.is_empty() { next(self.patch, "patch")? } else { self.patch };
        Ok(self.with_numbers(self.major, self.minor, patch))
    }

    /// `1.3.0` after `1.2.x`.
    pub fn next_minor(&self) -> Result<Self, SemverError> {
        Ok(self.with_numbers(self.major, next(self.minor, "minor")?, 0))
    }

    /// `2.0.0` after `1.x`.
    pub fn next_major(&self) -> Result<Self, SemverError> {
        Ok(self.with_numbers(next(self.major, "major")?, 0, 0))
    }

    /// The same version with another prerelease, given without its hyphen; empty removes it.
    pub fn with_prerelease(&self, prerelease: &str) -> Result<Self, SemverError> {
        if !prerelease.is_empty() {
            check_prerelease(prerelease)?;
        }
        Ok(Version { prerelease: prerelease.to_owned(), ..self.clone() }.respelled(self))
    }

    /// The same version with other metadata, given without its plus; empty removes it.
    pub fn with_metadata(&self, metadata: &str) -> Result<Self, SemverError> {
        if !metadata.is_empty() {
            check_metadata(metadata)?;
        }
        Ok(Version { metadata: metadata.to_owned(), ..self.clone() }.respelled(self))
    }

    fn with_numbers(&self, major: u64, minor: u64, patch: u64) -> Self {
        let (prerelease, metadata, original) = Default::default();
        Version { major, minor, patch, prerelease, metadata, original }.respelled(self)
    }

    /// Spells the version anew, with the `v` of the version it comes from.
    fn respelled(mut self, from: &Self) -> Self {
        let v = if from.original.starts_with('v') { "v" } else { "" };
        self.original = format!("{v}{self}");
        self
    }
}

impl fmt::Display for Version {
    /// All three numbers, without a leading `v`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

fn next(number: u64, name: &'static str) -> Result<u64, SemverError> {
    number.checked_add(1).ok_or(SemverError::Overflow(name))
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn segment(text: &str) -> Result<u64, SemverError> {
    if text.is_empty() { Ok(0) } else { number(text).map_err(SemverError::Segment) }
}

/// Digits to a number, with the message of Go's `strconv.ParseUint`.
fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| {
        let why = if text.is_empty() { "invalid syntax" } else { "value out of range" };
        format!("strconv.ParseUint: parsing \"{text}\": {why}")
    })
}

fn check_number(text: &str) -> Result<(), SemverError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SemverError::Characters);
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(SemverError::LeadingZero);
    }
    Ok(())
}

fn check_prerelease(text: &str) -> Result<(), SemverError> {
    for part in text.split('.') {
        if !is_identifier(part) {
            return Err(SemverError::Prerelease);
        }
        if part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SemverError::LeadingZero);
        }
    }
    Ok(())
}

fn check_metadata(text: &str) -> Result<(), SemverError> {
    if text.split('.').all(is_identifier) { Ok(()) } else { Err(SemverError::Metadata) }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lax_and_strict() {
        let version = Version::parse("v1.2-rc.1+b").unwrap();
        assert_eq!(
            (version.to_string().as_str(), version.original.as_str()),
            ("1.2.0-rc.1+b", "v1.2-rc.1+b")
        );
        assert_eq!(Version::parse("1.2.3.4").unwrap_err(), SemverError::Invalid);
        assert_eq!(Version::parse_strict("1.2").unwrap_err(), SemverError::Invalid);
        assert_eq!(Version::parse_strict("1.02.0").unwrap_err(), SemverError::LeadingZero);
    }

    #[test]
    fn next_versions_keep_the_v() {
        let version = Version::parse("v1.2.3-rc.1+b").unwrap();
        assert_eq!(version.next_patch().unwrap().original, "v1.2.3");
        assert_eq!(version.next_major().unwrap().original, "v2.0.0");
    }
}
