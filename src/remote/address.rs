//! The text that names a remote turned into where it is and how to get there (git-push, "GIT URLS").

use std::fmt;
use std::path::PathBuf;

use crate::pull::address::Address;

const SSH_PORT: u16 = 22;

/// Where a remote is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteAddress {
    /// `https://host/path`, `http://host/path`
    Http(Address),
    /// `ssh://user@host:port/path`, `user@host:path`
    Ssh(SshAddress),
    /// `file:///path`, `/path`
    File(PathBuf),
}

/// An account on a host, and a path there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshAddress {
    pub user: String,
    /// Without brackets.
    pub host: String,
    pub port: u16,
    /// Absolute, or relative to the home of the account.
    pub path: String,
}

/// A text that names no remote that could be used. None of them shows a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteAddressError {
    #[error("the address of a remote is empty; give https://host/path, ssh://user@host/path or /path")]
    Empty,
    #[error("{shown}: control characters have no place in the address of a remote")]
    Control { shown: String },
    #[error(
        "{shown}: a user or password in the address would reach logs; name files of them as remote.usernameFile and remote.passwordFile"
    )]
    Credentials { shown: String },
    #[error(
        "{shown}: a password in the address would reach logs, and ssh takes none; name the file of a key as remote.sshKeyFile"
    )]
    SshPassword { shown: String },
    #[error("{shown}: whom to log in as is missing; write {example}")]
    NoUser { shown: String, example: String },
    #[error("{shown}: a host is missing")]
    NoHost { shown: String },
    #[error("{shown}: the path of the repository is missing")]
    NoPath { shown: String },
    #[error("{shown}: {part:?} cannot be the {what} of a remote")]
    Part { shown: String, what: &'static str, part: String },
    #[error("{shown}: {scheme}:// is not spoken here; use https, http, ssh or file")]
    Scheme { shown: String, scheme: String },
    #[error(
        "{shown}: a query or fragment is no part of the address of a repository, and a token in it would reach logs; \
         name its file as remote.tokenFile or remote.passwordFile"
    )]
    Query { shown: String },
    #[error("{shown}: the scheme is missing; write https:{shown}, or /path for a folder")]
    NoScheme { shown: String },
    #[error("{shown}: a path has to be absolute; write /path or user@host:path")]
    Relative { shown: String },
    #[error("{0}")]
    Url(String),
}

impl RemoteAddress {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<RemoteAddress, RemoteAddressError> {
        if text.is_empty() {
            return Err(RemoteAddressError::Empty);
        }
        let shown = || shown(text);
        if text.chars().any(char::is_control) {
            return Err(RemoteAddressError::Control { shown: shown() });
        }
        if text.starts_with("//") {
            return Err(without_scheme(text));
        }
        if text.starts_with('/') {
            return Ok(RemoteAddress::File(text.into()));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return scp(text, &shown()).map(RemoteAddress::Ssh);
        };
        match &*scheme.to_ascii_lowercase() {
            "http" | "https" => http(text, rest).map(RemoteAddress::Http),
            "ssh" | "git+ssh" | "ssh+git" => ssh(rest, &shown()).map(RemoteAddress::Ssh),
            "file" => file(rest, &shown()),
            scheme => Err(RemoteAddressError::Scheme { shown: shown(), scheme: self::shown(scheme) }),
        }
    }
}

/// Fit to be shown; it holds no password.
impl fmt::Display for RemoteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RemoteAddress::Http(address) => write!(f, "{}", address.without_credentials()),
            RemoteAddress::Ssh(address) => write!(f, "{address}"),
            RemoteAddress::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl fmt::Display for SshAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SshAddress { user, host, port, path } = self;
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        let slash = if path.starts_with('/') { "" } else { "/~/" };
        match *port {
            SSH_PORT => write!(f, "ssh://{user}@{open}{host}{close}{slash}{path}"),
            port => write!(f, "ssh://{user}@{open}{host}{close}:{port}{slash}{path}"),
        }
    }
}

/// Fit to be shown, also where it is no address: what stands before an `@` gives way to stars, but for the name of an account of
/// ssh, and so does what comes after a `?` or `#`.
fn shown(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let (start, rest) = match text.find("//").filter(|at| !text[..*at].contains('@')) {
        Some(at) => text.split_at(at + 2),
        None => ("", &*text),
    };
    let (before, rest) = split_user(rest);
    if before.is_some_and(|before| before.contains(['?', '#'])) {
        return format!("{start}***");
    }
    let user = before.map_or_else(String::new, |before| {
        let is_account = start.is_empty() || start.to_ascii_lowercase().contains("ssh");
        match before.split_once(':') {
            Some((name, _)) if is_account && is_plain(name) => format!("{name}:***@"),
            None if is_account && is_plain(before) => format!("{before}@"),
            _ => "***@".to_owned(),
        }
    });
    match rest.find(['?', '#']) {
        Some(at) => format!("{start}{user}{}***", &rest[..=at]),
        None => format!("{start}{user}{rest}"),
    }
}

