//! The functions that a template may call by name.

use std::collections::BTreeMap;

use super::func::Func;

/// Functions of a host by name, beyond Go's own ([`super::builtins`]); one of the same name as a
/// built-in hides it.
pub struct Funcs<H: 'static> {
    names: BTreeMap<&'static str, usize>,
    list: Vec<&'static Func<H>>,
}

impl<H> Funcs<H> {
    /// A table of these functions; of two with one name the later counts.
    pub fn new(functions: impl IntoIterator<Item = &'static Func<H>>) -> Self {
        let mut funcs = Funcs { names: BTreeMap::new(), list: Vec::new() };
        for function in functions {
            funcs.names.insert(function.name, funcs.list.len());
            funcs.list.push(function);
        }
        funcs
    }

    /// The function of this name.
    pub fn get(&self, name: &str) -> Option<&'static Func<H>> {
        self.at(*self.names.get(name)?)
    }

    /// Where the function stands in the table; trees refer to functions by this number.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    pub(super) fn at(&self, index: usize) -> Option<&'static Func<H>> {
        self.list.get(index).copied()
    }
}
