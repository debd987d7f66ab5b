//! A float64 to text, in all the forms of Go's `strconv.FormatFloat`.

/// The format letter of `strconv.FormatFloat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `e`: `-1.5e+07`
    Exponent,
    /// `f`: `-15000000`
    Fixed,
    /// `g`: `e` for exponents below -4 or not below the precision, else `f`
    General,
    /// `b`: mantissa and power of two, `8444249301319680p-29`
    Binary,
    /// `x`: hexadecimal mantissa and power of two, `0x1.8p+24`
    Hex,
}

/// More decimal digits than any float64 has; what lies behind is zero.
const MAX_DIGITS: usize = 1100;

/// `strconv.FormatFloat(number, form, precision, 64)`; no precision (-1 in Go) gives the shortest text
/// that reads back as the same number.
pub fn format_float(number: f64, form: Form, precision: Option<usize>) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let mut text = String::new();
    if number.is_sign_negative() {
        text.push('-');
    }
    let number = number.abs();
    match form {
        Form::Exponent => {
            let digits = Digits::new(number, precision.map(|places| places.saturating_add(1)));
            let places = precision.unwrap_or(digits.text.len().saturating_sub(1));
            digits.push_exponent(&mut text, places);
        }
        Form::Fixed => match precision {
            Some(places) => push_places(&mut text, number, places),
            None => Digits::new(number, None).push_fixed(&mut text, usize::MAX),
        },
        Form::General => push_general(&mut text, number, precision),
        Form::Binary => push_binary(&mut text, number),
        Form::Hex => push_hex(&mut text, number, precision),
    }
    text
}

/// The decimal digits of a number without trailing zeros; `0.DIGITS × 10^point`. Zero has none.
struct Digits {
    text: String,
    point: i32,
}

impl Digits {
    /// Correctly rounded to `significant` digits, or as many as are needed to read the number back.
    fn new(number: f64, significant: Option<usize>) -> Self {
        if number == 0.0 {
            return Digits { text: String::new(), point: 0 };
        }
        let scientific = match significant {
            Some(count) => format!("{:.*e}", count.clamp(1, MAX_DIGITS) - 1, number),
            None => format!("{number:e}"),
        };
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        let exponent: i32 = exponent.parse().unwrap_or(0);
        Digits { text: digits.trim_end_matches('0').into(), point: exponent + 1 }
    }

    /// `d.ddde±dd` with this many digits behind the point.
    fn push_exponent(&self, out: &mut String, places: usize) {
        let (first, rest) = self.text.split_at_checked(1).unwrap_or(("0", ""));
        out.push_str(first);
        if places > 0 {
            let rest = rest.get(..places).unwrap_or(rest);
            out.push('.');
            out.push_str(rest);
            push_zeros(out, places - rest.len());
        }
        let exponent = if self.text.is_empty() { 0 } else { self.point - 1 };
        let sign = if exponent < 0 { '-' } else { '+' };
        out.push_str(&format!("e{sign}{:02}", exponent.abs()));
    }

    /// `ddd.ddd`, at most `places` digits behind the point and no more than there are.
    fn push_fixed(&self, out: &mut String, places: usize) {
        let point = usize::try_from(self.point).unwrap_or(0);
        let (whole, fraction) = self.text.split_at_checked(point).unwrap_or((&self.text, ""));
        out.push_str(if whole.is_empty() { "0" } else { whole });
        push_zeros(out, point.saturating_sub(self.text.len()));
        if fraction.is_empty() || places == 0 {
            return;
        }
        out.push('.');
        push_zeros(out, usize::try_from(-self.point).unwrap_or(0));
        out.push_str(fraction);
    }
}

/// Exactly `places` digits behind the point.
fn push_places(out: &mut String, number: f64, places: usize) {
    let exact = places.min(MAX_DIGITS);
    out.push_str(&format!("{number:.exact$}"));
    push_zeros(out, places - exact);
}

/// `%g`: six is the threshold for the shortest text, else the precision as far as there are digits
/// (`formatDigits` in Go's ftoa.go).
fn push_general(out: &mut String, number: f64, precision: Option<usize>) {
    let digits = Digits::new(number, precision.map(|count| count.max(1)));
    let have = i32::try_from(digits.text.len()).unwrap_or(i32::MAX);
    let limit = match precision {
        None => 6,
        Some(count) => {
            let count = i32::try_from(count.max(1)).unwrap_or(i32::MAX);
            if count > have && have >= digits.point { have } else { count }
        }
    };
    let exponent = digits.point - 1;
    if exponent < -4 || exponent >= limit {
        digits.push_exponent(out, digits.text.len().saturating_sub(1));
    } else {
        digits.push_fixed(out, usize::MAX);
    }
}

/// Mantissa with its leading one, and the power of two of its lowest bit.
fn decode(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let mantissa = bits & ((1 << 52) - 1);
    if exponent == 0 { (mantissa, -1074) } else { (mantissa | 1 << 52, exponent - 1075) }
}

fn push_binary(out: &mut String, number: f64) {
    let (mantissa, exponent) = decode(number);
    out.push_str(&format!("{mantissa}p{exponent:+}"));
}

fn push_hex(out: &mut String, number: f64, precision: Option<usize>) {
    let (mut mantissa, exponent) = decode(number);
    let mut exponent = if mantissa == 0 { 0 } else { exponent + 52 };
    // The leading one goes to bit 60.
    mantissa <<= 8;
    while mantissa != 0 && mantissa & (1 << 60) == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(places @ 0..15) = precision {
        let shift = places * 4;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    out.push_str(&format!("0x{}", (mantissa >> 60) & 1));
    let digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    match precision {
        None => {
            let digits = digits.trim_end_matches('0');
            if !digits.is_empty() {
                out.push('.');
                out.push_str(digits);
            }
        }
        Some(0) => {}
        Some(places) => {
            out.push('.');
            out.push_str(digits.get(..places).unwrap_or(&digits));
            push_zeros(out, places.saturating_sub(digits.len()));
        }
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    out.push_str(&format!("p{sign}{:02}", exponent.abs()));
}

fn push_zeros(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n('0', count));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_form_of_v() {
        let general = |number| format_float(number, Form::General, None);
        assert_eq!(general(0.0), "0");
        assert_eq!(general(-0.0), "-0");
        assert_eq!(general(100_000.0), "100000");
        assert_eq!(general(1_234_567.0), "1.234567e+06");
        assert_eq!(general(1e21), "1e+21");
        assert_eq!(general(0.0001), "0.0001");
        assert_eq!(general(0.00001), "1e-05");
        assert_eq!(general(f64::INFINITY), "+Inf");
        assert_eq!(general(5e-324), "5e-324");
    }

    #[test]
    fn precision() {
        assert_eq!(format_float(2.5, Form::Fixed, Some(0)), "2");
        assert_eq!(format_float(3.0, Form::Exponent, Some(6)), "3.000000e+00");
        assert_eq!(format_float(1234.5678, Form::General, Some(3)), "1.23e+03");
        assert_eq!(format_float(100.0, Form::General, Some(5)), "100");
        assert_eq!(format_float(1.0, Form::Fixed, Some(70_000)).len(), 70_002);
        assert_eq!(format_float(0.00012, Form::Fixed, None), "0.00012");
        assert_eq!(format_float(1.0, Form::Hex, None), "0x1p+00");
        assert_eq!(format_float(1.0, Form::Binary, None), "4503599627370496p-52");
    }
}
