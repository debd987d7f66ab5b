//! The text of a moment to the one that Go writes for it in JSON (`time.RFC3339Nano`).

/// Go's `time.Time` that was never set.
pub(super) const ZERO: &str = "0001-01-01T00:00:00Z";

/// The text that a file holds, as Go writes it after it has read it: no zeros at the end of the fraction, `Z` for UTC.
pub(super) fn rewritten(text: &str) -> String {
    let Some((seconds, rest)) = text.split_at_checked("2006-01-02T15:04:05".len()) else {
        return ZERO.into();
    };
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let fraction = rest[..rest.len() - zone.len()].trim_end_matches(['0', '.']);
    let zone = if ["+00:00", "-00:00"].contains(&zone) { "Z" } else { zone };
    format!("{seconds}{fraction}{zone}")
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    #[test]
    fn times_are_written_as_go_writes_them() {
        for (text, expected) in [
            ("2024-05-06T07:08:09.120Z", "2024-05-06T07:08:09.12Z"),
            ("2024-05-06T07:08:10Z", "2024-05-06T07:08:10Z"),
            ("2024-05-06T07:08:10.000+00:00", "2024-05-06T07:08:10Z"),
            ("2024-05-06T07:08:09.1234567+02:00", "2024-05-06T07:08:09.1234567+02:00"),
            ("", "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(rewritten(text), expected);
        }
    }
}
