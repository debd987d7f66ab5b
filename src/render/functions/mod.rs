//! Every function of Sprig v3 and of Helm 4.3.1, one file per family.
//!
//! Signatures, results and error texts are Go's; `env` and `expandenv` are absent, as in Helm. What changes from
//! run to run goes through [`super::policy::Policy`]. [`define`] says how a table is written.

pub mod base;
pub mod cases;
pub mod cast;
pub mod copy;
pub mod decimal;
pub mod defaults;
pub mod define;
pub mod dicts;
pub mod equal;
pub mod lists;
pub mod merge;
pub mod numbers;
pub mod parse_number;
pub mod paths;
pub mod reflection;
pub mod runes;
pub mod strings;
pub mod walk;
pub mod words;

use super::context::Context;
use crate::template::func::Func;

/// All functions that a chart can call beyond Go's own, in no particular order.
pub fn all() -> impl Iterator<Item = &'static Func<Context>> {
    let tables: [&'static [Func<Context>]; 13] = [
        base::TABLE,
        cases::TABLE,
        copy::TABLE,
        defaults::TABLE,
        dicts::TABLE,
        lists::TABLE,
        merge::TABLE,
        numbers::TABLE,
        paths::TABLE,
        reflection::TABLE,
        strings::TABLE,
        words::TABLE,
        &[],
    ];
    tables.into_iter().flatten()
}
