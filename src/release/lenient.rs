//! Fields of a record, as one Helm or another wrote them, to values that are always there.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::time;

/// Null leaves a field as it is (`encoding/json`).
pub(super) fn nullable<'de, D, T>(reader: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(reader)?.unwrap_or_default())
}

/// A time of a record: none where it was never set. Helm 3 writes an empty text then, Helm 4 leaves it out.
pub(super) fn moment<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(reader)?.unwrap_or_default();
    match text.as_str() {
        "" | time::ZERO => Ok(None),
        text => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}
