//! Cuts a version text into its parts, by the two loose grammars of Masterminds/semver v3.

/// `v?N(.N)?(.N)?(-pre)?(+meta)?`; what is absent is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Parts<'a> {
    pub major: &'a str,
    pub minor: &'a str,
    pub patch: &'a str,
    pub prerelease: &'a str,
    pub metadata: &'a str,
    /// How many bytes of the text were used.
    pub len: usize,
}

/// A version: numbers are digits (`looseSemVerRegex`).
pub(super) fn version(text: &str) -> Option<Parts<'_>> {
    parts(text, |byte| byte.is_ascii_digit())
}

/// The version of a constraint: numbers may be `x`, `X`, `*` (and, by an accident that is kept, hold `|`; `cvRegex`).
pub(super) fn wildcard_version(text: &str) -> Option<Parts<'_>> {
    parts(text, |byte| byte.is_ascii_digit() || matches!(byte, b'x' | b'X' | b'*' | b'|'))
}

/// The longest prefix of `text` that has the shape of a version.
fn parts(text: &str, number: fn(u8) -> bool) -> Option<Parts<'_>> {
    let mut at = usize::from(text.starts_with('v'));
    let major = run(&text[at..], number);
    if major.is_empty() {
        return None;
    }
    at += major.len();
    let minor = dotted(&text[at..], number);
    at += if minor.is_empty() { 0 } else { minor.len() + 1 };
    let patch = if minor.is_empty() { "" } else { dotted(&text[at..], number) };
    at += if patch.is_empty() { 0 } else { patch.len() + 1 };
    let prerelease = identifiers(&text[at..], '-');
    at += if prerelease.is_empty() { 0 } else { prerelease.len() + 1 };
    let metadata = identifiers(&text[at..], '+');
    at += if metadata.is_empty() { 0 } else { metadata.len() + 1 };
    Some(Parts { major, minor, patch, prerelease, metadata, len: at })
}

fn run(text: &str, accepts: fn(u8) -> bool) -> &str {
    let end = text.bytes().position(|byte| !accepts(byte)).unwrap_or(text.len());
    &text[..end]
}

fn dotted(text: &str, number: fn(u8) -> bool) -> &str {
    text.strip_prefix('.').map_or("", |rest| run(rest, number))
}

/// Dot-separated identifiers after a sign: `-alpha.1`, `+build.5`. A trailing dot is left over.
fn identifiers(text: &str, sign: char) -> &str {
    let Some(rest) = text.strip_prefix(sign) else { return "" };
    let identifier = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let mut end = run(rest, identifier).len();
    while end > 0 {
        let next = dotted(&rest[end..], identifier);
        if next.is_empty() {
            break;
        }
        end += next.len() + 1;
    }
    &rest[..end]
}
