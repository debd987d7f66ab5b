//! Texts turned into what of them is secret, and a secret that is known into texts without it.

pub mod address;
pub mod file;
pub mod forms;
pub mod hidden;
pub mod tokens;
