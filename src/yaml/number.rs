//! Numbers to text and back with the digits that Go's `strconv` gives.

use std::fmt::Write as _;

/// `strconv.FormatFloat(f, 'g', -1, 64)`: what go-yaml writes for a float.
pub(super) fn format_g(f: f64) -> String {
    match special(f) {
        Some(text) => text.to_owned(),
        None => Digits::of(&format!("{f:e}")).general(),
    }
}

/// `strconv.FormatFloat(f, 'g', -1, 32)`: how sigs.k8s.io/yaml spells a float that is a map key.
pub(super) fn format_g32(f: f64) -> String {
    let single = f as f32;
    match special(f64::from(single)) {
        Some(text) => text.to_owned(),
        None => Digits::of(&format!("{single:e}")).general(),
    }
}

/// A float as encoding/json writes it: exponents below 1e-6 and from 1e21 on, not padded.
pub(super) fn format_json(f: f64) -> String {
    let size = f.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        return Digits::of(&format!("{f:e}")).exponential(1);
    }
    // Rust's `{}` never uses an exponent and gives the shortest digits, as Go's 'f' with precision -1.
    format!("{f}")
}

fn special(f: f64) -> Option<&'static str> {
    match f {
        f if f.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

/// The shortest decimal digits of a float and the exponent of the first one.
struct Digits<'a> {
    negative: bool,
    first: &'a str,
    rest: &'a str,
    exponent: i32,
}

impl<'a> Digits<'a> {
    /// Takes Rust's `{:e}` apart (`-1.25e-7`).
    fn of(text: &'a str) -> Self {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        Digits { negative, first, rest, exponent: exponent.parse().unwrap_or(0) }
    }

    /// Go's `%g` in its shortest form turns to an exponent below 1e-4 and from 1e6 on.
    fn general(&self) -> String {
        match self.exponent {
            -4..0 => self.fraction(),
            0..6 => self.whole(),
            _ => self.exponential(2),
        }
    }

    fn sign(&self) -> &'static str {
        if self.negative { "-" } else { "" }
    }

    fn exponential(&self, width: usize) -> String {
        let point = if self.rest.is_empty() { "" } else { "." };
        let sign = if self.exponent < 0 { '-' } else { '+' };
        let size = self.exponent.unsigned_abs();
        let mut out = format!("{}{}{point}{}e{sign}", self.sign(), self.first, self.rest);
        // Writing to a String cannot fail.
        let _ = write!(out, "{size:0width$}");
        out
    }

    fn fraction(&self) -> String {
        let zeros = "0".repeat((-self.exponent - 1).max(0) as usize);
        format!("{}0.{zeros}{}{}", self.sign(), self.first, self.rest)
    }

    fn whole(&self) -> String {
        let places = self.exponent as usize;
        if places >= self.rest.len() {
            let zeros = "0".repeat(places - self.rest.len());
            return format!("{}{}{}{zeros}", self.sign(), self.first, self.rest);
        }
        let (whole, fraction) = self.rest.split_at(places);
        format!("{}{}{whole}.{fraction}", self.sign(), self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_strconv_prints_them() {
        let cases: [(f64, &str, &str); 14] = [
            (1.0, "1", "1"),
            (100_000.5, "100000.5", "100000.5"),
            (1e6, "1e+06", "1000000"),
            (1_234_567.5, "1.2345675e+06", "1234567.5"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "1e-05", "0.00001"),
            (0.000_001, "1e-06", "0.000001"),
            (1e-7, "1e-07", "1e-7"),
            (1.5e-10, "1.5e-10", "1.5e-10"),
            (-0.25, "-0.25", "-0.25"),
            (5e-324, "5e-324", "5e-324"),
            (1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157e+308"),
        ];
        for (float, general, json) in cases {
            assert_eq!((format_g(float).as_str(), format_json(float).as_str()), (general, json));
        }
        assert_eq!(format_json(-0.0), "-0");
        assert_eq!(format_g32(1.1), "1.1");
        assert_eq!(format_g32(123_456_789.0), "1.2345679e+08");
    }
}
