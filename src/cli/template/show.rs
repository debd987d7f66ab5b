//! The printed text to the documents of the wanted templates (`--show-only`).

use crate::render::text;
use crate::template::value::Str;

use super::path_match;

/// A pattern that no template matches.
#[derive(Debug, thiserror::Error)]
#[error("could not find template {0} in chart")]
pub struct ShowError(String);

/// The documents of the templates that match, in the order of the patterns, then of the text.
pub fn only(text: &[u8], patterns: &[String]) -> Result<Vec<Str>, ShowError> {
    let mut documents = Vec::new();
    for pattern in patterns {
        let found = text::from_template(text, |path| path_match::is_match(pattern, path));
        if found.is_empty() {
            return Err(ShowError(pattern.clone()));
        }
        documents.extend(found);
    }
    Ok(documents)
}
