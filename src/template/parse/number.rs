//! The text of a number to the constant it stands for (`newNumber` in Go's `parse/node.go`).

use crate::template::ast::{Ideal, Number, Pos};
use crate::template::lex::{Kind, Token};
use crate::template::number::{parse_float, parse_int, parse_uint};
use crate::template::quote::{quote, unquote_char};

pub(super) fn number(pos: Pos, token: Token<'_>) -> Result<Number, String> {
    let text = String::from_utf8_lossy(token.text);
    let none = Number {
        pos,
        text: text.as_ref().into(),
        int: None,
        uint: None,
        float: None,
        ideal: Ideal::Overflow,
    };
    let number = match token.kind {
        Kind::CharConstant => {
            let code = char_constant(token.text)?;
            let (int, uint, float) = (i64::from(code), u64::from(code), f64::from(code));
            Ok(Number { int: Some(int), uint: Some(uint), float: Some(float), ..none })
        }
        Kind::Complex => Err(imaginary(&text)),
        _ if text.ends_with('i') && parse_float(&text[..text.len() - 1]).is_ok() => Err(imaginary(&text)),
        _ => real(&text, none),
    }?;
    Ok(Number { ideal: ideal(&number), ..number })
}

/// The syntax decides: a point or exponent makes a float, even where the value is integral.
fn ideal(number: &Number) -> Ideal {
    let text = &*number.text;
    let hex_int = text.len() > 2 && text.starts_with("0x") | text.starts_with("0X") && !text.contains(['p', 'P']);
    let float_syntax = !hex_int && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P']);
    match *number {
        Number { float: Some(float), .. } if float_syntax => Ideal::Float(float),
        Number { int: Some(int), .. } => Ideal::Int(int),
        _ => Ideal::Overflow,
    }
}

/// No chart has a use for complex numbers, and nothing could be done with one.
fn imaginary(text: &str) -> String {
    format!("complex constant {} is not supported", quote(text.as_bytes()))
}

fn char_constant(literal: &[u8]) -> Result<u32, String> {
    let (unquoted, width) = unquote_char(&literal[1..], b'\'').ok_or("invalid syntax")?;
    if &literal[1 + width..] != b"'" {
        return Err(format!("malformed character constant: {}", String::from_utf8_lossy(literal)));
    }
    Ok(unquoted.code())
}

fn real(text: &str, none: Number) -> Result<Number, String> {
    let int = parse_int(text, 0).ok();
    // -0 is also unsigned.
    let uint = parse_uint(text, 0).ok().or(int.filter(|&int| int == 0).map(|_| 0));
    if int.is_some() || uint.is_some() {
        let float = int.map_or_else(|| uint.map(|uint| uint as f64), |int| Some(int as f64));
        return Ok(Number { int, uint, float, ..none });
    }
    let Ok(float) = parse_float(text) else {
        return Err(format!("illegal number syntax: {}", quote(text.as_bytes())));
    };
    if !text.contains(['.', 'e', 'E', 'p', 'P']) {
        return Err(format!("integer overflow: {}", quote(text.as_bytes())));
    }
    // Both conversions have to give the number back exactly.
    let int = Some(float as i64).filter(|&int| int as f64 == float && float < 9_223_372_036_854_775_808.0);
    let uint = Some(float as u64).filter(|&uint| uint as f64 == float && float < 18_446_744_073_709_551_616.0);
    Ok(Number { int, uint, float: Some(float), ..none })
}
