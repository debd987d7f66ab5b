//! Fields and methods: `.a.b.Method arg`.

use super::{Eval, State};
use crate::template::ast::{Expr, Pos, Show};
use crate::template::duration::METHODS;
use crate::template::operand::Operand;
use crate::template::value::Value;
use crate::template::value::types::Method;
use crate::template::value::types::Type;
use crate::template::zero::zero;

/// The arguments of a command, what is called included, and the value piped into it.
pub(super) type Arguments<'a> = (&'a [Expr], Option<Operand>);

/// Where an error in a call is reported.
pub(super) type Site<'a> = (Pos, &'a dyn Show);

impl<'e, 't, 'a, H> State<'e, 't, 'a, H> {
    /// Follows the names from `receiver` on; the last may be a method that takes the arguments.
    pub(super) fn field_chain(
        &mut self,
        dot: &Operand,
        mut receiver: Operand,
        site: Site<'a>,
        names: &'a [Box<str>],
        arguments: Arguments<'a>,
    ) -> Eval<Operand> {
        let Some((last, inner)) = names.split_last() else { return Ok(receiver) };
        for name in inner {
            receiver = self.field(dot, receiver, site, name, (&[], None))?;
        }
        self.field(dot, receiver, site, last, arguments)
    }

    fn field(
        &mut self,
        dot: &Operand,
        receiver: Operand,
        site: Site<'a>,
        name: &'a str,
        arguments: Arguments<'a>,
    ) -> Eval<Operand> {
        let has_arguments = arguments.0.len() > 1 || arguments.1.is_some();
        match &receiver.value {
            Value::Invalid => return Ok(Operand::INVALID),
            Value::Nil => return self.fail(format!("nil pointer evaluating interface {{}}.{name}")),
            value => {
                if let Some(method) = method(value, name) {
                    return self.call_method(dot, receiver, site, method, arguments);
                }
            }
        }
        match &receiver.value {
            Value::Object(object) => {
                if let Some(field) = object.field(name) {
                    if has_arguments {
                        return self.fail(format!("{name} has arguments but cannot be invoked as function"));
                    }
                    // The static type of a field is its own, unless it holds nothing.
                    return Ok(Operand::from_slot(field, Type::Bool));
                }
                if object.hides(name) {
                    let ty = receiver.static_type();
                    return self.fail(format!("{name} is an unexported field of struct type {ty}"));
                }
            }
            Value::Map(map) => {
                if has_arguments {
                    return self.fail(format!("{name} is not a method but has arguments"));
                }
                let element = map.element();
                let value = map.get(name).unwrap_or_else(|| zero(element));
                return Ok(Operand::from_slot(value, element));
            }
            _ => {}
        }
        self.fail(format!("can't evaluate field {name} in type {}", receiver.static_type()))
    }
}

fn method(value: &Value, name: &str) -> Option<&'static Method> {
    match value.type_of() {
        Type::Duration => METHODS.iter().find(|method| method.name == name),
        Type::Named(named) => named.methods.iter().find(|method| method.name == name),
        _ => None,
    }
}
