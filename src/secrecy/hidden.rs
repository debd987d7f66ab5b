//! Secrets that are in use turned into texts of others without them.

use std::fmt;

use super::forms::{self, Form};

/// What stands in the place of a secret.
const STARS: &str = "***";
/// Where a text was shortened.
pub const CUT: char = '…';

/// Secrets that nobody may see.
#[derive(Clone, Default)]
pub struct Hidden(Vec<Form>);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hidden({} forms)", self.0.len())
    }
}

impl Hidden {
    /// Hides this one, too.
    pub fn add(&mut self, secret: &str) {
        self.0.extend(forms::of(secret.as_bytes()));
    }

    /// The text with stars where a secret was. Where it was cut (`…`), a part of one is a secret, too.
    pub fn without(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        let parts: Vec<&str> = text.split(CUT).collect();
        let last = parts.len() - 1;
        let shown = parts.iter().enumerate().map(|(index, part)| self.part(part, index > 0, index < last));
        shown.collect::<Vec<String>>().join(&CUT.to_string())
    }

    fn part(&self, text: &str, cut_before: bool, cut_after: bool) -> String {
        let bytes = text.as_bytes();
        let start = bytes.len() - bytes.trim_ascii_start().len();
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        while at < bytes.len() {
            let found = self.0.iter().filter_map(|form| {
                let rest = || form.rest(bytes, at).filter(|_| cut_before && at == start);
                Some((form.end(bytes, at, cut_after).or_else(rest)?, form.is_encoded))
            });
            let Some((end, is_encoded)) = found.max() else {
                let length = text[at..].chars().next().map_or(1, char::len_utf8);
                out.push_str(&text[at..at + length]);
                at += length;
                continue;
            };
            at = end;
            if is_encoded {
                out.truncate(out.trim_end_matches(is_letter).len());
                at += bytes[at..].iter().take_while(|byte| is_letter(char::from(**byte))).count();
            }
            out.push_str(STARS);
        }
        out
    }
}

/// Of base 64, as it is or in a URL.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=_-%".contains(c)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::*;

    const PASSWORD: &str = "p/w d+\"hunter2&co";

    fn hidden() -> Hidden {
        let mut hidden = Hidden::default();
        hidden.add(PASSWORD);
        hidden.add(&STANDARD.encode(format!("robot:{PASSWORD}")));
        hidden
    }

    #[test]
    fn every_form_is_hidden() {
        let blob = STANDARD.encode(format!("robot:{PASSWORD}"));
        let hex: String = PASSWORD.bytes().map(|byte| format!("{byte:02X}")).collect();
        for (said, shown) in [
            (format!("wrong: {PASSWORD}."), "wrong: ***."),
            (PASSWORD.to_uppercase(), "***"),
            (format!("Authorization: Basic {blob}\nbye"), "Authorization: Basic ***\nbye"),
            (format!("?auth={}", blob.replace('=', "%3D")), "?auth=***"),
            ("u:p%2Fw%20d%2b%22hunter2%26co@h".to_owned(), "u:***@h"),
            ("u:p/w+d%2B%22hunter2%26co@h".to_owned(), "u:***@h"),
            ("u:p%252Fw%2520d%252B%2522hunter2%2526co@h".to_owned(), "u:***@h"),
            (r#"{"pw": "p\/w d+\"hunter2\u0026co"}"#.to_owned(), r#"{"pw": "***"}"#),
            ("<b>p/w d+&quot;hunter2&amp;co</b>".to_owned(), "<b>***</b>"),
            ("<b>p&#47;w d+&#x22;hunter2&#38;co</b>".to_owned(), "<b>***</b>"),
            (format!("0x {hex} 0x"), "0x *** 0x"),
            (STANDARD.encode(PASSWORD), "***"),
            (URL_SAFE.encode(format!("x:{PASSWORD}:y")), "***"),
            (URL_SAFE.encode(format!("xy:{PASSWORD}")), "***"),
            (STANDARD.encode(format!("Basic {blob}")), "***"),
            (format!("{} …", &format!("no: {PASSWORD}")[..12]), "no: ***…"),
            (format!("no … {}", &PASSWORD[5..]), "no … ***"),
            (format!("{}\n{}", &blob[..10], &blob[10..]), "***"),
        ] {
            assert_eq!(hidden().without(&said), shown, "{said}");
        }
    }

    #[test]
    fn other_words_stay() {
        for text in [
            "the robot may not push to deploy/a: ask hunter",
            "p/w d",
            "hunter2",
            "p/ … hunter2",
            "… ask p/w d or co …",
            "über 50% of the quota\u{2026}",
            "%2Fw%20d%2b &quot;x&quot; \\u0026",
            "",
        ] {
            assert_eq!(hidden().without(text), text);
            assert_eq!(Hidden::default().without(text), text);
        }
        let mut short = Hidden::default();
        short.add("no");
        assert_eq!(short.without("no, no and no"), "no, no and no");
        assert!(!format!("{:?}", hidden()).contains("hunter"));
    }
}
