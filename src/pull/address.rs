//! A text turned into the parts of a URL and back, resolved as Go's `net/url` resolves it.

use std::fmt;

/// Longest address in bytes: what servers and proxies take at most.
const MAX_LEN: usize = 8192;

/// A URL. Path and query stay as they were written, escapes included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Lower case, empty in a relative reference.
    pub scheme: String,
    /// `user` or `user:password`, as written.
    user: Option<String>,
    /// With the port, if one is written.
    pub host: String,
    pub path: String,
    pub query: Option<String>,
}

/// Why a text is no URL; the texts are Go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("parse {0}: net/url: invalid control character in URL")]
    Control(String),
    #[error("parse {0}: missing protocol scheme")]
    NoScheme(String),
    #[error("parse {0}: first path segment in URL cannot contain colon")]
    Colon(String),
    #[error("parse {0}: invalid port {1} after host")]
    Port(String, String),
    #[error("parse {0}: invalid character {1} in host name")]
    Host(String, String),
    #[error("parse {0}: invalid URL escape {1}")]
    Escape(String, String),
    #[error("an address of {0} bytes is too long; at most {MAX_LEN} are taken")]
    TooLong(usize),
}

impl Address {
    /// Reads an absolute URL or a reference (`charts/a-1.0.0.tgz`).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > MAX_LEN {
            return Err(AddressError::TooLong(text.len()));
        }
        let shown = || go_quote(&redact(text));
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err(AddressError::Control(shown()));
        }
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let (scheme, rest) = match split_scheme(text) {
            Some(("", _)) => return Err(AddressError::NoScheme(shown())),
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => (String::new(), text),
        };
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let mut address = Address { scheme, query, ..Address::default() };
        let path = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let (user, host) = match authority.rsplit_once('@') {
                    Some((user, host)) => (Some(user.to_owned()), host),
                    None => (None, authority),
                };
                check_host(host, &shown)?;
                (address.user, address.host) = (user, host.to_owned());
                path
            }
            None if address.scheme.is_empty() && rest.split('/').next().is_some_and(|s| s.contains(':')) => {
                return Err(AddressError::Colon(shown()));
            }
            None => rest,
        };
        if let Some(escape) = broken_escape(path) {
            return Err(AddressError::Escape(shown(), go_quote(&escape)));
        }
        path.clone_into(&mut address.path);
        Ok(address)
    }

    /// Whether it says where to go without a base.
    pub fn is_absolute(&self) -> bool {
        !self.scheme.is_empty()
    }

    /// The host without port and brackets, lower case.
    pub fn hostname(&self) -> String {
        let host = match self.port_text() {
            Some(port) => &self.host[..self.host.len() - port.len() - 1],
            None => self.host.trim_end_matches(':'),
        };
        host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase()
    }

    /// The port that is written, else the scheme's.
    pub fn port(&self) -> u16 {
        let default = if self.scheme == "https" { 443 } else { 80 };
        self.port_text().and_then(|port| port.parse().ok()).unwrap_or(default)
    }

    fn port_text(&self) -> Option<&str> {
        let (before, port) = self.host.rsplit_once(':')?;
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        (digits && (!before.contains(':') || before.ends_with(']'))).then_some(port)
    }

    /// Scheme, host and port are the same, whether or not the port is written.
    pub fn same_origin(&self, other: &Address) -> bool {
        let origin = |address: &Address| (address.scheme.clone(), address.hostname(), address.port());
        origin(self) == origin(other)
    }

    /// User and password that the URL itself carries.
    pub fn credentials(&self) -> Option<(String, String)> {
        let user = self.user.as_deref()?;
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        Some((unescape(name), unescape(password)))
    }

    /// Scheme, user, password and host as they were written, for a client: not to be shown.
    pub fn with_credentials(&self) -> String {
        let user = self.user.as_ref().map_or_else(String::new, |user| format!("{user}@"));
        format!("{}://{user}{}", self.scheme, self.host)
    }

    /// The same address without user and password.
    #[must_use]
    pub fn without_credentials(&self) -> Self {
        Address { user: None, ..self.clone() }
    }

    /// The same address without a query.
    #[must_use]
    pub fn without_query(&self) -> Self {
        Address { query: None, ..self.clone() }
    }

    /// The same address with another path.
    #[must_use]
    pub fn with_path(&self, path: &str) -> Self {
        Address { path: path.to_owned(), ..self.clone() }
    }

    /// Where a reference leads from here (RFC 3986 5.2, Go's `URL.ResolveReference`).
    pub fn join(&self, reference: &str) -> Result<Self, AddressError> {
        let reference = Address::parse(reference)?;
        if reference.is_absolute() {
            return Ok(reference);
        }
        if !reference.host.is_empty() || reference.user.is_some() {
            let path = without_dots(&reference.path);
            return Ok(Address { scheme: self.scheme.clone(), path, ..reference });
        }
        if reference.path.is_empty() {
            let query = reference.query.or_else(|| self.query.clone());
            return Ok(Address { query, ..self.clone() });
        }
        let path = match reference.path.starts_with('/') {
            true => reference.path,
            false => {
                let folder = self.path.rfind('/').map_or("", |at| &self.path[..=at]);
                format!("{folder}{}", reference.path)
            }
        };
        Ok(Address { path: without_dots(&path), query: reference.query, ..self.clone() })
    }

    /// The path of a request line.
    pub fn target(&self) -> String {
        let path = escaped(&self.path);
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        match &self.query {
            Some(query) => format!("{path}?{}", escaped(query)),
            None => path,
        }
    }
}

