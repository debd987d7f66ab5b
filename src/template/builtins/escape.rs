//! `html`, `js` and `urlquery`: the printed arguments, escaped.

use crate::template::fmt::{append_printable, sprint};
use crate::template::func::CallError;
use crate::template::quote::{Rune, decode_rune};
use crate::template::unicode::is_print;
use crate::template::value::Value;

pub(super) fn html(args: &[Value]) -> Result<Value, CallError> {
    let text = printed(args);
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend_from_slice("\u{fffd}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            _ => out.push(byte),
        }
    }
    Ok(Value::str(out))
}

pub(super) fn js(args: &[Value]) -> Result<Value, CallError> {
    let text = printed(args);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_slice();
    while let Some((rune, width)) = decode_rune(rest) {
        match rune {
            Rune::Char(char @ ('\\' | '\'' | '"')) => out.extend_from_slice(format!("\\{char}").as_bytes()),
            Rune::Char('<' | '>' | '&' | '=' | ..' ') => {
                out.extend_from_slice(format!("\\u{:04X}", rest[0]).as_bytes());
            }
            Rune::Char(char) if !char.is_ascii() && !is_print(char) => {
                out.extend_from_slice(format!("\\u{:04X}", u32::from(char)).as_bytes());
            }
            // U+FFFD counts as printable, so broken bytes stay as they are.
            _ => out.extend_from_slice(&rest[..width]),
        }
        rest = &rest[width..];
    }
    Ok(Value::str(out))
}

/// `url.QueryEscape`.
pub(super) fn urlquery(args: &[Value]) -> Result<Value, CallError> {
    let mut out = String::new();
    for byte in printed(args) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(Value::str(out))
}

/// All arguments as `print` would, each as an action prints it (`evalArgs` in Go's funcs.go).
fn printed(args: &[Value]) -> Vec<u8> {
    match args {
        [Value::Str(text)] => text.to_vec(),
        [single] => {
            let mut out = Vec::new();
            append_printable(&mut out, single);
            out
        }
        _ => {
            let shown: Vec<Value> = args
                .iter()
                .map(|arg| if arg.is_some() { arg.clone() } else { Value::str("<no value>") })
                .collect();
            sprint(&shown)
        }
    }
}
