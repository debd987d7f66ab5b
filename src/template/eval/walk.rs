//! Nodes: text, actions, branches, calls of other templates.

use super::{Eval, State};
use crate::template::ast::{Action, Block, Branch, BranchKind, Call, Node, Tree};
use crate::template::fmt::append_printable;
use crate::template::operand::Operand;
use crate::template::quote::quote;
use crate::template::truth::truth;
use crate::template::value::Value;

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

impl<'e, 't, 'a, H> State<'e, 't, 'a, H> {
    pub(super) fn walk(&mut self, dot: &Operand, block: &'a Block) -> Eval<Flow> {
        for node in &block.nodes {
            self.step()?;
            match node {
                Node::Text(text) => self.write(text.of(&self.tree.source.text))?,
                Node::Action(action) => self.action(dot, action)?,
                Node::Branch(branch) => {
                    let flow = self.branch(dot, branch)?;
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                Node::Template(call) => self.call_template(dot, call)?,
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::Next)
    }

    /// Variables declared here live on until the next end; a declaration prints nothing.
    fn action(&mut self, dot: &Operand, action: &'a Action) -> Eval<()> {
        let operand = self.pipeline(dot, &action.pipe)?;
        if !action.pipe.variables.is_empty() {
            return Ok(());
        }
        self.at(action.pos, action);
        match &operand.value {
            Value::Str(text) => self.write(text),
            value => {
                let before = self.out.len();
                append_printable(self.out, value);
                let printed = self.out.len() - before;
                self.exec.budget.print(printed).map_err(|error| self.stopped(&error))
            }
        }
    }

    fn branch(&mut self, dot: &Operand, branch: &'a Branch) -> Eval<Flow> {
        self.check_stack()?;
        let mark = self.variables.len();
        let flow = match branch.kind {
            BranchKind::Range => self.range(dot, branch)?,
            BranchKind::If | BranchKind::With => self.if_or_with(dot, branch)?,
        };
        self.variables.truncate(mark);
        Ok(flow)
    }

    fn if_or_with(&mut self, dot: &Operand, branch: &'a Branch) -> Eval<Flow> {
        let operand = self.pipeline(dot, &branch.pipe)?;
        if truth(&operand.value) {
            let inner = if branch.kind == BranchKind::With { &operand } else { dot };
            return self.walk(inner, &branch.body);
        }
        match &branch.otherwise {
            Some(block) => self.walk(dot, block),
            None => Ok(Flow::Next),
        }
    }

    /// `{{template "name" data}}`: the other template gets only the data.
    fn call_template(&mut self, dot: &Operand, call: &'a Call) -> Eval<()> {
        self.at(call.pos, call);
        let Some(tree) = self.exec.set().lookup(&call.name).cloned() else {
            return self.fail(format!("template {} not defined", quote(&call.name)));
        };
        self.exec.budget.enter().map_err(|error| self.stopped(&error))?;
        let called = self.call_tree(dot, call, &tree);
        self.exec.budget.leave();
        called
    }

    fn call_tree(&mut self, dot: &Operand, call: &'a Call, tree: &Tree) -> Eval<()> {
        let data = match &call.pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Operand::INVALID,
        };
        State::new(self.exec, self.out, tree, data.clone()).walk(&data, &tree.root)?;
        Ok(())
    }
}
