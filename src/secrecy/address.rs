//! A text to whether an address with a login stands in it (RFC 3986, 3.2.1).

/// What ends the part of an address that names its host.
const ENDS: [char; 12] = ['/', '?', '#', '\\', '"', '\'', '`', '<', '>', ' ', '\t', '\n'];
/// Schemes whose user without a password is an account, and proves nothing. A user of the web may be a token.
const ACCOUNTS: [&str; 5] = ["http", "https", "ws", "wss", ""];

/// Whether `scheme://user:password@host` or `//user:password@host` stands anywhere in the text, or `https://token@host`.
pub fn has_login(text: &str) -> bool {
    text.match_indices("//").any(|(at, _)| {
        let scheme = text[..at].strip_suffix(':').map(scheme);
        let begins = at == 0 || !text[..at].ends_with(|c: char| c.is_alphanumeric() || "/:.".contains(c));
        let Some(scheme) = scheme.filter(|scheme| !scheme.is_empty()).or(begins.then_some("")) else {
            return false;
        };
        let rest = &text[at + 2..];
        let authority = &rest[..rest.find(ENDS).unwrap_or(rest.len())];
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        user.is_some_and(|user| is_login(user, ACCOUNTS.contains(&&*scheme.to_lowercase())))
    })
}

/// The same for a place where only addresses stand: `user:password@host` without a scheme counts, too.
pub fn is_with_login(text: &str) -> bool {
    let authority = &text[..text.find(ENDS).unwrap_or(text.len())];
    has_login(text) || authority.rsplit_once('@').is_some_and(|(user, _)| is_login(user, true))
}

/// The letters of a scheme at the end of a text.
fn scheme(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    &text[text.trim_end_matches(is_part).len()..]
}

fn is_login(user: &str, alone: bool) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~%+=".contains(c);
    match user.split_once(':') {
        Some((name, "")) => is_login(name, alone),
        Some((_, password)) => !is_filled_in(password),
        None => alone && !user.is_empty() && user.chars().all(plain),
    }
}

/// `$(PASSWORD)`, `${PASSWORD}`, `$1`, `<password>`, `***`: filled in by somebody else, or never.
fn is_filled_in(password: &str) -> bool {
    let name = password.strip_prefix('$').unwrap_or_default();
    let inner = |open, close| name.strip_prefix(open).and_then(|name| name.strip_suffix(close));
    let name = inner('(', ')').or_else(|| inner('{', '}')).unwrap_or(name);
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name(name) || password.starts_with("%s") || password.chars().all(|c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins() {
        for text in [
            "https://u:p@h",
            "https://u:p@h/x?y#z",
            "https://:p@h",
            "https://t0ken@h/",
            "https://t0ken:@h",
            "HTTPS://t0ken@h",
            "//u:p@h",
            "//t0ken@h/x",
            "socks5+x://u:p@h:1080",
            "socks5://u:p@[::1]:1080",
            "postgres://u:p@db/x?sslmode=disable",
            "--web.external-url=https://u:p@h/",
            "a, b: 'https://u:p@h'",
            "https://a/, https://u:p%40w@h",
            "ssh://git:p@h/x",
            "https://u:p@ss@h",
            "https://u:$PASS-word@h",
        ] {
            assert!(has_login(text) && is_with_login(text), "{text}");
        }
        for text in ["u:p@h", "u:p@h:8500", "t0ken@h:8500", ":p@h"] {
            assert!(!has_login(text) && is_with_login(text), "{text}");
        }
    }

    #[test]
    fn look_alikes() {
        for text in [
            "https://h:9090/x",
            "https://h/u:p@x",
            "https://h/?a=u:p@x",
            "https://h#u:p@x",
            "https://@h/",
            "https://:@h/",
            "https://$1@h/",
            "https://${1}:${2}@h/",
            "https://u:$(PASSWORD)@h/",
            "https://u:${PASSWORD}@h/",
            "https://u:<password>@h/",
            "https://u:***@h/",
            "ssh://git@h/x",
            "postgres://u@db/x",
            "a//b:c@d",
            "https:////u:p",
            "//h/x",
            "/a//b/c",
            "http://.*@.*",
            "see https://h/x, or ask me@example.com",
            "h:8500",
            "[::1]:8500",
            "",
        ] {
            assert!(!is_with_login(text), "{text}");
        }
        for text in ["me@example.com", "git@h:x", "http: //u:p@h is wrong"] {
            assert!(!has_login(text) || text.contains("//"), "{text}");
        }
    }
}
