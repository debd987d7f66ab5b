//! What go-yaml v2 and v3 write differently.

use crate::yaml::resolve::Version;

/// How the two writers differ.
#[derive(Clone, Copy, Debug)]
pub(in crate::yaml) struct Dialect {
    pub version: Version,
    /// The column after which a space may become a line break.
    pub width: usize,
    /// A sequence in a mapping is not indented further.
    pub indentless: bool,
}
