//! What Helm's functions can reach during a render.

use std::collections::HashMap;

use super::functions::regex_cost::Spent;
use super::outside::Outside;
use super::policy::Policy;
use crate::chart::warning::Warning;
use crate::template::value::Str;
use crate::template::value::circles::Circles;

/// The host of a render: lent to every template function as `exec.host`.
pub struct Context {
    pub policy: Policy,
    pub outside: Outside,
    /// What Helm logs while templates ask the world outside.
    pub said: Vec<Warning>,
    /// How often each template is being included right now (Helm stops at 1,000).
    pub includes: HashMap<Str, usize>,
    /// The regular expressions that were used so far, with what they have cost.
    pub expressions: HashMap<Str, Spent>,
    /// The maps that functions have changed.
    pub circles: Circles,
}

impl Context {
    /// The context of a render that begins, and that asks nobody.
    pub fn new(policy: Policy) -> Self {
        Context::with(policy, Outside::default())
    }

    /// The context of a render that begins.
    pub fn with(policy: Policy, outside: Outside) -> Self {
        Context {
            policy,
            outside,
            said: Vec::new(),
            includes: HashMap::new(),
            expressions: HashMap::new(),
            circles: Circles::default(),
        }
    }
}
