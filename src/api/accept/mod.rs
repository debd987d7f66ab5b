//! todo
pub mod refusal;
