//! The name or value of an HTTP header to whether it says who asks, and proves it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use crate::secrecy::tokens;

/// Words in the name of a header that carries a credential, without what stands between words.
const TELLING: &[&str] =
    &["authorization", "token", "secret", "password", "passwd", "cookie", "credential", "apikey"];
/// What a key opens: `X-Auth-Key`, `DD-Application-Key`, `Ocp-Apim-Subscription-Key`. `X-Partition-Key` opens nothing.
const KEYS: &[&str] = &[
    "access",
    "account",
    "admin",
    "app",
    "application",
    "auth",
    "client",
    "function",
    "functions",
    "ingest",
    "insert",
    "license",
    "master",
    "private",
    "query",
    "secret",
    "service",
    "shared",
    "signing",
    "subscription",
];
/// Names of single vendors in which no word tells.
const NAMES: &[&str] = &["xauth", "xhoneycombteam"];
/// Letters of a bearer token: shorter ones are words.
const SHORTEST: usize = 8;

/// Whether the name alone says that a value is secret.
pub fn tells(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_lowercase();
    let opens = |before: &str| KEYS.iter().any(|word| before.ends_with(word));
    TELLING.iter().any(|word| plain.contains(word))
        || NAMES.contains(&&*plain)
        || plain.strip_suffix("key").is_some_and(opens)
}

/// Whether a value is one of `Authorization` (RFC 9110, 11.4), or a token of a known format, whatever its header is called.
pub fn carries_credential(value: &str) -> bool {
    let Some((scheme, rest)) = value.trim().split_once(char::is_whitespace) else {
        return tokens::kind(value).is_some();
    };
    let rest = rest.trim();
    let is_word = rest.len() >= SHORTEST && !rest.contains(char::is_whitespace);
    match &*scheme.to_ascii_lowercase() {
        "basic" => is_basic(rest),
        "bearer" | "token" | "apikey" | "api-key" | "splunk" | "negotiate" => is_word,
        _ => tokens::kind(value).is_some(),
    }
}

/// `user:password` in base 64.
fn is_basic(text: &str) -> bool {
    let decoded = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text));
    decoded.is_ok_and(|bytes| bytes.contains(&b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "Authorization",
            "X-Auth-Key",
            "X_API_KEY",
            "x-api-key",
            "X-Access-Key",
            "DD-API-KEY",
            "DD-Application-Key",
            "X-Auth",
            "X-Vault-Token",
            "Proxy-Authorization",
            "Ocp-Apim-Subscription-Key",
            "x-functions-key",
            "X-Insert-Key",
            "X-Honeycomb-Team",
        ] {
            assert!(tells(name), "{name}");
        }
        for name in [
            "X-Scope-OrgID",
            "X-Partition-Key",
            "Idempotency-Key",
            "X-Routing-Key",
            "X-Cache-Key",
            "Surrogate-Key",
            "X-Key",
            "Key",
            "X-Author",
            "X-Authenticated-User",
            "User-Agent",
            "Sec-WebSocket-Key",
            "X-Tenant",
            "Accept",
            "X-Monkey",
            "X-Keyspace",
        ] {
            assert!(!tells(name), "{name}");
        }
    }

    #[test]
    fn values() {
        for value in [
            "Bearer s3cr3t-value",
            "bearer  s3cr3t-value ",
            "Basic dTpwdw==",
            "basic dTpwdzEyMw",
            "Token s3cr3t-value",
        ] {
            assert!(carries_credential(value), "{value}");
        }
        let token = format!("ghp_{}", "aZ3".repeat(12));
        assert!(carries_credential(&token) && carries_credential(&format!("key {token}")));
        for value in [
            "Bearer",
            "Basic",
            "Bearer ",
            "bearer of good news",
            "Basic plan",
            "basic cGxhbg==",
            "Token ring",
            "team-a",
            "",
            "a b c",
            "application/json; charset=utf-8",
            "Mozilla/5.0 (X11)",
            "Bearer x",
        ] {
            assert!(!carries_credential(value), "{value}");
        }
    }
}
