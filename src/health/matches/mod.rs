//! A manifest and the live object turned into the first place where the live one does not hold what the manifest says.
//!
//! `walk.rs` goes through both, `lists.rs` pairs the items of lists, `scalar.rs` and `quantity.rs` compare leaves,
//! `secret.rs` brings both into one form, `words.rs` makes the sentence, `ignored.rs` takes out what may differ.

pub mod ignored;
mod lists;
mod names;
mod quantity;
mod scalar;
mod secret;
mod walk;
mod words;

use std::borrow::Cow;

use serde_json::Value;

pub use quantity::{is_less, is_same_amount};
use walk::Walk;

/// The first difference as a sentence with its path and both values, or `None` if the live object holds every field of
/// the manifest with an equal meaning. Fields that only the live object has (defaults, injected containers) are no
/// difference; of the metadata only labels and annotations count, and the status does not. A Secret's values are never
/// printed.
///
/// Source of what is equal: the types of k8s.io/api, through which the API server stores an object. It drops what is
/// empty, writes quantities in one form, and knows which lists are maps.
pub fn difference(manifest: &Value, live: &Value) -> Option<String> {
    first(manifest, live).map(|found| found.sentence)
}

/// The object as the API server stores it: a Secret's `stringData` among its `data`. Applied as it stands, `stringData` would be
/// promgit's for ever, whatever becomes of the values, and a key that a chart drops would stay.
pub fn stored(object: &Value) -> Cow<'_, Value> {
    let texts = object["stringData"].as_object();
    // what is no text is for the API server to refuse
    match texts.is_none_or(|texts| texts.values().all(Value::is_string)) {
        true => secret::merged(object),
        false => Cow::Borrowed(object),
    }
}

/// A difference, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `spec.template.spec.containers[prometheus].image`
    pub path: String,
    pub sentence: String,
}

/// The same as [`difference`], with its path.
pub fn first(manifest: &Value, live: &Value) -> Option<Difference> {
    let (manifest, live) = (secret::merged(manifest), secret::merged(live));
    let found = Walk::new(&manifest).object(&manifest, &live)?;
    Some(Difference { sentence: found.sentence(), path: found.path })
}
