//! Template values to JSON text and back, as Go 1.26's `encoding/json` does it.

mod decode;
mod encode;
pub(super) mod shape;
pub(super) mod text;

pub use decode::{DecodeError, Partial, decode, decode_list, decode_map};
pub use encode::{Options, encode, encode_indent, encode_with};
pub use shape::EncodeError;
pub use text::quote;
