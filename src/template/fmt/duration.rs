//! Nanoseconds to text as Go's `time.Duration.String` does it.

/// `1h2m3.5s`, `1.5ms`, `0s`: no leading zero units, no trailing zero decimals.
pub fn duration_text(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let text = match total {
        0 => return "0s".into(),
        ..1_000 => format!("{total}ns"),
        ..1_000_000 => format!("{}µs", decimal(total, 1_000)),
        ..1_000_000_000 => format!("{}ms", decimal(total, 1_000_000)),
        _ => {
            let minutes = total / 60_000_000_000;
            let seconds = decimal(total % 60_000_000_000, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, minutes) => format!("{minutes}m{seconds}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    };
    format!("{sign}{text}")
}

fn decimal(count: u64, unit: u64) -> String {
    let fraction = count % unit;
    if fraction == 0 {
        return (count / unit).to_string();
    }
    let places = unit.ilog10() as usize;
    let digits = format!("{fraction:0places$}");
    format!("{}.{}", count / unit, digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::duration_text;

    #[test]
    fn as_go_prints_it() {
        assert_eq!(duration_text(0), "0s");
        assert_eq!(duration_text(1_500_000), "1.5ms");
        assert_eq!(duration_text(3_600_000_000_000), "1h0m0s");
        assert_eq!(duration_text(-61_500_000_000), "-1m1.5s");
        assert_eq!(duration_text(1_001), "1.001µs");
    }
}
