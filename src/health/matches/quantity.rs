//! Kubernetes' quantities turned into exact amounts: `1000m` is `1`, `1Gi` is `1024Mi`.
//!
//! Source: apimachinery `pkg/api/resource` (`ParseQuantity`).

/// The smallest amount that a quantity holds is 10⁻⁹; a finer one is rounded up.
const FINEST: i32 = -9;
/// More decimal places than any amount has; keeps a hostile exponent from filling the memory.
const MOST_DIGITS: usize = 60;
const BINARY: &[(&str, u32)] = &[("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
const DECIMAL: &[(&str, i32)] = &[
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

/// Whether both texts are quantities, of the same amount. Amounts beyond 10²⁸ count as none.
pub fn is_same_amount(one: &str, other: &str) -> bool {
    amount(one).is_some_and(|amount_of_one| amount(other) == Some(amount_of_one))
}

/// Whether both texts are quantities, and the first is the smaller amount.
pub fn is_less(one: &str, other: &str) -> bool {
    amount(one).zip(amount(other)).is_some_and(|(one, other)| one < other)
}

/// The amount in units of 10⁻⁹.
fn amount(text: &str) -> Option<i128> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    // No digit at all is Go's zero.
    if fraction.contains('.') || number.len() > MOST_DIGITS {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    let digits: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let places = i32::try_from(fraction.len()).ok()?;
    let (factor, exponent) = scale(suffix)?;
    let scaled = digits.checked_mul(factor)?;
    Some(sign * shift(scaled, exponent - places - FINEST)?)
}

/// The factor and the power of ten that a suffix stands for.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    if let Some((_, bits)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some((1 << bits, 0));
    }
    if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((1, *exponent));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    exponent
        .parse::<i32>()
        .ok()
        .filter(|exponent| exponent.unsigned_abs() < 100)
        .map(|exponent| (1, exponent))
}

/// `value` times ten to the power of `exponent`, rounded up.
fn shift(value: i128, exponent: i32) -> Option<i128> {
    let Some(power) = 10_i128.checked_pow(exponent.unsigned_abs()) else {
        return (exponent < 0 || value == 0).then_some(i128::from(value != 0));
    };
    if exponent >= 0 {
        value.checked_mul(power)
    } else {
        Some(value / power + i128::from(value % power != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_compared_not_texts() {
        let same = [
            ("1000m", "1"),
            ("1Gi", "1024Mi"),
            ("0.5", "500m"),
            ("1e3", "1k"),
            ("1E3", "1000"),
            ("1E", "1000P"),
            ("+1.50", "1500m"),
            ("-1", "-1000m"),
            ("0", "0Gi"),
            ("1.5Gi", "1536Mi"),
            (".5", "5e-1"),
            ("1.", "1"),
            (".", "0"),
            ("G", "0"),
        ];
        for (one, other) in same {
            assert!(is_same_amount(one, other), "{one} {other}");
        }
        let apart =
            [("1", "2"), ("1G", "1Gi"), ("1m", "1M"), ("", ""), ("a", "a"), ("1x", "1x"), ("1e", "1")];
        for (one, other) in apart {
            assert!(!is_same_amount(one, other), "{one} {other}");
        }
    }
}
