//! Fields of a record, as one Helm or another wrote them, to values that are always there.

use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use serde::de::{Error, SeqAccess, Visitor};
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
        text => text.parse().map(Some).map_err(Error::custom),
    }
}

/// A list of at most so many items, nulls left out; none for null. A record is of anybody's making, and each item of a few bytes takes
/// many in memory.
pub(super) fn bounded<'de, D, T, const MOST: usize>(reader: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    reader.deserialize_any(Items::<T, MOST>(PhantomData))
}

struct Items<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Items<T, MOST> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MOST} items")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(item) = items.next_element::<Option<T>>()? {
            if found.len() >= MOST {
                return Err(Error::invalid_length(found.len(), &self));
            }
            found.extend(item);
        }
        Ok(Some(found))
    }
}
