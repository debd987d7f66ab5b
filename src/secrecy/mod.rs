//! A secret, and texts of others, turned into texts without it: whatever form it comes back in.

pub mod file;
pub mod forms;
pub mod hidden;
