//! JSON text to the places of its members, so that one of them can be written anew and all others stay to the byte.

use std::ops::Range;

use super::json::{self, Object};

/// Where the value of a member of an object stands in this text, which is JSON. Of two members of a name the last one
/// counts, as in Go.
pub(super) fn member(text: &[u8], name: &str) -> Option<Range<usize>> {
    let wanted = json::text(name);
    let mut at = after(text, 0, b'{')?;
    let mut found = None;
    while text.get(at) == Some(&b'"') {
        let key = at..end_of_string(text, at)?;
        let start = after(text, key.end, b':')?;
        let value = start..end(text, start)?;
        at = after(text, value.end, b',').unwrap_or(text.len());
        if text[key] == *wanted {
            found = Some(value);
        }
    }
    found
}

/// The text with other members of an object: one that has a value gets that one, one that is missing is added.
pub(super) fn replaced(text: &[u8], members: &[(&str, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut text = text.to_vec();
    for (name, value) in members {
        match member(&text, name) {
            Some(place) => {
                text.splice(place, value.iter().copied());
            }
            None => {
                let start = after(&text, 0, b'{')?;
                let mut added = Object::new().raw(name, value).end();
                // All but the closing brace, and a comma before what follows.
                added.pop();
                added.remove(0);
                if text.get(start) != Some(&b'}') {
                    added.push(b',');
                }
                text.splice(start..start, added);
            }
        }
    }
    Some(text)
}

/// The place behind this byte and the white space around it.
fn after(text: &[u8], at: usize, wanted: u8) -> Option<usize> {
    let at = skip(text, at);
    (text.get(at) == Some(&wanted)).then(|| skip(text, at + 1))
}

fn skip(text: &[u8], at: usize) -> usize {
    let blank = text.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace());
    at + blank.count()
}

/// The end of the value that starts here.
fn end(text: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match text.get(at)? {
            b'"' => at = end_of_string(text, at)?,
            b'{' | b'[' => (depth, at) = (depth + 1, at + 1),
            b'}' | b']' => (depth, at) = (depth.checked_sub(1)?, at + 1),
            _ if depth > 0 => at += 1,
            _ => {
                let rest = text[at..].iter();
                let is_end = |byte: &&u8| !matches!(byte, b',' | b'}' | b']') && !byte.is_ascii_whitespace();
                return Some(at + rest.take_while(is_end).count());
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

fn end_of_string(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#" { "a\"}" : 1 , "info":{"status":"x","n":[1,{"status":"]}"}]}, "b": -1.50E3,"info" : null ,"c":true} "#;

    #[test]
    fn members_are_found_where_they_stand() {
        let value = |text: &str, name: &str| member(text.as_bytes(), name).map(|at| text[at].to_owned());
        assert_eq!(value(TEXT, "b").as_deref(), Some("-1.50E3"));
        assert_eq!(value(TEXT, "info").as_deref(), Some("null"));
        assert_eq!(value(TEXT, "c").as_deref(), Some("true"));
        assert_eq!(value(TEXT, "status"), None);
        assert_eq!(value("{}", "a"), None);
        assert_eq!(value("[]", "a"), None);
        assert_eq!(value(r#"{"a":"#, "a"), None);
    }

    #[test]
    fn one_member_is_written_anew() {
        let new = |text: &str| String::from_utf8(replaced(text.as_bytes(), &[("b", b"2".into())]).unwrap());
        assert_eq!(new(r#"{"a":1.0,"b":"x" }"#).unwrap(), r#"{"a":1.0,"b":2 }"#);
        assert_eq!(new(r#"{ "a":1}"#).unwrap(), r#"{ "b":2,"a":1}"#);
        assert_eq!(new("{}").unwrap(), r#"{"b":2}"#);
        assert_eq!(replaced(b"null", &[("b", b"2".into())]), None);
    }
}
