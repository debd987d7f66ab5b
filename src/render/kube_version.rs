//! The text of a Kubernetes version to its parts (k8s.io/apimachinery `pkg/util/version`, `ParseGeneric`).

use super::capabilities::KubeVersion;
use crate::template::quote::quote;

/// Why a text is no Kubernetes version, in Kubernetes' words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KubeVersionError {
    #[error("could not parse {0} as version")]
    Unreadable(String),
    #[error("illegal version string {0}")]
    TooShort(String),
    #[error("illegal zero-prefixed version component {component} in {version}")]
    LeadingZero { component: String, version: String },
    #[error(
        "illegal non-numeric version component {component} in {version}: \
         strconv.ParseUint: parsing {component}: value out of range"
    )]
    TooBig { component: String, version: String },
}

/// Reads `1.29`, `v1.33.4-gke.1245000`, …: two or more numbers, then anything.
pub fn parse(text: &str) -> Result<KubeVersion, KubeVersionError> {
    let quoted = || quote(text.as_bytes());
    let rest = text.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
    let numbers = leading_numbers(rest.strip_prefix('v').unwrap_or(rest));
    if numbers.is_empty() || text.trim_start().contains('\n') {
        return Err(KubeVersionError::Unreadable(quoted()));
    }
    let components: Vec<&str> = numbers.split('.').collect();
    let [major, minor, ..] = components[..] else { return Err(KubeVersionError::TooShort(quoted())) };
    if major.len() > 1 && major.starts_with('0') {
        return Err(KubeVersionError::LeadingZero { component: quote(major.as_bytes()), version: quoted() });
    }
    let number = |component: &str| {
        component.parse::<u64>().map_err(|_| KubeVersionError::TooBig {
            component: quote(component.as_bytes()),
            version: quoted(),
        })
    };
    let normalized = components.iter().map(|component| Ok(number(component)?.to_string()));
    let normalized = normalized.collect::<Result<Vec<String>, KubeVersionError>>()?.join(".");
    Ok(KubeVersion {
        version: if text.starts_with('v') { text.to_owned() } else { format!("v{text}") },
        normalized: format!("v{normalized}"),
        major: number(major)?.to_string(),
        minor: number(minor)?.to_string(),
    })
}

/// The longest `digits(.digits)*` that the text starts with.
fn leading_numbers(text: &str) -> &str {
    let mut end = 0;
    let mut start = 0;
    loop {
        let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return &text[..end];
        }
        end = start + digits;
        if !text[end..].starts_with('.') {
            return &text[..end];
        }
        start = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_version_keeps_its_text_and_is_compared_without_the_suffix() {
        let version = parse("1.33.4-gke.1245000").unwrap();
        assert_eq!(version.version, "v1.33.4-gke.1245000");
        assert_eq!(version.normalized, "v1.33.4");
        assert_eq!((version.major.as_str(), version.minor.as_str()), ("1", "33"));
        assert_eq!(parse("v1.29").unwrap().normalized, "v1.29");
    }

    #[test]
    fn what_is_no_version_is_refused_in_the_words_of_kubernetes() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(message("nonsense"), "could not parse \"nonsense\" as version");
        assert_eq!(message("1"), "illegal version string \"1\"");
        assert_eq!(message("01.2"), "illegal zero-prefixed version component \"01\" in \"01.2\"");
    }
}
