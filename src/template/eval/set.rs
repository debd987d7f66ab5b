//! A name space of templates that can call each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::funcs::Funcs;
use crate::template::ast::{Callee, Tree};
use crate::template::builtins;
use crate::template::error::Error;
use crate::template::parse::{MAX_TOKENS, parse};
use crate::template::value::Str;

/// Templates by name, as Go's associated templates; a child set sees the definitions of its parent
/// and keeps its own to itself (what Helm's `tpl` does by cloning).
pub struct Set<H: 'static> {
    name: Str,
    funcs: Arc<Funcs<H>>,
    templates: BTreeMap<Str, Arc<Tree>>,
    parent: Option<Arc<Set<H>>>,
    /// How many tokens the files that are still to come may have together.
    tokens_left: usize,
}

impl<H> Set<H> {
    /// An empty set. `name` appears in errors about missing templates (Helm's is `gotpl`).
    pub fn new(name: impl Into<Str>, funcs: Arc<Funcs<H>>) -> Self {
        Set { name: name.into(), funcs, templates: BTreeMap::new(), parent: None, tokens_left: MAX_TOKENS }
    }

    /// An empty set that sees everything of `parent`.
    pub fn child(parent: Arc<Set<H>>) -> Self {
        Set {
            name: parent.name.clone(),
            funcs: parent.funcs.clone(),
            templates: BTreeMap::new(),
            parent: Some(parent),
            tokens_left: MAX_TOKENS,
        }
    }

    /// Parses a file and adds its templates: the text itself as `name`, and everything it defines. A
    /// definition replaces an earlier one of its name unless its body is blank.
    ///
    /// # Errors
    /// Go's parse error, `template: NAME:LINE: …` (`exec` is false); nothing is added then.
    pub fn parse(&mut self, name: impl Into<Str>, text: &[u8]) -> Result<(), Error> {
        let mut left = self.tokens_left;
        for tree in self.trees_within(&name.into(), text, &mut left)? {
            self.add(Arc::new(tree));
        }
        self.tokens_left = left;
        Ok(())
    }

    /// The trees of a file, with function names resolved against the functions of this set; `tokens_left` is how many
    /// tokens there may be, and afterwards how many more.
    pub(super) fn trees_within(
        &self,
        name: &Str,
        text: &[u8],
        tokens_left: &mut usize,
    ) -> Result<Vec<Tree>, Error> {
        let resolve = |function: &str| match self.funcs.index(function) {
            Some(index) => Some(Callee::Host(index)),
            None => builtins::find(function).map(Callee::Builtin),
        };
        parse(name, text, &resolve, tokens_left)
    }

    /// Adds a template; a blank one never hides another of its name (`associate` in Go's template.go).
    pub(super) fn add(&mut self, tree: Arc<Tree>) {
        if !tree.is_blank() || self.lookup(tree.name()).is_none() {
            self.templates.insert(tree.name().clone(), tree);
        }
    }

    /// The template of this name, here or in a parent.
    pub fn lookup(&self, name: impl AsRef<[u8]>) -> Option<&Arc<Tree>> {
        let mut set = self;
        loop {
            if let Some(tree) = set.templates.get(name.as_ref()) {
                return Some(tree);
            }
            set = set.parent.as_deref()?;
        }
    }

    pub fn name(&self) -> &Str {
        &self.name
    }

    pub fn funcs(&self) -> &Arc<Funcs<H>> {
        &self.funcs
    }
}
