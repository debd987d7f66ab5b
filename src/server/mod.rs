//! Health and metrics over HTTP: `/livez`, `/readyz`, `/metrics`.
//!
//! Whoever may reach the port may read: nothing here tells a name or a secret, and nothing can be changed.

pub mod health;
pub mod listen;
pub mod pages;
