//! Text to numbers: Go's `strconv.ParseInt`, `ParseUint` and `ParseFloat`.

/// Why a text is not a number of the kind asked for; displayed as Go's `ErrSyntax` and `ErrRange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("invalid syntax")]
    Syntax,
    #[error("value out of range")]
    Range,
}

/// `strconv.ParseUint(text, base, 64)`; base 0 reads the prefixes `0x`, `0o`, `0b`, `0` and underscores.
pub fn parse_uint(text: &str, base: u32) -> Result<u64, NumberError> {
    let (radix, digits) = match base {
        2..=36 => (base, text),
        0 => split_prefix(text),
        _ => return Err(NumberError::Syntax),
    };
    // Go takes the text `0` for base 8 without digits.
    if text.is_empty() || digits.is_empty() && text != "0" {
        return Err(NumberError::Syntax);
    }
    let mut number: u64 = 0;
    let mut underscores = false;
    for char in digits.chars() {
        if char == '_' && base == 0 {
            underscores = true;
            continue;
        }
        let digit = char.to_digit(radix).ok_or(NumberError::Syntax)?;
        number = number
            .checked_mul(u64::from(radix))
            .and_then(|number| number.checked_add(u64::from(digit)))
            .ok_or(NumberError::Range)?;
    }
    if underscores && !underscores_ok(text) { Err(NumberError::Syntax) } else { Ok(number) }
}

/// `strconv.ParseInt(text, base, 64)`.
pub fn parse_int(text: &str, base: u32) -> Result<i64, NumberError> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let number = parse_uint(digits, base)?;
    if negative {
        0_i64.checked_sub_unsigned(number).ok_or(NumberError::Range)
    } else {
        i64::try_from(number).map_err(|_| NumberError::Range)
    }
}

fn split_prefix(text: &str) -> (u32, &str) {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'0') {
        return (10, text);
    }
    match bytes.get(1).map(u8::to_ascii_lowercase) {
        Some(b'b') if bytes.len() >= 3 => (2, &text[2..]),
        Some(b'o') if bytes.len() >= 3 => (8, &text[2..]),
        Some(b'x') if bytes.len() >= 3 => (16, &text[2..]),
        _ => (8, &text[1..]),
    }
}

/// Underscores may only stand between digits, or between a base prefix and a digit.
fn underscores_ok(text: &str) -> bool {
    let bytes = text.strip_prefix(['+', '-']).unwrap_or(text).as_bytes();
    let mut hex = false;
    let mut rest = bytes;
    let mut last = b'^';
    if let [b'0', letter, tail @ ..] = bytes
        && matches!(letter.to_ascii_lowercase(), b'b' | b'o' | b'x')
    {
        hex = letter.eq_ignore_ascii_case(&b'x');
        rest = tail;
        last = b'0';
    }
    for &byte in rest {
        last = match byte {
            b'0'..=b'9' => b'0',
            _ if hex && byte.is_ascii_hexdigit() => b'0',
            b'_' if last == b'0' => b'_',
            b'_' => return false,
            _ if last == b'_' => return false,
            _ => b'!',
        };
    }
    last != b'_'
}

/// `strconv.ParseFloat(text, 64)`: decimal and hexadecimal, underscores, `inf`, `infinity` and `nan` in any case.
pub fn parse_float(text: &str) -> Result<f64, NumberError> {
    let (negative, body) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let signed = |number: f64| if negative { -number } else { number };
    if body.eq_ignore_ascii_case("inf") || body.eq_ignore_ascii_case("infinity") {
        return Ok(signed(f64::INFINITY));
    }
    if text.eq_ignore_ascii_case("nan") {
        return Ok(f64::NAN);
    }
    let hex = body.len() > 2 && body.as_bytes()[..2].eq_ignore_ascii_case(b"0x");
    if text.contains('_') && !underscores_ok(text) {
        return Err(NumberError::Syntax);
    }
    let plain = body.replace('_', "");
    let number = if hex { parse_hex(&plain[2..])? } else { parse_decimal(&plain)? };
    if number.is_infinite() { Err(NumberError::Range) } else { Ok(signed(number)) }
}

fn parse_decimal(text: &str) -> Result<f64, NumberError> {
    let digit_or_point = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    if !text.as_bytes().first().is_some_and(digit_or_point) {
        return Err(NumberError::Syntax);
    }
    text.parse().map_err(|_| NumberError::Syntax)
}

