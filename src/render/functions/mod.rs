//! Every function of Sprig v3 and of Helm 4.3.1, one file per family.
//!
//! Signatures, results and error texts are Go's; `env` and `expandenv` are absent, as in Helm. What changes from
//! run to run goes through [`super::policy::Policy`]. [`define`] says how a table is written.

pub mod base;
pub mod cases;
mod cast;
pub mod certificates;
mod civil;
pub mod copy;
pub mod dates;
mod decimal;
pub mod defaults;
pub mod define;
pub mod dicts;
pub mod documents;
mod duration;
pub mod durations;
mod equal;
pub mod flow;
pub mod hashes;
mod ipv6;
pub mod keys;
mod layout;
mod layout_quote;
mod layout_read;
mod layout_write;
pub mod lists;
pub mod merge;
pub mod numbers;
mod parse_number;
pub mod passwords;
pub mod paths;
mod pem;
pub mod random;
pub mod reflection;
mod regex_class;
pub mod regex_cost;
mod regex_error;
mod regex_syntax;
pub mod regexes;
mod runes;
mod signer;
pub mod strings;
mod time_bytes;
mod time_methods;
mod times;
pub mod toml;
mod toml_write;
mod url_escape;
pub mod urls;
pub mod versions;
mod walk;
pub mod words;

use super::context::Context;
use crate::template::func::Func;

/// All functions that a chart can call beyond Go's own, in no particular order.
pub fn all() -> impl Iterator<Item = &'static Func<Context>> {
    let tables: [&'static [Func<Context>]; 25] = [
        base::TABLE,
        cases::TABLE,
        certificates::TABLE,
        copy::TABLE,
        dates::TABLE,
        defaults::TABLE,
        dicts::TABLE,
        documents::TABLE,
        durations::TABLE,
        flow::TABLE,
        hashes::TABLE,
        keys::TABLE,
        lists::TABLE,
        merge::TABLE,
        numbers::TABLE,
        passwords::TABLE,
        paths::TABLE,
        random::TABLE,
        reflection::TABLE,
        regexes::TABLE,
        strings::TABLE,
        toml::TABLE,
        urls::TABLE,
        versions::TABLE,
        words::TABLE,
    ];
    tables.into_iter().flatten()
}
