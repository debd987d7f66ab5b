//! How long a torture lasts, and the seed of its choices.

use std::time::SystemTime;

use crate::random::Random;

/// `make torture` sets it: the full form.
const FULL: &str = "PROMGIT_TORTURE";
/// The seed that an earlier run printed.
const SEED: &str = "PROMGIT_TORTURE_SEED";

/// So many times in `make test`, and so many in `make torture`.
pub fn times(short: usize, full: usize) -> usize {
    if is_full() { full } else { short }
}

pub fn is_full() -> bool {
    std::env::var_os(FULL).is_some_and(|word| word == "full")
}

/// Choices that can be made again: which clusters change, and which moment is aimed at. What the moment hits depends on the
/// machine, too.
pub fn random(test: &str) -> Random {
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().subsec_nanos().into();
    let seed = std::env::var(SEED).map_or_else(|_| now(), |text| text.parse().expect("a number"));
    println!("{test}: {SEED}={seed}");
    Random(seed)
}
