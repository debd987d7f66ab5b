//! Takes URLs apart and puts them together as Go's `net/url` does, for Sprig's `urlParse` and `urlJoin`.

use super::cast::kind;
use super::define::{Answer, MAP, STRING, fail, func, map, text};
use super::ipv6;
use super::runes::{find, split};
use super::url_escape::{EscapeError, Part, escape, unescape};
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::quote::quote;
use crate::template::value::{Map, Value};

pub static TABLE: &[Func<Context>] =
    &[func("urlParse", &[STRING], MAP, url_parse), func("urlJoin", &[MAP], STRING, url_join)];

/// Go's `url.URL`, as far as Sprig looks at it.
#[derive(Default)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    user: Option<User>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

#[derive(Debug, thiserror::Error)]
enum UrlError {
    #[error("net/url: invalid control character in URL")]
    Control,
    #[error("missing protocol scheme")]
    NoScheme,
    #[error("first path segment in URL cannot contain colon")]
    Colon,
    #[error("net/url: invalid userinfo")]
    Userinfo,
    #[error("invalid IP-literal")]
    IpLiteral,
    #[error("missing ']' in host")]
    Bracket,
    #[error("invalid port {0} after host")]
    Port(String),
    #[error("invalid host: {0}")]
    Address(#[from] ipv6::AddressError),
    #[error(transparent)]
    Escape(#[from] EscapeError),
}

fn url_parse(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let url = parse(text(args, 0)?).or_else(|error| fail(format!("unable to parse url: {error}")))?;
    let hostname = hostname(&url.host).to_vec();
    let userinfo = url.user.as_ref().map(User::escaped).unwrap_or_default();
    let entries = [
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", hostname),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", userinfo),
    ];
    Ok(Value::map(entries.map(|(key, value)| (key, Value::str(value)))))
}

fn url_join(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let parts = map(args, 0)?;
    let mut url = Url {
        scheme: part(&parts, "scheme")?,
        host: part(&parts, "host")?,
        path: part(&parts, "path")?,
        query: part(&parts, "query")?,
        opaque: part(&parts, "opaque")?,
        fragment: part(&parts, "fragment")?,
        user: None,
    };
    let userinfo = part(&parts, "userinfo")?;
    if !userinfo.is_empty() {
        let whole = [b"proto://", &*userinfo, b"@host"].concat();
        let parsed = parse(&whole);
        url.user = parsed.or_else(|error| fail(format!("unable to parse userinfo in dict: {error}")))?.user;
    }
    Ok(Value::str(url.write()))
}

/// The string under this key, empty where there is none.
fn part(parts: &Map, key: &str) -> Result<Vec<u8>, CallError> {
    match parts.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Str(text)) => Ok(text.to_vec()),
        Some(Value::Nil | Value::Invalid) => {
            fail("runtime error: invalid memory address or nil pointer dereference")
        }
        Some(other) => {
            let kind = kind(&other);
            fail(format!("unable to parse {key} key, must be of type string, but {kind} found"))
        }
    }
}

/// `url.Parse`, with the error as Go prints it.
fn parse(raw: &[u8]) -> Result<Url, String> {
    let (url, fragment) = cut(raw, b"#");
    let explain = |what: &[u8], error: UrlError| format!("parse {}: {error}", quote(what));
    let mut parsed = parse_reference(url).map_err(|error| explain(url, error))?;
    let fragment = unescape(fragment, Part::Fragment);
    parsed.fragment = fragment.map_err(|error| explain(raw, error.into()))?;
    Ok(parsed)
}

fn parse_reference(raw: &[u8]) -> Result<Url, UrlError> {
    if raw.iter().any(|byte| *byte < b' ' || *byte == 0x7f) {
        return Err(UrlError::Control);
    }
    let mut url = Url::default();
    if raw == b"*" {
        url.path = raw.to_vec();
        return Ok(url);
    }
    let (scheme, rest) = split_scheme(raw)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (mut rest, query) = cut(rest, b"?");
    url.query = query.to_vec();
    if !rest.starts_with(b"/") {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_vec();
            return Ok(url);
        }
        if cut(rest, b"/").0.contains(&b':') {
            return Err(UrlError::Colon);
        }
    }
    if rest.starts_with(b"//") && (!url.scheme.is_empty() || !rest.starts_with(b"///")) {
        let authority = &rest[2..];
        let end = authority.iter().position(|byte| *byte == b'/').unwrap_or(authority.len());
        rest = &authority[end..];
        (url.user, url.host) = parse_authority(&url.scheme, &authority[..end])?;
    }
    url.path = unescape(rest, Part::Path)?;
    Ok(url)
}

