//! Executes a parsed template over a value and writes what it prints.

/// One running execution, lent to every function call.
pub struct Exec<'t, H> {
    /// What the embedding program lends to its functions.
    pub host: &'t mut H,
}
