//! A `WWW-Authenticate` header turned into what the registry wants to see (oras-go `remote/auth/challenge.go`).

use std::collections::BTreeMap;

/// What a registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    Basic,
    /// A token of the server at `realm`.
    Bearer {
        realm: String,
        service: String,
        scope: String,
    },
}

/// None where the scheme is another one.
pub fn parse(header: &str) -> Option<Challenge> {
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut parameters = parameters(rest);
    let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
    Some(Challenge::Bearer { realm: take("realm"), service: take("service"), scope: take("scope") })
}

/// `a="b",c=d`
fn parameters(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = after.find([',', ' ', '\t']).unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
        };
        found.insert(key.trim().to_ascii_lowercase(), value);
        let Some(next) = after.trim_start().strip_prefix(',') else { break };
        rest = next.trim_start();
    }
    found
}

/// What stands before the closing quote, and what follows it.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, character)| character)),
            character => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let bearer = |realm: &str, service: &str, scope: &str| {
            let [realm, service, scope] = [realm, service, scope].map(str::to_owned);
            Some(Challenge::Bearer { realm, service, scope })
        };
        for (header, expected) in [
            ("Basic realm=\"x\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                "Bearer realm=\"https://a/token\",service=\"r, s\", scope=\"repository:a/b:pull,push\"",
                bearer("https://a/token", "r, s", "repository:a/b:pull,push"),
            ),
            ("bearer realm=https://a", bearer("https://a", "", "")),
            ("Bearer realm=\"a\\\"b", bearer("a\"b", "", "")),
            ("Bearer", bearer("", "", "")),
            ("Negotiate abc", None),
            ("", None),
        ] {
            assert_eq!(parse(header), expected, "{header}");
        }
    }
}
