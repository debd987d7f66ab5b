//! Executes a parsed template over a value and writes what it prints (Go's `text/template/exec.go`).

mod call;
mod convert;
mod field;
pub mod func;
pub mod funcs;
mod pipeline;
mod range;
pub mod set;
mod walk;

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::{Pos, Show, Tree};
use super::budgets::{Budget, BudgetError, Limits};
use super::error::Error;
use super::operand::Operand;
use super::parse::{DOLLAR, MAX_TOKENS};
use super::quote::quote;
use super::value::{Str, Value};
use set::Set;

/// Texts of [`Exec::execute_text`] whose trees are kept for the next time: library charts send the same
/// few hundred through `tpl` again and again.
const MAX_KEPT_TEXTS: usize = 1_000;

/// The bytes of these texts. A tree takes up to thirty times as much memory as its text.
const MAX_KEPT_BYTES: usize = 1 << 20;

/// One running execution, lent to every function call.
pub struct Exec<'t, H: 'static> {
    /// What the embedding program lends to its functions.
    pub host: &'t mut H,
    /// What the execution may still use up.
    pub budget: Budget,
    set: Arc<Set<H>>,
    texts: HashMap<(Str, Str), Arc<[Arc<Tree>]>>,
    /// Bytes of these texts.
    kept: usize,
    /// How many tokens such texts may still have together.
    tokens_left: usize,
}

impl<'t, H> Exec<'t, H> {
    /// An execution of templates of `set`. The budget is shared by everything it executes.
    pub fn new(set: Arc<Set<H>>, host: &'t mut H, limits: Limits) -> Self {
        Exec {
            host,
            budget: Budget::new(limits),
            set,
            texts: HashMap::new(),
            kept: 0,
            tokens_left: MAX_TOKENS,
        }
    }

    /// Executes a template by name over `data` and returns what it prints.
    ///
    /// # Errors
    /// Go's `no template "x" associated with template "y"` (not an exec error), or what the template says.
    pub fn execute_template(&mut self, name: impl AsRef<[u8]>, data: Value) -> Result<Vec<u8>, Error> {
        let name = name.as_ref();
        let Some(tree) = self.set.lookup(name).cloned() else {
            let text = format!(
                "template: no template {} associated with template {}",
                quote(name),
                quote(self.set.name())
            );
            return Err(Error::new(text, false));
        };
        self.execute(&tree, data)
    }

    /// Parses `text` as template `name` of a child set and executes it over `data`; what it defines is
    /// gone afterwards. Text without an action is returned as it is.
    ///
    /// # Errors
    /// A parse error (`exec` false) or an execution error.
    pub fn execute_text(
        &mut self,
        name: impl AsRef<[u8]>,
        text: &[u8],
        data: Value,
    ) -> Result<Vec<u8>, Error> {
        if !text.windows(2).any(|pair| pair == b"{{") {
            return Ok(text.to_vec());
        }
        let name = Str::from(name.as_ref());
        let trees = self.text_trees(&name, text)?;
        let mut child = Set::child(self.set.clone());
        let mut main = None;
        for tree in trees.iter() {
            if *tree.name() == name {
                main = Some(tree.clone());
            }
            child.add(tree.clone());
        }
        let Some(main) = main else { return Ok(Vec::new()) };
        let outer = std::mem::replace(&mut self.set, Arc::new(child));
        let printed = self.execute(&main, data);
        self.set = outer;
        printed
    }

    /// The name space that is being executed: the set given to [`Exec::new`], or a child of it inside
    /// [`Exec::execute_text`].
    pub fn set(&self) -> &Arc<Set<H>> {
        &self.set
    }

    fn text_trees(&mut self, name: &Str, text: &[u8]) -> Result<Arc<[Arc<Tree>]>, Error> {
        let key = (name.clone(), Str::from(text));
        if let Some(trees) = self.texts.get(&key) {
            return Ok(trees.clone());
        }
        self.budget.steps(text.len() as u64 / 4).map_err(|error| Error::over_budget(error.to_string()))?;
        let trees: Arc<[Arc<Tree>]> =
            self.set.trees_within(name, text, &mut self.tokens_left)?.into_iter().map(Arc::new).collect();
        if self.texts.len() < MAX_KEPT_TEXTS && self.kept + text.len() < MAX_KEPT_BYTES {
            self.kept += text.len();
            self.texts.insert(key, trees.clone());
        }
        Ok(trees)
    }

    fn execute(&mut self, tree: &Tree, data: Value) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        let dot = Operand::concrete(data);
        let mut state = State::new(self, &mut out, tree, dot.clone());
        let walked = match state.exec.budget.enter() {
            Ok(()) => state.walk(&dot, &tree.root),
            Err(error) => return Err(*state.stopped(&error)),
        };
        self.budget.leave();
        match walked {
            Ok(_) => Ok(out),
            Err(error) => Err(*error),
        }
    }
}

/// The result of evaluating something; errors are boxed because nearly everything returns one.
type Eval<T> = Result<T, Box<Error>>;

/// The execution of one template. `'a` is the life of its tree.
struct State<'e, 't, 'a, H: 'static> {
    exec: &'e mut Exec<'t, H>,
    out: &'e mut Vec<u8>,
    tree: &'a Tree,
    /// The node that errors refer to; Go moves it in exactly these places.
    at: Option<At<'a>>,
    /// Variables by number, the innermost last.
    variables: Vec<(u32, Operand)>,
}

/// A node of the tree, for errors.
#[derive(Clone, Copy)]
struct At<'a> {
    pos: Pos,
    item: &'a dyn Show,
}

impl<'e, 't, 'a, H> State<'e, 't, 'a, H> {
    /// A template sees no variable of its caller, only `$`.
    fn new(exec: &'e mut Exec<'t, H>, out: &'e mut Vec<u8>, tree: &'a Tree, dot: Operand) -> Self {
        State { exec, out, tree, at: None, variables: vec![(DOLLAR, dot)] }
    }

    fn at(&mut self, pos: Pos, item: &'a dyn Show) {
        self.at = Some(At { pos, item });
    }

    /// An error at the current node (`errorf` in Go).
    fn fail<T>(&self, message: impl AsRef<str>) -> Eval<T> {
        Err(Box::new(Error::new(self.text(message.as_ref()), true)))
    }

    /// This message behind the current node.
    fn text(&self, message: &str) -> String {
        let name = self.tree.name();
        match self.at {
            None => format!("template: {}: {message}", name.to_text()),
            Some(at) => format!(
                "template: {}: executing {} at <{}>: {message}",
                self.tree.location(at.pos),
                quote(name),
                self.tree.show(at.item),
            ),
        }
    }

    fn stopped(&self, error: &BudgetError) -> Box<Error> {
        Box::new(Error::over_budget(self.text(&error.to_string())))
    }

    fn step(&mut self) -> Eval<()> {
        self.exec.budget.step().map_err(|error| self.stopped(&error))
    }

    fn check_stack(&self) -> Eval<()> {
        self.exec.budget.stack().map_err(|error| self.stopped(&error))
    }

    fn write(&mut self, text: &[u8]) -> Eval<()> {
        self.exec.budget.print(text.len()).map_err(|error| self.stopped(&error))?;
        self.out.extend_from_slice(text);
        Ok(())
    }
}