/// As it was written; a password is shown as stars, as Go does it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if !self.host.is_empty() || self.user.is_some() {
            f.write_str("//")?;
        }
        if let Some(user) = &self.user {
            match user.split_once(':') {
                Some((name, _)) => write!(f, "{name}:***@")?,
                None => write!(f, "{user}@")?,
            }
        }
        write!(f, "{}{}", self.host, escaped(&self.path))?;
        self.query.as_ref().map_or(Ok(()), |query| write!(f, "?{query}"))
    }
}

/// A text that may be a URL with a password in it, fit to be shown.
pub fn redact(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("//") else { return text.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split_once(':').map_or(user.to_owned(), |(name, _)| format!("{name}:***"));
            format!("{scheme}//{user}@{host}{}", &rest[end..])
        }
        None => text.to_owned(),
    }
}

/// `Some(("", …))` where a colon stands first.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)))?;
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    (text[end..].starts_with(':') && (end == 0 || starts)).then(|| (&text[..end], &text[end + 1..]))
}

fn check_host(host: &str, shown: &dyn Fn() -> String) -> Result<(), AddressError> {
    let after = host.rfind(']').map_or(host, |at| &host[at + 1..]);
    if let Some(at) = after.find(':')
        && !after[at + 1..].bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(AddressError::Port(shown(), go_quote(&after[at..])));
    }
    let wrong = |c: &char| c.is_ascii() && (*c <= ' ' || "\"<>\\^`{|}".contains(*c));
    match host.chars().find(wrong) {
        Some(character) => Err(AddressError::Host(shown(), go_quote(&character.to_string()))),
        None => Ok(()),
    }
}

/// The first `%` that two hexadecimal digits do not follow.
fn broken_escape(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let escape: String = rest[at..].chars().take(3).collect();
        if escape.len() != 3 || !escape.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit()) {
            return Some(escape);
        }
        rest = &rest[at + 1..];
    }
    None
}

/// What may not stand in a URL as it is, escaped; what is escaped already stays.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match plain(byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Escapes resolved; those that are none stay.
pub fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `/a/./b/../c` is `/a/c`; the result always starts with a slash.
fn without_dots(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(usize::from(path.starts_with('/'))) {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let folder = matches!(path.rsplit('/').next(), Some("." | ".."));
    let end = if folder && !parts.is_empty() { "/" } else { "" };
    format!("/{}{end}", parts.join("/"))
}

fn go_quote(text: &str) -> String {
    crate::template::quote::quote(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_as_in_go() {
        let base = Address::parse("https://u:p@example.com:8443/charts/stable/?sig=1").unwrap();
        for (reference, expected) in [
            ("a-1.0.0.tgz", "https://u:***@example.com:8443/charts/stable/a-1.0.0.tgz"),
            ("../a.tgz", "https://u:***@example.com:8443/charts/a.tgz"),
            ("/a.tgz?x=1", "https://u:***@example.com:8443/a.tgz?x=1"),
            ("//cdn.example.com/a.tgz", "https://cdn.example.com/a.tgz"),
            ("http://other/a b.tgz", "http://other/a%20b.tgz"),
            ("./", "https://u:***@example.com:8443/charts/stable/"),
            ("../../../..", "https://u:***@example.com:8443/"),
        ] {
            assert_eq!(base.join(reference).unwrap().to_string(), expected, "{reference}");
        }
    }

    #[test]
    fn parts_are_told_apart() {
        let address = Address::parse("HTTP://[::1]:80/a%2Fb").unwrap();
        assert_eq!(
            (address.hostname().as_str(), address.port(), address.path.as_str()),
            ("::1", 80, "/a%2Fb")
        );
        assert!(address.same_origin(&Address::parse("http://[::1]/x").unwrap()));
        assert!(!address.same_origin(&Address::parse("https://[::1]:80/x").unwrap()));
        let user = Address::parse("http://a%40b:s%3Acret@host").unwrap();
        assert_eq!(user.credentials(), Some(("a@b".to_owned(), "s:cret".to_owned())));
    }

    #[test]
    fn what_is_no_address_is_said_as_go_says_it() {
        for (text, expected) in [
            (":x", "parse \":x\": missing protocol scheme"),
            ("a:b/c", ""),
            ("1a:b", "parse \"1a:b\": first path segment in URL cannot contain colon"),
            ("http://h:x/", "parse \"http://h:x/\": invalid port \":x\" after host"),
            ("http://h/%zz", "parse \"http://h/%zz\": invalid URL escape \"%zz\""),
            ("http://u:secret@h:x/", "parse \"http://u:***@h:x/\": invalid port \":x\" after host"),
        ] {
            let is = Address::parse(text).err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(is, expected, "{text}");
        }
    }
}