/// The scheme before the first colon, if what stands there can be one.
fn split_scheme(raw: &[u8]) -> Result<(&[u8], &[u8]), UrlError> {
    for (at, byte) in raw.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err(UrlError::NoScheme),
            b':' => return Ok((&raw[..at], &raw[at + 1..])),
            _ => break,
        }
    }
    Ok((b"", raw))
}

fn parse_authority(scheme: &[u8], authority: &[u8]) -> Result<(Option<User>, Vec<u8>), UrlError> {
    let Some(at) = authority.iter().rposition(|byte| *byte == b'@') else {
        return Ok((None, parse_host(scheme, authority)?));
    };
    let host = parse_host(scheme, &authority[at + 1..])?;
    let userinfo = &authority[..at];
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
    if !userinfo.iter().all(valid) {
        return Err(UrlError::Userinfo);
    }
    let (name, password) = cut(userinfo, b":");
    let password = match userinfo.contains(&b':') {
        true => Some(unescape(password, Part::UserPassword)?),
        false => None,
    };
    Ok((Some(User { name: unescape(name, Part::UserPassword)?, password }), host))
}

fn parse_host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, UrlError> {
    match host.iter().rposition(|byte| *byte == b'[') {
        Some(0) => return parse_ip_literal(host),
        Some(_) => return Err(UrlError::IpLiteral),
        None => {}
    }
    if let Some(first) = host.iter().position(|byte| *byte == b':') {
        // Elsewhere than in the web's schemes a host may hold colons.
        let last = host.iter().rposition(|byte| *byte == b':').unwrap_or(first);
        let web = scheme == b"http" || scheme == b"https";
        check_port(&host[if web { first } else { last }..])?;
    }
    Ok(unescape(host, Part::Host)?)
}

/// `[::1%25eth0]:8080`
fn parse_ip_literal(host: &[u8]) -> Result<Vec<u8>, UrlError> {
    let close = host.iter().rposition(|byte| *byte == b']').ok_or(UrlError::Bracket)?;
    let port = &host[close + 1..];
    check_port(port)?;
    let port = unescape(port, Part::Host)?;
    let name = &host[1..close];
    let name = match find(name, b"%25") {
        Some(zone) => [unescape(&name[..zone], Part::Host)?, unescape(&name[zone..], Part::Zone)?].concat(),
        None => unescape(name, Part::Host)?,
    };
    if ipv6::parse(&name)?.is_v4 {
        return Err(UrlError::IpLiteral);
    }
    Ok([b"[", &*name, b"]", &*port].concat())
}

fn check_port(port: &[u8]) -> Result<(), UrlError> {
    if valid_port(port) { Ok(()) } else { Err(UrlError::Port(quote(port))) }
}

/// Nothing, or a colon and digits, if any.
fn valid_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// The host without port and brackets.
fn hostname(host: &[u8]) -> &[u8] {
    let colon = host.iter().rposition(|byte| *byte == b':').filter(|colon| valid_port(&host[*colon..]));
    let host = &host[..colon.unwrap_or(host.len())];
    match host {
        [b'[', inner @ .., b']'] => inner,
        _ => host,
    }
}

impl User {
    fn escaped(&self) -> Vec<u8> {
        let mut out = escape(&self.name, Part::UserPassword);
        if let Some(password) = &self.password {
            out.push(b':');
            out.extend(escape(password, Part::UserPassword));
        }
        out
    }
}

impl Url {
    /// `URL.String`
    fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.write_authority(&mut out);
            self.write_path(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escape(&self.fragment, Part::Fragment));
        }
        out
    }

    fn write_authority(&self, out: &mut Vec<u8>) {
        let any = !self.host.is_empty() || self.user.is_some();
        if any || !self.scheme.is_empty() && !self.path.is_empty() {
            out.extend_from_slice(b"//");
        }
        if let Some(user) = &self.user {
            out.extend(user.escaped());
            out.push(b'@');
        }
        out.extend(escape(&self.host, Part::Host));
    }

    fn write_path(&self, out: &mut Vec<u8>) {
        let path = if self.path == b"*" { self.path.clone() } else { escape(&self.path, Part::Path) };
        if !path.is_empty() && path[0] != b'/' && !self.host.is_empty() {
            out.push(b'/');
        }
        // A first segment with a colon would read as a scheme.
        if out.is_empty() && cut(&path, b"/").0.contains(&b':') {
            out.extend_from_slice(b"./");
        }
        out.extend(path);
    }
}

/// What stands before and after the first separator (`strings.Cut`).
fn cut<'t>(text: &'t [u8], separator: &[u8]) -> (&'t [u8], &'t [u8]) {
    match *split(text, separator, 2).as_slice() {
        [before, after] => (before, after),
        _ => (text, b""),
    }
}
