//! Template values to JSON text and back, as Go 1.26's `encoding/json` does it.

mod decode;
mod encode;
pub(super) mod shape;
mod text;

pub use decode::{DecodeError, Partial, decode, decode_list, decode_map};
pub(super) use text::{char_at, quote};

pub use encode::{EncodeError, Options, encode, encode_indent, encode_with};
