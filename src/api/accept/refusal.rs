//! What is wrong with one field.
#[derive(Debug)]
pub struct Refusal;
