//! A length of time as people write it (`20ms`, `30s`, `1m 30s`).

use std::fmt;
use std::time::Duration;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time in a settings file. Never negative; at most a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Duration);

/// Longer waits are a mistake in the unit.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl Span {
    pub const fn milliseconds(count: u64) -> Self {
        Span(Duration::from_millis(count))
    }

    pub fn get(self) -> Duration {
        self.0
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

/// Fails while the text is visited: only then does the error name the key.
struct Text;

impl Visitor<'_> for Text {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time such as 20ms, 30s or 5m, at most 24h")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
        let span = text.parse::<jiff::SignedDuration>().ok();
        let span = span.and_then(|span| Duration::try_from(span).ok()).filter(|span| *span <= LONGEST);
        span.map(Span).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
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
        let read = |text: &str| serde_json::from_value::<Span>(text.into());
        assert_eq!(read("20ms").unwrap(), Span::milliseconds(20));
        assert_eq!(read("1m 30s").unwrap(), Span::milliseconds(90_000));
        for wrong in ["", "20", "-1s", "25h", "soon"] {
            let text = read(wrong).unwrap_err().to_string();
            assert!(text.contains("such as 20ms"), "{wrong}: {text}");
        }
    }
}
