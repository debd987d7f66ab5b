//! How deep functions follow values into each other before they say that a value contains itself, and what their keys cost.

/// Maps and lists inside each other. `set $a "self" $a` makes a value without end, on which Go overflows
/// its stack and dies; real values nest to about 30.
pub const MAX_DEPTH: usize = 250;

/// Bytes of keys that are compared, found or put in order in a step.
pub const KEY_BYTES_PER_STEP: usize = 256;

/// The message for a value nested deeper than [`MAX_DEPTH`].
pub fn too_deep(function: &str) -> String {
    format!(
        "{function}: value is nested more than {MAX_DEPTH} levels deep; look for a map or list that contains itself"
    )
}
