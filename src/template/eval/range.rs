//! `range` over lists, maps and integers.

use super::walk::Flow;
use super::{Eval, State};
use crate::template::ast::Branch;
use crate::template::fmt::{append_pointee, print_value};
use crate::template::operand::Operand;
use crate::template::value::types::Type;
use crate::template::value::{Str, UintKind, Value, heap};

/// Entries of a map that are copied for one step.
const ENTRIES_A_STEP: usize = 2;

impl<'e, 't, 'a, H> State<'e, 't, 'a, H> {
    /// The loop, or its `else` where there is nothing to loop over. The caller removes the variables.
    pub(super) fn range(&mut self, dot: &Operand, branch: &'a Branch) -> Eval<Flow> {
        self.at(branch.pos, branch);
        let over = self.pipeline(dot, &branch.pipe)?.value;
        let turned = match &over {
            Value::Int(kind, count) => {
                self.one_variable(branch, &over)?;
                self.turns(
                    (0..*count).map(|n| (Value::Invalid, Operand::concrete(Value::Int(*kind, n)))),
                    branch,
                )?
            }
            Value::Uint(kind, count) => {
                self.one_variable(branch, &over)?;
                self.turns(
                    (0..*count).map(|n| (Value::Invalid, Operand::concrete(Value::Uint(*kind, n)))),
                    branch,
                )?
            }
            Value::List(list) => {
                let element = list.element();
                // Reads each element when its turn comes: the body may change it.
                let item = |at: usize| Some(Operand::from_slot(list.get(at)?, element));
                self.turns(indexed((0..list.len()).map_while(item)), branch)?
            }
            Value::Bytes(bytes) => {
                let item = |byte: &u8| Operand::concrete(Value::Uint(UintKind::Uint8, u64::from(*byte)));
                self.turns(indexed(bytes.iter().map(item)), branch)?
            }
            Value::Map(map) => {
                let element = map.element();
                // The copy is paid for even if the body leaves the loop at once.
                let copied = (map.len() / ENTRIES_A_STEP) as u64;
                self.exec.budget.steps(copied).map_err(|error| self.stopped(&error))?;
                let _held = heap::Share::new(map.len() * size_of::<(Str, Value)>());
                let entries = map.snapshot().into_iter();
                self.turns(
                    entries.map(|(key, item)| (Value::Str(key), Operand::from_slot(item, element))),
                    branch,
                )?
            }
            Value::Invalid | Value::Nil => false,
            other => {
                let mut shown = Vec::new();
                append_pointee(&mut shown, other);
                return self.fail(format!("range can't iterate over {}", String::from_utf8_lossy(&shown)));
            }
        };
        match &branch.otherwise {
            Some(block) if !turned => self.walk(dot, block),
            _ => Ok(Flow::Next),
        }
    }

    fn one_variable(&self, branch: &Branch, over: &Value) -> Eval<()> {
        if branch.pipe.variables.len() <= 1 {
            return Ok(());
        }
        let shown = print_value(over);
        let shown = String::from_utf8_lossy(&shown);
        self.fail(format!("can't use {shown} to iterate over more than one variable"))
    }

    /// Runs the body once for each index and element; false if there were none.
    fn turns(&mut self, items: impl Iterator<Item = (Value, Operand)>, branch: &'a Branch) -> Eval<bool> {
        let mark = self.variables.len();
        let mut turned = false;
        for (index, element) in items {
            turned = true;
            self.step()?;
            self.set_loop_variables(index, &element, branch)?;
            let flow = self.walk(&element, &branch.body)?;
            self.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(turned)
    }

    /// With two variables the first is the index, with one it is the element.
    fn set_loop_variables(&mut self, index: Value, element: &Operand, branch: &'a Branch) -> Eval<()> {
        let index = Operand::from_slot(index, Type::String);
        match branch.pipe.variables.as_slice() {
            [] => {}
            [only] if branch.pipe.assign => self.assign(only, element.clone())?,
            [first, second, ..] if branch.pipe.assign => {
                self.assign(first, index)?;
                self.assign(second, element.clone())?;
            }
            declared => {
                // The pipeline has pushed them; they are the innermost now.
                let mut top = self.variables.iter_mut().rev();
                if let Some((_, last)) = top.next() {
                    *last = element.clone();
                }
                if let (Some((_, before)), 2..) = (top.next(), declared.len()) {
                    *before = index;
                }
            }
        }
        Ok(())
    }
}

fn indexed(items: impl Iterator<Item = Operand>) -> impl Iterator<Item = (Value, Operand)> {
    (0_i64..).zip(items).map(|(index, item)| (Value::int(index), item))
}
