//! Texts to the kind of credential in them, by formats that are made to be recognised.
//!
//! Only what cannot be anything else: a key block, or a prefix that its issuer documents for scanners, with the length
//! and the letters that belong to it. A word called «password» proves nothing.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::RegexSet;

/// A format: what it is, and how it looks.
struct Format(&'static str, &'static str);

/// Documented by those who issue them, for secret scanning; `\b` keeps longer words out.
const FORMATS: &[Format] = &[
    Format(
        "a private key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n)*[A-Za-z0-9+/=]",
    ),
    Format("an age identity", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b"),
    Format("an AWS access key", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    Format(
        "a GitHub token",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b",
    ),
    Format("a GitLab token", r"\bgl(?:pat|rt|dt|ptt|ft|soat|imt|agent)-[A-Za-z0-9_-]{20,}"),
    Format("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    Format("a Slack token", r"\b(?:xox[abeprs]|xapp)-[A-Za-z0-9-]{20,}"),
    Format(
        "a Slack webhook",
        r"https://hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,}",
    ),
    Format("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{24,}\b"),
    Format("a Vault token", r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}"),
    Format("a Grafana token", r"\bglsa_[A-Za-z0-9]{32}_[a-f0-9]{8}\b"),
    Format("a Docker token", r"\bdckr_pat_[A-Za-z0-9_-]{27}\b"),
    Format("a DigitalOcean token", r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
    Format("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    Format("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b"),
    Format("a JSON web token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
];

static SET: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(FORMATS.iter().map(|Format(_, pattern)| pattern)).ok());

/// What Amazon's own documentation shows.
const EXAMPLE: &str = "AKIAIOSFODNN7EXAMPLE";

/// The first kind of credential that a text holds.
pub fn kind(text: &str) -> Option<&'static str> {
    let text = match text.contains(EXAMPLE) {
        true => Cow::Owned(text.replace(EXAMPLE, "")),
        false => Cow::Borrowed(text),
    };
    let found = SET.as_ref()?.matches(&text);
    found.iter().next().map(|at| FORMATS[at].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made here, so that no scanner of this repository takes a case for a leak.
    fn letters(count: usize) -> String {
        "aZ3".chars().cycle().take(count).collect()
    }

    #[test]
    fn known_formats_are_recognised() {
        let capitals = "A2".repeat(40);
        let cases = [
            ("a private key", format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n", letters(64))),
            ("a private key", format!("x: |\n  -----BEGIN PRIVATE KEY-----\n  {}\n", letters(64))),
            ("a private key", format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}", letters(64))),
            ("a private key", format!("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{}", letters(64))),
            ("an age identity", format!("AGE-SECRET-KEY-1{}", &capitals[..58])),
            ("an AWS access key", format!("aws_access_key_id = AKIA{}", &capitals[..16])),
            ("a GitHub token", format!("token: ghp_{}", letters(36))),
            ("a GitHub token", format!("github_pat_{}_{}", letters(22), letters(59))),
            ("a GitLab token", format!("glpat-{}", letters(20))),
            ("a Google API key", format!("key=AIza{}", letters(35))),
            ("a Slack token", format!("xoxb-{}", letters(24))),
            (
                "a Slack webhook",
                format!("https://hooks.slack.com/services/T{0}/B{0}/{1}", &capitals[..8], letters(24)),
            ),
            ("a Stripe key", format!("sk_live_{}", letters(24))),
            ("a Vault token", format!("hvs.{}", letters(24))),
            ("a Grafana token", format!("glsa_{}_{}", letters(32), "0a".repeat(4))),
            ("a Docker token", format!("dckr_pat_{}", letters(27))),
            ("a DigitalOcean token", format!("dop_v1_{}", "0a".repeat(32))),
            ("an npm token", format!("npm_{}", letters(36))),
            ("a SendGrid key", format!("SG.{}.{}", letters(22), letters(43))),
            ("a JSON web token", format!("Bearer eyJ{0}.eyJ{0}.{0}", letters(24))),
        ];
        for (wanted, text) in cases {
            assert_eq!(kind(&text), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_looks_like_one_is_left_alone() {
        let cases = [
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nMIIB",
            "-----BEGIN PRIVATE KEY-----\n# put your key here",
            "grep -q 'BEGIN PRIVATE KEY' file",
            "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
            "AKIA is how such a key begins",
            "ghp_short",
            "token: ${GITHUB_TOKEN}",
            "glpat-",
            "password: see the vault",
            "xoxo-hugs-and-kisses-to-everybody",
            "https://hooks.slack.com/services/T00000000/B00000000/X",
            "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
            "hvs.yaml",
            "SG.1.2",
            "eyJ.eyJ.eyJ",
            "npm_config_cache=/tmp",
            "sha256:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
        ];
        for text in cases {
            assert_eq!(kind(text), None, "{text}");
        }
    }
}
