//! Texts of the settings, checked while they are read: only then does an error name the key and the line.

use std::fmt;
use std::path::PathBuf;

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};

/// What a text may be.
pub struct Rule {
    /// The rest of a sentence that begins with «expected».
    pub expected: &'static str,
    /// In bytes.
    longest: usize,
    fits: fn(&str) -> bool,
}

/// A commit holds `NAME <EMAIL>` on one line, and git drops space around a name.
pub static NAME: Rule = Rule {
    expected: "a name of at most 100 bytes without line breaks, control characters, `<` and `>`",
    longest: 100,
    fits: |text| text.trim() == text && !text.chars().any(|c| c.is_control() || matches!(c, '<' | '>')),
};

/// As long as mail servers take one (RFC 5321, 4.5.3.1.3).
pub static EMAIL: Rule = Rule {
    expected: "an address such as promgit@example.com, at most 254 bytes without spaces, `<` and `>`",
    longest: 254,
    fits: |text| !text.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>')),
};

/// As long as Linux takes one (PATH_MAX).
pub static PATH: Rule =
    Rule { expected: "a path of at most 4095 bytes", longest: 4095, fits: |text| !text.contains('\0') };

/// Anything else that a person types: a template, a filter, a version.
pub static LINE: Rule = Rule {
    expected: "a text of one line, at most 4096 bytes",
    longest: 4096,
    fits: |text| !text.chars().any(char::is_control),
};

/// As Kubernetes names a ServiceAccount: a DNS subdomain (RFC 1123).
pub static ACCOUNT: Rule = Rule {
    expected: "the name of a ServiceAccount: lower case letters, digits, dashes and dots, at most 253",
    longest: 253,
    fits: |text| {
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_label = |part: &str| {
            !part.is_empty() && part.chars().all(inside) && !part.starts_with('-') && !part.ends_with('-')
        };
        text.split('.').all(is_label)
    },
};

impl Rule {
    /// None is ever empty.
    pub fn allows(&self, text: &str) -> bool {
        !text.trim().is_empty() && text.len() <= self.longest && (self.fits)(text)
    }

    /// The text as an error shows it: one that is much too long would hide what is wrong with it.
    pub fn shown(&self, text: &str) -> String {
        if text.len() > self.longest {
            format!("{} bytes", text.len())
        } else {
            without_login(&format!("{text:?}"))
        }
    }
}

/// A message without the login of an address that it quotes: what stands before the last `@` of a quoted text, and a query.
pub fn without_login(message: &str) -> String {
    const QUOTES: [char; 2] = ['"', '`'];
    // a quote inside of a text makes it unclear which is outside
    if message.contains("\\\"") {
        return hidden(message);
    }
    let mut out = String::with_capacity(message.len());
    for (index, piece) in message.split_inclusive(QUOTES).enumerate() {
        match index % 2 == 1 {
            true => out.push_str(&hidden(piece)),
            false => out.push_str(piece),
        }
    }
    out
}

fn hidden(quoted: &str) -> String {
    let from = quoted.find("//").map(|at| at + 2).or_else(|| quoted.find(':').map(|at| at + 1));
    let Some(from) = from else { return quoted.to_owned() };
    let (start, rest) = quoted.split_at(from);
    let (stars, rest) = rest.rfind('@').map_or(("", rest), |at| ("***", &rest[at..]));
    match rest.find('?').filter(|_| start.ends_with("//")) {
        Some(at) => {
            let end = if quoted.ends_with(['"', '`']) { &quoted[quoted.len() - 1..] } else { "" };
            format!("{start}{stars}{}***{end}", &rest[..=at])
        }
        None => format!("{start}{stars}{rest}"),
    }
}

impl Visitor<'_> for &'static Rule {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        match self.allows(text) {
            true => Ok(text.to_string()),
            false => Err(E::invalid_value(Unexpected::Other(&self.shown(text)), &self)),
        }
    }
}

pub fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_str(&NAME)
}

pub fn email<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_str(&EMAIL)
}

pub fn line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_str(&LINE)
}

pub fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    deserializer.deserialize_str(&PATH).map(PathBuf::from)
}

pub fn optional_line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_option(Optional(&LINE))
}

pub fn optional_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(deserializer.deserialize_option(Optional(&PATH))?.map(PathBuf::from))
}

pub fn optional_account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_option(Optional(&ACCOUNT))
}

/// A text by its rule, or `null`.
struct Optional(&'static Rule);

impl<'de> Visitor<'de> for Optional {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or null", self.0.expected)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self.0).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_named_as_kubernetes_names_one() {
        for good in ["a", "deployer", "team-a.deployer", "1"] {
            assert!(ACCOUNT.allows(good), "{good}");
        }
        let long = "a".repeat(254);
        for wrong in ["", "A", "a_b", "-a", "a-", "a..b", "a:b", "a b", "a/b", long.as_str()] {
            assert!(!ACCOUNT.allows(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_message_shows_no_login() {
        for (message, shown) in [
            (
                r#"invalid type: string "https://u:p w@h/a", expected"#,
                r#"invalid type: string "https://***@h/a", expected"#,
            ),
            (r#"invalid value: "git:hunter2@h:a\n""#, r#"invalid value: "git:***@h:a\n""#),
            (r#"invalid value: "https://u:\"x@h/a\n""#, r#"invalid value: "https://***@h/a\n""#),
            ("unknown variant `https://hunter2@h`, expected", "unknown variant `https://***@h`, expected"),
            (r#"is "https://h/?token=x", not"#, r#"is "https://h/?***", not"#),
            (r#"is "https://h/a:b", not a: b@c"#, r#"is "https://h/a:b", not a: b@c"#),
            (r#"is "me@example.com", "a?b""#, r#"is "me@example.com", "a?b""#),
        ] {
            assert_eq!(without_login(message), shown);
        }
    }
}