/// What stands before the last `@`, which may be written as in a URL. A password may hold anything.
fn split_user(text: &str) -> (Option<&str>, &str) {
    let plain = text.rfind('@').map(|at| (at, at + 1));
    let escaped = text.rfind("%40").map(|at| (at, at + 3));
    match plain.max(escaped) {
        Some((end, start)) => (Some(&text[..end]), &text[start..]),
        None => (None, text),
    }
}

/// A letter of the name of an account or host.
fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || ".-_+".contains(c))
}

/// `//user:password@host/path`, and what could be a folder.
fn without_scheme(text: &str) -> RemoteAddressError {
    let shown = shown(text);
    match split_user(text).0 {
        Some(_) => RemoteAddressError::Credentials { shown },
        None => RemoteAddressError::NoScheme { shown },
    }
}

/// Whether a URL carries a login, also one whose password holds a slash: `host:port` is no reason to think so, `user:word` is.
fn has_login(rest: &str) -> bool {
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let has_user = |text| split_user(text).0.is_some();
    let port = authority.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
    has_user(authority) || has_user(path) && port.is_some_and(|port| port.parse::<u16>().is_err())
}

fn http(text: &str, rest: &str) -> Result<Address, RemoteAddressError> {
    let shown = || shown(text);
    // before it is parsed: what is no URL is shown as it is
    if has_login(rest) {
        return Err(RemoteAddressError::Credentials { shown: shown() });
    }
    if text.contains(['?', '#']) {
        return Err(RemoteAddressError::Query { shown: shown() });
    }
    let mut address = Address::parse(text).map_err(|error| RemoteAddressError::Url(error.to_string()))?;
    if address.hostname().is_empty() {
        return Err(RemoteAddressError::NoHost { shown: shown() });
    }
    address.path = address.path.trim_end_matches('/').to_owned();
    match address.path.is_empty() {
        true => Err(RemoteAddressError::NoPath { shown: shown() }),
        false => Ok(address),
    }
}

fn ssh(rest: &str, shown: &str) -> Result<SshAddress, RemoteAddressError> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if path.contains(['?', '#']) {
        return Err(RemoteAddressError::Query { shown: shown.to_owned() });
    }
    if has_login(rest) && !authority.contains('@') {
        return Err(RemoteAddressError::SshPassword { shown: shown.to_owned() });
    }
    let (user, host) = account(authority, shown, "ssh://git@host/path")?;
    let (host, port) = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':')),
        None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some(text) => text.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
            RemoteAddressError::Part { shown: shown.to_owned(), what: "port", part: text.to_owned() }
        })?,
        None => SSH_PORT,
    };
    // `/~/path` and `/~user/path` are relative to a home (connect.c)
    let path = path.strip_prefix("/~/").unwrap_or(if path.starts_with("/~") { &path[1..] } else { path });
    account_at(user, host, port, path, shown)
}

/// `user@host:path`: the first colon after the host ends it, and there is no slash before it.
fn scp(text: &str, shown: &str) -> Result<SshAddress, RemoteAddressError> {
    let relative = || RemoteAddressError::Relative { shown: shown.to_owned() };
    let from = text.rfind("]:").map_or(0, |at| at + 1);
    let colon = from + text[from..].find(':').ok_or_else(relative)?;
    let (authority, path) = (&text[..colon], &text[colon + 1..]);
    if authority.contains('/') {
        return Err(relative());
    }
    if !authority.contains('@') && path.contains('@') {
        return Err(RemoteAddressError::SshPassword { shown: shown.to_owned() });
    }
    let (user, host) = account(authority, shown, "git@host:path")?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    account_at(user, host, SSH_PORT, path, shown)
}

fn account<'t>(
    authority: &'t str,
    shown: &str,
    example: &str,
) -> Result<(&'t str, &'t str), RemoteAddressError> {
    let no_user = || RemoteAddressError::NoUser { shown: shown.to_owned(), example: example.to_owned() };
    let (user, host) = authority.rsplit_once('@').filter(|(user, _)| !user.is_empty()).ok_or_else(no_user)?;
    match user.contains(':') {
        true => Err(RemoteAddressError::SshPassword { shown: shown.to_owned() }),
        false => Ok((user, host)),
    }
}

fn account_at(
    user: &str,
    host: &str,
    port: u16,
    path: &str,
    shown: &str,
) -> Result<SshAddress, RemoteAddressError> {
    let part = |what, part: &str| {
        Err(RemoteAddressError::Part { shown: shown.to_owned(), what, part: part.to_owned() })
    };
    if host.is_empty() {
        return Err(RemoteAddressError::NoHost { shown: shown.to_owned() });
    }
    if path.is_empty() || path == "/" {
        return Err(RemoteAddressError::NoPath { shown: shown.to_owned() });
    }
    // what a shell or an option parser on the way could take for something else
    let plain = |c: char| c.is_alphanumeric() || ".-_".contains(c);
    if user.starts_with('-') || !user.chars().all(|c| plain(c) || c == '+' || c == '@') {
        return part("user", user);
    }
    if host.starts_with('-') || !host.chars().all(|c| plain(c) || c == ':' || c == '%') {
        return part("host", host);
    }
    if path.starts_with('-') {
        return part("path", path);
    }
    let (user, host, path) = (user.to_owned(), host.to_lowercase(), path.to_owned());
    Ok(SshAddress { user, host, port, path })
}

