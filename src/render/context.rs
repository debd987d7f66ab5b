//! What Helm's functions can reach during a render.

use std::collections::HashMap;

use super::policy::Policy;
use crate::template::value::Str;

/// The host of a render: lent to every template function as `exec.host`.
pub struct Context {
    pub policy: Policy,
    /// How often each template is being included right now (Helm stops at 1,000).
    pub includes: HashMap<Str, usize>,
}
