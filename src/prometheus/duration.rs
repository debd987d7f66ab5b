//! Prometheus' lengths of time: `15s`, `1h30m`, `2d` (prometheus/common `model.ParseDuration`).

/// Units from the largest, each at most once, in this order.
const UNITS: &[(&str, u64)] = &[
    ("y", 31_536_000_000),
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Milliseconds; `None` for a text that Prometheus does not take. `0` needs no unit.
pub fn parse(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let (mut rest, mut total, mut units) = (text, 0_u64, UNITS.iter());
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = rest.get(..letters)?;
        let (_, factor) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(*factor)?)?;
        rest = &rest[letters..];
    }
    (!text.is_empty() && total <= i64::MAX as u64 / 1_000_000).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lengths_are_read_as_prometheus_does() {
        let good = [
            ("0", 0),
            ("15s", 15_000),
            ("1h30m", 5_400_000),
            ("1d", 86_400_000),
            ("5ms", 5),
            ("1m5ms", 60_005),
        ];
        for (text, expected) in good {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for text in ["", "15", "1.5s", "30m1h", "1s1s", "-1s", "1 s", "s", "99999y", "1µs"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
