//! The text that names a remote turned into where it is and how to get there (git-push, "GIT URLS").

use std::fmt;
use std::path::PathBuf;

use crate::pull::address::{Address, redact};

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
    #[error("{shown}: a query or fragment is no part of the address of a repository")]
    Query { shown: String },
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
        if text.starts_with('/') {
            return Ok(RemoteAddress::File(text.into()));
        }
        match text.split_once("://") {
            Some(("http" | "https", _)) => http(text).map(RemoteAddress::Http),
            Some(("ssh" | "git+ssh" | "ssh+git", rest)) => ssh(rest, &shown()).map(RemoteAddress::Ssh),
            Some(("file", path)) => file(path, &shown()),
            Some((scheme, _)) => {
                let scheme = scheme.to_owned();
                Err(RemoteAddressError::Scheme { shown: shown(), scheme })
            }
            None => scp(text, &shown()).map(RemoteAddress::Ssh),
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

/// A password in front of a host gives way to stars, also where the address is none.
fn shown(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    if let Some((scheme, rest)) = text.split_once("//") {
        let end = rest.find('/').unwrap_or(rest.len());
        // on the web a user may be a token
        return match rest[..end].rsplit_once('@') {
            Some((_, host)) if scheme.starts_with("http") => format!("{scheme}//***@{host}{}", &rest[end..]),
            _ => redact(&text),
        };
    }
    match text.rsplit_once('@') {
        Some((user, rest)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:***@{rest}"),
            None => text,
        },
        None => text,
    }
}

fn http(text: &str) -> Result<Address, RemoteAddressError> {
    let mut address = Address::parse(text).map_err(|error| RemoteAddressError::Url(error.to_string()))?;
    let shown = || shown(text);
    if address.credentials().is_some() {
        return Err(RemoteAddressError::Credentials { shown: shown() });
    }
    if address.hostname().is_empty() {
        return Err(RemoteAddressError::NoHost { shown: shown() });
    }
    if address.query.is_some() || text.contains('#') {
        return Err(RemoteAddressError::Query { shown: shown() });
    }
    address.path = address.path.trim_end_matches('/').to_owned();
    match address.path.is_empty() {
        true => Err(RemoteAddressError::NoPath { shown: shown() }),
        false => Ok(address),
    }
}

fn ssh(rest: &str, shown: &str) -> Result<SshAddress, RemoteAddressError> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
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
