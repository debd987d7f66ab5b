//! Width, flags and digits: one basic value to padded text (Go's `fmt/format.go`).

use crate::template::number::{Form, format_float};
use crate::template::quote::{self, rune_count};
use crate::template::unicode::is_print;

/// What stands between the percent sign and the verb.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    pub minus: bool,
    pub plus: bool,
    pub sharp: bool,
    pub space: bool,
    pub zero: bool,
    /// `%+v`: field names; the plain plus is then off.
    pub plus_v: bool,
    /// `%#v`: Go syntax; the plain sharp is then off.
    pub sharp_v: bool,
    pub width: Option<usize>,
    pub precision: Option<usize>,
}

impl Flags {
    /// The text with padding to the width, zeros only on the left.
    pub fn pad(&self, text: &[u8], out: &mut Vec<u8>) {
        let missing = match self.width {
            None | Some(0) => 0,
            Some(width) => width.saturating_sub(rune_count(text)),
        };
        if self.minus {
            out.extend_from_slice(text);
            self.fill(missing, out);
        } else {
            self.fill(missing, out);
            out.extend_from_slice(text);
        }
    }

    fn fill(&self, count: usize, out: &mut Vec<u8>) {
        let byte = if self.zero && !self.minus { b'0' } else { b' ' };
        out.resize(out.len() + count, byte);
    }

    fn without_zero(&self) -> Flags {
        Flags { zero: false, ..*self }
    }

    /// `%s`: at most `precision` characters.
    pub fn string(&self, text: &[u8], out: &mut Vec<u8>) {
        self.pad(self.truncate(text), out);
    }

