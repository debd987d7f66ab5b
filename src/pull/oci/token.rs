//! A challenge and credentials turned into a token (distribution `spec/auth/token`, oras-go `remote/auth/client.go`).

use http::StatusCode;
use serde::Deserialize;

use super::super::address::Address;
use super::super::http::client::{Client, Question};
use super::super::http::send::Limit;
use super::error::{RegistryError, json_reason, refusal};
use crate::template::quote::quote;

/// oras-go reads as much; a token has some kilobytes.
const MAX_TOKEN: Limit = Limit { bytes: 128 << 10, what: "token" };

#[derive(Deserialize)]
struct Granted {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

/// What a token is asked for.
pub struct Wanted<'a> {
    pub realm: &'a str,
    pub service: &'a str,
    /// Sorted, each once.
    pub scopes: &'a [String],
    /// User and password; none asks for what anybody may.
    pub credential: Option<&'a (String, String)>,
}

/// Fetches a token. `asked` is what the registry was asked before.
pub async fn fetch(client: &Client, asked: &Address, wanted: Wanted<'_>) -> Result<String, RegistryError> {
    let Wanted { realm, service, scopes, credential } = wanted;
    let refused = |reason: String| RegistryError::Token { address: asked.to_string(), reason };
    let mut address = check_realm(realm, asked).map_err(refused)?;
    let query = scopes.iter().map(|scope| ("scope", &**scope));
    let query = query.chain(Some(("service", service)).filter(|_| !service.is_empty()));
    let query = query.map(|(key, value)| format!("{key}={}", escape(value)));
    let own = address.query.clone().filter(|query| !query.is_empty());
    address.query = Some(own.into_iter().chain(query).collect::<Vec<_>>().join("&"));
    let mut question = Question::new(&address, MAX_TOKEN).strict();
    if let Some((user, password)) = credential {
        question = question.basic(user, password);
    }
    let answer = client.get(question).await.map_err(|fault| refused(fault.to_string()))?;
    if answer.status != StatusCode::OK {
        return Err(refused(refusal(&answer).to_string()));
    }
    let granted: Granted = serde_json::from_slice(&answer.body).map_err(|error| {
        let reason = json_reason(&answer.body, &error);
        refused(format!("GET \"{}\": failed to decode response: {reason}", answer.address))
    })?;
    let token = if granted.access_token.is_empty() { granted.token } else { granted.access_token };
    match token.is_empty() {
        true => Err(refused(format!("GET \"{}\": empty token returned", answer.address))),
        false => Ok(token),
    }
}

/// Credentials go to no server that the registry should not send us to (oras-go `validateRealm`).
fn check_realm(realm: &str, registry: &Address) -> Result<Address, String> {
    let shown = || quote(super::super::address::redact(realm).as_bytes());
    let address = Address::parse(realm)
        .map_err(|error| format!("failed to parse bearer realm {}: {error}", shown()))?;
    match &*address.scheme {
        "https" => {}
        "http" if registry.scheme == "https" => {
            return Err(format!("bearer realm {} uses http but registry was contacted over https", shown()));
        }
        "http" => {}
        scheme => {
            return Err(format!(
                "bearer realm {} uses unsupported scheme {}",
                shown(),
                quote(scheme.as_bytes())
            ));
        }
    }
    let host = address.hostname();
    let private = host.parse().is_ok_and(is_private);
    if private && host != registry.hostname() {
        let host = quote(host.as_bytes());
        return Err(format!(
            "bearer realm host {host} is a loopback, link-local, private, or unspecified address"
        ));
    }
    Ok(address)
}

fn is_private(ip: std::net::IpAddr) -> bool {
    match ip {
        std::net::IpAddr::V4(ip) => {
            let multicast = ip.octets()[..3] == [224, 0, 0];
            ip.is_loopback() || ip.is_link_local() || multicast || ip.is_private() || ip.is_unspecified()
        }
        std::net::IpAddr::V6(ip) => {
            let first = ip.segments()[0];
            let local = first & 0xffc0 == 0xfe80 || first & 0xff0f == 0xff02 || first & 0xfe00 == 0xfc00;
            ip.is_loopback() || local || ip.is_unspecified()
        }
    }
}

/// `url.QueryEscape`
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_sent_anywhere() {
        let registry = Address::parse("https://registry.example.com/v2/").unwrap();
        for (realm, expected) in [
            ("https://auth.example.com/token", ""),
            ("http://auth.example.com/token", "uses http but registry was contacted over https"),
            ("ftp://auth.example.com/token", "uses unsupported scheme \"ftp\""),
            ("/token", "uses unsupported scheme \"\""),
            ("https://169.254.169.254/latest", "is a loopback, link-local, private, or unspecified address"),
            ("https://[::1]/token", "is a loopback, link-local, private, or unspecified address"),
            ("https://10.0.0.1/token", "is a loopback, link-local, private, or unspecified address"),
            ("https://u:secret@a.example.com:x/", "failed to parse bearer realm"),
        ] {
            let is = check_realm(realm, &registry).err().unwrap_or_default();
            assert!(is.contains(expected) && is.is_empty() == expected.is_empty(), "{realm}: {is}");
            assert!(!is.contains("secret"), "{is}");
        }
        let local = Address::parse("http://127.0.0.1:5000/v2/").unwrap();
        assert!(check_realm("http://127.0.0.1:5001/token", &local).is_ok());
    }
}
