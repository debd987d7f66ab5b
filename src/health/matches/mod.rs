//! A manifest and the live object turned into the first place where the live one does not hold what the manifest says.
//!
//! `walk.rs` goes through both, `lists.rs` pairs the items of lists, `scalar.rs` and `quantity.rs` compare leaves,
//! `secret.rs` brings both into one form, `words.rs` makes the sentence.

mod lists;
mod names;
mod quantity;
mod scalar;
mod secret;
mod walk;
mod words;

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
    let (manifest, live) = (secret::merged(manifest), secret::merged(live));
    Walk::new(&manifest).object(&manifest, &live).map(|found| found.sentence())
}