/// The part behind `0x`: hexadecimal mantissa, then a mandatory power of two.
fn parse_hex(text: &str) -> Result<f64, NumberError> {
    let split = text.find(['p', 'P']).ok_or(NumberError::Syntax)?;
    let (mantissa_text, exponent_text) = (&text[..split], &text[split + 1..]);
    let exponent_digits = exponent_text.strip_prefix(['+', '-']).unwrap_or(exponent_text);
    if exponent_digits.is_empty() || !exponent_digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Syntax);
    }
    let limit = if exponent_text.starts_with('-') { -100_000 } else { 100_000 };
    let mut exponent: i64 = exponent_text.parse().unwrap_or(limit).clamp(-100_000, 100_000);
    let mut mantissa: u64 = 0;
    let (mut point, mut digits) = (false, false);
    for char in mantissa_text.chars() {
        if char == '.' && !point {
            point = true;
            continue;
        }
        let digit = char.to_digit(16).ok_or(NumberError::Syntax)?;
        digits = true;
        if mantissa >> 59 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            exponent -= if point { 4 } else { 0 };
        } else {
            // Digits that no longer fit only matter for rounding: keep a sticky bit.
            mantissa |= u64::from(digit != 0);
            exponent += if point { 0 } else { 4 };
        }
    }
    if digits { Ok(scale(mantissa, exponent)) } else { Err(NumberError::Syntax) }
}

/// `mantissa × 2^exponent`, rounded once to the nearest float64, ties to even.
fn scale(mut mantissa: u64, mut exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    // 53 bits and two for rounding; fewer below the smallest normal number.
    let mut halve = |mantissa: &mut u64| {
        *mantissa = *mantissa >> 1 | *mantissa & 1;
        exponent += 1;
    };
    while mantissa >> 55 != 0 {
        halve(&mut mantissa);
    }
    while mantissa >> 54 == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    while exponent < -1076 && mantissa > 1 {
        mantissa = mantissa >> 1 | mantissa & 1;
        exponent += 1;
    }
    let round = mantissa & 3 | (mantissa >> 2) & 1;
    mantissa >>= 2;
    exponent += 2;
    if round == 3 {
        mantissa += 1;
    }
    if exponent > 971 || exponent == 971 && mantissa >> 53 != 0 {
        return f64::INFINITY;
    }
    // Both factors are exact: the mantissa has at most 53 bits (or is a power of two).
    let exponent = exponent as i32;
    let half = exponent / 2;
    mantissa as f64 * 2_f64.powi(half) * 2_f64.powi(exponent - half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        assert_eq!(parse_int("0", 0), Ok(0));
        assert_eq!(parse_int("-0x1F", 0), Ok(-31));
        assert_eq!(parse_int("1_000", 0), Ok(1000));
        assert_eq!(parse_int("0777", 0), Ok(511));
        assert_eq!(parse_int("_1", 0), Err(NumberError::Syntax));
        assert_eq!(parse_int("9223372036854775808", 10), Err(NumberError::Range));
        assert_eq!(parse_int("-9223372036854775808", 10), Ok(i64::MIN));
        assert_eq!(parse_int("089", 0), Err(NumberError::Syntax));
        assert_eq!(parse_uint("+1", 0), Err(NumberError::Syntax));
    }

    #[test]
    fn floats() {
        assert_eq!(parse_float("1e3"), Ok(1000.0));
        assert_eq!(parse_float(".5"), Ok(0.5));
        assert_eq!(parse_float("5."), Ok(5.0));
        assert_eq!(parse_float("."), Err(NumberError::Syntax));
        assert_eq!(parse_float("1e999"), Err(NumberError::Range));
        assert_eq!(parse_float("0x1p-2"), Ok(0.25));
        assert_eq!(parse_float("0x1.8p1"), Ok(3.0));
        assert_eq!(parse_float("0x1p-1074"), Ok(5e-324));
        assert_eq!(parse_float("0x1.fffffffffffffp1023"), Ok(f64::MAX));
        assert_eq!(parse_float("0x1p1024"), Err(NumberError::Range));
        assert_eq!(parse_float("0x1"), Err(NumberError::Syntax));
        assert_eq!(parse_float("1_0.5"), Ok(10.5));
        assert_eq!(parse_float("-Inf"), Ok(f64::NEG_INFINITY));
        assert_eq!(parse_float("infinit"), Err(NumberError::Syntax));
    }
}