fn file(path: &str, shown: &str) -> Result<RemoteAddress, RemoteAddressError> {
    let path = path.strip_prefix("localhost").unwrap_or(path);
    match path.starts_with('/') {
        true => Ok(RemoteAddress::File(path.into())),
        false => Err(RemoteAddressError::Relative { shown: shown.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_told_apart() {
        for (text, expected) in [
            ("https://example.com/a/b.git", "https://example.com/a/b.git"),
            ("http://[::1]:3000/a/b.git/", "http://[::1]:3000/a/b.git"),
            ("ssh://git@Example.com/a.git", "ssh://git@example.com/a.git"),
            ("ssh://git@example.com:2222/~/a.git", "ssh://git@example.com:2222/~/a.git"),
            ("ssh://git@[fe80::1]:2222/a.git", "ssh://git@[fe80::1]:2222/a.git"),
            ("git@example.com:a/b.git", "ssh://git@example.com/~/a/b.git"),
            ("git@[::1]:/a/b.git", "ssh://git@[::1]/a/b.git"),
            ("file:///srv/a.git", "/srv/a.git"),
            ("HTTPS://example.com/@team/a.git", "https://example.com/@team/a.git"),
            ("https://example.com:8443/a@b.git", "https://example.com:8443/a@b.git"),
            ("/srv/a b.git", "/srv/a b.git"),
        ] {
            let address = RemoteAddress::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(address.to_string(), expected, "{text}");
            assert_eq!(RemoteAddress::parse(expected).as_ref(), Ok(&address), "{expected}");
        }
    }

    #[test]
    fn what_is_refused_says_why_and_shows_no_password() {
        for (text, expected) in [
            ("", "is empty"),
            ("https://me:hunter2@example.com/a.git", "remote.usernameFile and remote.passwordFile"),
            ("https://hunter2@example.com/a.git", "remote.usernameFile and remote.passwordFile"),
            ("ssh://git:hunter2@example.com/a.git", "ssh takes none"),
            ("git:hunter2@example.com:a.git", "ssh takes none"),
            ("ssh://example.com/a.git", "ssh://git@host/path"),
            ("example.com:a.git", "git@host:path"),
            ("HTTPS://hunter2@example.com/a.git", "remote.usernameFile and remote.passwordFile"),
            ("https://me:hunter2/x@example.com/a.git", "remote.usernameFile and remote.passwordFile"),
            ("https://me:hunter2?x@example.com/a.git", "remote.usernameFile and remote.passwordFile"),
            ("https://me:hunter2%40example.com/a.git", "remote.usernameFile and remote.passwordFile"),
            ("//me:hunter2@example.com/a.git", "remote.usernameFile and remote.passwordFile"),
            ("//hunter2@example.com/a.git", "remote.usernameFile and remote.passwordFile"),
            (
                "//example.com/a.git",
                "//example.com/a.git: the scheme is missing; write https://example.com/a.git",
            ),
            ("https:me:hunter2@example.com/a.git", "ssh takes none"),
            ("https:/me:hunter2@example.com/a.git", "ssh takes none"),
            ("ftp://hunter2@example.com/a", "ftp:// is not spoken"),
            ("me:hunter2@example.com://a", "is not spoken"),
            ("ssh://git:hunter2/x@example.com/a.git", "ssh takes none"),
            ("ssh://git@example.com/a?token=hunter2", "name its file as remote.tokenFile"),
            (
                "https://example.com/?private_token=hunter2",
                "name its file as remote.tokenFile or remote.passwordFile",
            ),
            ("https://example.com/a?b=c@hunter2", "name its file as remote.tokenFile"),
            ("https://example.com/a#hunter2", "name its file as remote.tokenFile"),
            ("https://example.com:x/a?private_token=hunter2", "name its file as remote.tokenFile"),
            ("https:///a.git", "host is missing"),
            ("https://example.com/", "path of the repository is missing"),
            ("https://example.com/a?b", "query or fragment"),
            ("git://example.com/a.git", "git:// is not spoken"),
            ("ssh://-oProxyCommand=x@example.com/a", "cannot be the user"),
            ("ssh://git@-oProxyCommand=x/a", "cannot be the host"),
            ("ssh://git@example.com:0/a", "cannot be the port"),
            ("git@example.com:-x", "cannot be the path"),
            ("../a.git", "has to be absolute"),
            ("./a:b", "has to be absolute"),
            ("file://host/a", "has to be absolute"),
            ("https://example.com/a\nb", "control characters"),
            ("https://a:hunter2@b\n/c", "control characters"),
        ] {
            let error = RemoteAddress::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("hunter2") && !error.ends_with('.'), "{error}");
        }
    }
}