    fn truncate<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let Some(mut left) = self.precision else { return text };
        let mut end = 0;
        while let Some((_, width)) = quote::decode_rune(&text[end..]) {
            if left == 0 {
                break;
            }
            left -= 1;
            end += width;
        }
        &text[..end]
    }

    /// `%q`: a Go string literal, with `#` in backquotes where possible.
    pub fn quoted(&self, text: &[u8], out: &mut Vec<u8>) {
        let text = self.truncate(text);
        if self.sharp && quote::can_backquote(text) {
            self.pad(&[b"`", text, b"`"].concat(), out);
        } else if self.plus {
            self.pad(quote::quote_to_ascii(text).as_bytes(), out);
        } else {
            self.pad(quote::quote(text).as_bytes(), out);
        }
    }

    /// `%x` of bytes.
    pub fn hex(&self, bytes: &[u8], upper: bool, out: &mut Vec<u8>) {
        let bytes = &bytes[..self.precision.unwrap_or(bytes.len()).min(bytes.len())];
        let prefix = if upper { "0X" } else { "0x" };
        let mut text = String::with_capacity(bytes.len() * 2 + 2);
        for (index, byte) in bytes.iter().enumerate() {
            if self.space && index > 0 {
                text.push(' ');
            }
            if self.sharp && (self.space || index == 0) {
                text.push_str(prefix);
            }
            text.push_str(&if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.pad(text.as_bytes(), out);
    }

    /// An integer in base 2, 8, 10 or 16. `verb` `O` adds `0o`, `X` means capital digits.
    pub fn integer(&self, magnitude: u64, negative: bool, base: u32, verb: char, out: &mut Vec<u8>) {
        let precision = match self.precision {
            // No precision and no value means no digits, only padding.
            Some(0) if magnitude == 0 => {
                let blank = Flags { zero: false, minus: false, ..*self };
                return blank.fill(self.width.unwrap_or(0), out);
            }
            Some(precision) => precision,
            None if self.zero && !self.minus => match self.width {
                Some(width) if negative || self.plus || self.space => width.saturating_sub(1),
                width => width.unwrap_or(0),
            },
            None => 0,
        };
        let digits = match base {
            2 => format!("{magnitude:b}"),
            8 => format!("{magnitude:o}"),
            16 if verb == 'X' => format!("{magnitude:X}"),
            16 => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        let zeros = precision.saturating_sub(digits.len());
        let sign = if negative {
            "-"
        } else if self.plus {
            "+"
        } else if self.space {
            " "
        } else {
            ""
        };
        let prefix = match (verb, base) {
            ('O', _) => "0o",
            (_, 2) if self.sharp => "0b",
            (_, 8) if self.sharp && zeros == 0 && !digits.starts_with('0') => "0",
            ('X', 16) if self.sharp => "0X",
            (_, 16) if self.sharp => "0x",
            _ => "",
        };
        // `%#O` has the octal zero behind the `0o` as well.
        let extra = if verb == 'O' && self.sharp && zeros == 0 && !digits.starts_with('0') { "0" } else { "" };
        let text = format!("{sign}{prefix}{extra}{}{digits}", "0".repeat(zeros));
        self.without_zero().pad(text.as_bytes(), out);
    }

    /// `%U`: `U+0078`, with `#` `U+0078 'x'`.
    pub fn unicode(&self, code: u64, out: &mut Vec<u8>) {
        let digits = self.precision.unwrap_or(4).max(4);
        let hex = format!("{code:X}");
        let mut text = format!("U+{}{hex}", "0".repeat(digits.saturating_sub(hex.len())));
        if self.sharp
            && let Some(char) = u32::try_from(code).ok().and_then(char::from_u32).filter(|&char| is_print(char))
        {
            text.push_str(&format!(" '{char}'"));
        }
        self.without_zero().pad(text.as_bytes(), out);
    }

    /// `%c`.
    pub fn char(&self, code: u64, out: &mut Vec<u8>) {
        self.pad(rune(code).to_string().as_bytes(), out);
    }

    /// `%q` of an integer.
    pub fn quoted_char(&self, code: u64, out: &mut Vec<u8>) {
        self.pad(quote::quote_rune(rune(code), self.plus).as_bytes(), out);
    }

    /// A float in the form of this verb; `default` is the precision where none is given.
    pub fn float(&self, number: f64, verb: char, default: Option<usize>, out: &mut Vec<u8>) {
        let precision = self.precision.or(default);
        let form = match verb.to_ascii_lowercase() {
            'e' => Form::Exponent,
            'f' => Form::Fixed,
            'b' => Form::Binary,
            'x' => Form::Hex,
            _ => Form::General,
        };
        let mut text = format_float(number, form, precision);
        if verb.is_ascii_uppercase() && number.is_finite() {
            text.make_ascii_uppercase();
        }
        let (sign, digits) = match text.strip_prefix(['-', '+']) {
            Some(digits) if text.starts_with('-') => ('-', digits),
            Some(digits) => ('+', digits),
            None => ('+', text.as_str()),
        };
        let shown = if sign == '+' && self.space && !self.plus { ' ' } else { sign };
        if !number.is_finite() {
            // An infinity always has its sign, NaN only when asked.
            let bare = number.is_nan() && !self.plus && !self.space;
            let text = if bare { digits.into() } else { format!("{shown}{digits}") };
            return self.without_zero().pad(text.as_bytes(), out);
        }
        let digits = if self.sharp && verb != 'b' { sharpen(digits, verb, precision) } else { digits.into() };
        if !self.plus && shown == '+' {
            return self.pad(digits.as_bytes(), out);
        }
        let text = format!("{shown}{digits}");
        if self.zero && !self.minus && self.width.is_some_and(|width| width > text.len()) {
            // The sign stands before the zeros.
            out.extend_from_slice(shown.to_string().as_bytes());
            self.fill(self.width.unwrap_or(0) - text.len(), out);
            out.extend_from_slice(digits.as_bytes());
        } else {
            self.pad(text.as_bytes(), out);
        }
    }
}

fn rune(code: u64) -> char {
    u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The sharp flag of floats: always a decimal point, and for `%g` the trailing zeros it drops.
fn sharpen(number: &str, verb: char, precision: Option<usize>) -> String {
    let hex = matches!(verb, 'x' | 'X');
    let mut wanted = match verb {
        'v' | 'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let split = number.find(|char| matches!(char, 'p' | 'P') || !hex && matches!(char, 'e' | 'E'));
    let (mantissa, tail) = number.split_at(split.unwrap_or(number.len()));
    let mut point = false;
    let mut nonzero = false;
    for char in mantissa.chars() {
        if char == '.' {
            point = true;
            continue;
        }
        nonzero |= char != '0';
        if nonzero {
            wanted = wanted.saturating_sub(1);
        }
    }
    let mut text = String::from(mantissa);
    if !point {
        // A lone zero counts as a digit here.
        if mantissa == "0" {
            wanted = wanted.saturating_sub(1);
        }
        text.push('.');
    }
    text.push_str(&"0".repeat(wanted));
    text.push_str(tail);
    text
}
