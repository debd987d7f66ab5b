//! Errors of the client turned into words for a person.

use std::error::Error;

/// The innermost cause: the layers of an HTTP client around it say nothing.
pub fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
