//! A regular expression turned into the steps that searching with it costs.
//!
//! A search goes over a text with an automaton that is built on the way, about a nanosecond a byte; where that
//! automaton would become too large, the search goes over it with all states of the expression instead, a few
//! nanoseconds a byte and state. Which of the two it will be is asked once, when it begins to matter.

use std::cell::OnceCell;

use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_syntax::hir::{Hir, HirKind};

/// Bytes in a step where the automaton is small.
const FAST: usize = 128;
/// Bytes times states in a step where it is not.
const SLOW: usize = 32;
/// Bytes of an automaton that still is small: the `regex` crate gives it twice as many by default.
const MAX_AUTOMATON: usize = 1 << 20;

/// Steps that finding out costs, and what an expression may cost before it is worth that.
pub const FINDING_OUT: u64 = 50_000;

/// What searches with an expression cost.
pub struct Cost {
    expression: Hir,
    states: usize,
    /// A search may read on far behind the end of what it finds.
    reads_on: bool,
    has_small_automaton: OnceCell<bool>,
}

/// What an expression has cost a render so far.
#[derive(Default)]
pub struct Spent {
    steps: u64,
    is_found_out: bool,
}

impl Cost {
    /// Of an expression that the `regex` crate has compiled; nothing if it cannot be told.
    pub fn of(pattern: &str) -> Option<Cost> {
        let parser = regex_syntax::ParserBuilder::new().utf8(false).nest_limit(u32::MAX).build();
        let expression = { parser }.parse(pattern).ok()?;
        let states = automaton(&expression, false)?.states().len();
        let reads_on = !ends_with_its_match(&expression);
        Some(Cost { expression, states, reads_on, has_small_automaton: OnceCell::new() })
    }

    /// Steps of a search that has so many bytes before it.
    pub fn of_search(&self, left: usize, spent: &mut Spent) -> u64 {
        let slow = self.slowly(left);
        spent.steps = spent.steps.saturating_add(slow);
        if spent.steps <= FINDING_OUT {
            return slow;
        }
        let first = if spent.is_found_out { 0 } else { FINDING_OUT };
        spent.is_found_out = true;
        let steps = match self.has_small_automaton() {
            true if self.reads_on => 1 + (left / FAST) as u64,
            true => 1,
            false => slow,
        };
        first + steps
    }

    /// Steps of a search that has read so many bytes, beside [`Cost::of_search`].
    pub fn of_reading(&self, bytes: usize) -> u64 {
        (bytes / FAST) as u64
    }

    /// Steps of reading so many bytes with all states, as it is done to find the groups of a match.
    pub fn slowly(&self, bytes: usize) -> u64 {
        1 + (bytes.saturating_mul(self.states) / SLOW) as u64
    }

    fn has_small_automaton(&self) -> bool {
        *self.has_small_automaton.get_or_init(|| {
            // Forwards to the end of a match, backwards to its beginning.
            let is_small = |backwards| {
                let start = if backwards { StartKind::Anchored } else { StartKind::Unanchored };
                let config = dense::Config::new().start_kind(start).dfa_size_limit(Some(MAX_AUTOMATON));
                let config = config.determinize_size_limit(Some(MAX_AUTOMATON));
                let states = automaton(&self.expression, backwards);
                states.is_some_and(|states| {
                    dense::Builder::new().configure(config).build_from_nfa(&states).is_ok()
                })
            };
            is_small(false) && is_small(true)
        })
    }
}

fn automaton(expression: &Hir, backwards: bool) -> Option<NFA> {
    let captures = if backwards { WhichCaptures::None } else { WhichCaptures::All };
    let config = thompson::Config::new().utf8(false).reverse(backwards).which_captures(captures);
    thompson::Compiler::new().configure(config).build_from_hir(expression).ok()
}

/// Whether what repeats without a limit only stands where a match may end each time: then a search reads hardly
/// more than it finds.
fn ends_with_its_match(expression: &Hir) -> bool {
    let is_bounded = |part: &Hir| part.properties().maximum_len().is_some();
    if is_bounded(expression) {
        return true;
    }
    match expression.kind() {
        HirKind::Repetition(repetition) => is_bounded(&repetition.sub),
        HirKind::Capture(group) => ends_with_its_match(&group.sub),
        HirKind::Alternation(parts) => parts.iter().all(ends_with_its_match),
        HirKind::Concat(parts) => parts
            .split_last()
            .is_some_and(|(last, before)| before.iter().all(is_bounded) && ends_with_its_match(last)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_on() {
        for pattern in [r"\s+", "[^a-z]+", "ab|c*", "(x{1,3}y+)", "(ab)*"] {
            assert!(!Cost::of(pattern).unwrap().reads_on, "{pattern}");
        }
        for pattern in ["a.*b", r"\s+$", "(a*b)*", "a*b|c"] {
            assert!(Cost::of(pattern).unwrap().reads_on, "{pattern}");
        }
    }

    #[test]
    fn what_needs_all_its_states() {
        for pattern in ["[a-z]([-a-z0-9]{0,61}[a-z0-9])?", r"(?m)^\s*#.*\n", "(a|b)*c"] {
            assert!(Cost::of(pattern).unwrap().has_small_automaton(), "{pattern}");
        }
        for pattern in ["((a)|(b))*a((a)|(b)){90}", "(a|b){30}a(a|b)*", "(a|b)a(a|b){30}c"] {
            assert!(!Cost::of(pattern).unwrap().has_small_automaton(), "{pattern}");
        }
    }
}
