//! What Helm's functions can reach during a render.

use std::collections::{HashMap, HashSet};

use super::policy::Policy;
use crate::template::value::Str;

/// The host of a render: lent to every template function as `exec.host`.
pub struct Context {
    pub policy: Policy,
    /// How often each template is being included right now (Helm stops at 1,000).
    pub includes: HashMap<Str, usize>,
    /// The regular expressions that were used so far.
    pub expressions: HashSet<Str>,
}

impl Context {
    /// The context of a render that begins.
    pub fn new(policy: Policy) -> Self {
        Context { policy, includes: HashMap::new(), expressions: HashSet::new() }
    }
}
