//! A length of time as people write it (`20ms`, `30s`, `1m 30s`).

use std::fmt;
use std::time::Duration;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserializer, Serialize, Serializer};

/// A length of time in a settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Duration);

impl Span {
    pub const fn milliseconds(count: u64) -> Self {
        Span(Duration::from_millis(count))
    }

    pub fn get(self) -> Duration {
        self.0
    }
}

/// How long to wait until a folder is quiet: none would read half-written files, and whoever saves waits as long.
pub fn debounce<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    let (least, most) = (Duration::from_millis(1), Duration::from_secs(60));
    deserializer.deserialize_str(Bounds { least, most, words: "from 1ms to 1m, such as 50ms" })
}

/// How often to look without being told: below a second nothing but looking would be done, and more than a day is
/// a mistake in the unit.
pub fn rescan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    let (least, most) = (Duration::from_secs(1), Duration::from_secs(24 * 60 * 60));
    deserializer.deserialize_str(Bounds { least, most, words: "from 1s to 24h, such as 30s" })
}

/// How long a commit may wait for others: as long as whoever looks for it.
pub fn window<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    let (least, most) = (Duration::ZERO, Duration::from_secs(60));
    deserializer.deserialize_str(Bounds { least, most, words: "from 0s to 1m, such as 20ms" })
}

/// How long a chart may take to come: the same bounds as for anything that somebody waits for.
pub fn download<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    let (least, most) = (Duration::from_secs(1), Duration::from_secs(60 * 60));
    deserializer.deserialize_str(Bounds { least, most, words: "from 1s to 1h, such as 2m" })
}

/// How long a change may take to become ready; as `spec.delivery.timeout`: no pod is ready in less than a second.
pub fn timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    let (least, most) = (Duration::from_secs(1), Duration::from_secs(24 * 60 * 60));
    deserializer.deserialize_str(Bounds { least, most, words: "from 1s to 24h, such as 3m" })
}

/// Fails while the text is visited: only then does the error name the key.
struct Bounds {
    least: Duration,
    most: Duration,
    /// The same, for people.
    words: &'static str,
}

impl Visitor<'_> for Bounds {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a length of time {}", self.words)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
        let span = text.parse::<jiff::SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
        let span = span.filter(|span| (self.least..=self.most).contains(span));
        span.map(Span).ok_or_else(|| E::invalid_value(Unexpected::Str(&beginning(text)), &self))
    }
}

/// As much of a text as a length of time needs.
fn beginning(text: &str) -> String {
    const SHOWN: usize = 40;
    if text.chars().count() <= SHOWN {
        text.into()
    } else {
        text.chars().take(SHOWN).chain(['…']).collect()
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let milliseconds = self.0.as_millis();
        let text = match milliseconds % 1000 {
            0 => format!("{}s", milliseconds / 1000),
            _ => format!("{milliseconds}ms"),
        };
        serializer.serialize_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        let read = |text: &str| rescan(serde_json::Value::from(text));
        assert_eq!(read("30s").unwrap(), Span::milliseconds(30_000));
        assert_eq!(read("1m 30s").unwrap(), Span::milliseconds(90_000));
        for wrong in ["", "20", "-1s", "25h", "soon", "0s", "999ms"] {
            let text = read(wrong).unwrap_err().to_string();
            assert!(text.ends_with("a length of time from 1s to 24h, such as 30s"), "{wrong}: {text}");
        }
        assert!(read(&"9".repeat(100_000)).unwrap_err().to_string().len() < 300);
    }

    #[test]
    fn every_wait_has_bounds() {
        let text = |text: &str| serde_json::Value::from(text);
        assert!(
            debounce(text("0s")).is_err() && debounce(text("1ms")).is_ok() && debounce(text("2m")).is_err()
        );
        assert!(window(text("0s")).is_ok() && window(text("61s")).is_err());
    }
}
