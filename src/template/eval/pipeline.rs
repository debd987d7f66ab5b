//! Pipelines, commands, variables and constants.

use super::field::Arguments;
use super::{Eval, State};
use crate::template::ast::{Chain, Command, Expr, Field, Ideal, Number, Pipe, Show, Variable};
use crate::template::operand::Operand;
use crate::template::value::Value;

impl<'e, 't, 'a, H> State<'e, 't, 'a, H> {
    /// The value of a pipeline; declared variables are pushed and stay until the caller removes them.
    pub(super) fn pipeline(&mut self, dot: &Operand, pipe: &'a Pipe) -> Eval<Operand> {
        self.at(pipe.pos, pipe);
        self.check_stack()?;
        let mut value = None;
        for command in &pipe.commands {
            // The previous value is the last argument of this one.
            value = Some(self.command(dot, command, value)?.unboxed());
        }
        let value = value.unwrap_or(Operand::INVALID);
        for variable in &pipe.variables {
            if pipe.assign {
                self.assign(variable, value.clone())?;
            } else {
                self.variables.push((variable.id, value.clone()));
            }
        }
        Ok(value)
    }

    /// `$x = value`: changes the innermost variable of the name.
    pub(super) fn assign(&mut self, variable: &'a Variable, value: Operand) -> Eval<()> {
        match self.variables.iter_mut().rev().find(|(id, _)| *id == variable.id) {
            Some((_, old)) => {
                *old = value;
                Ok(())
            }
            None => self.fail(format!("undefined variable: {}", variable.name)),
        }
    }

    fn command(&mut self, dot: &Operand, command: &'a Command, last: Option<Operand>) -> Eval<Operand> {
        let args = command.args.as_slice();
        let Some(first) = args.first() else { return Ok(Operand::INVALID) };
        match first {
            Expr::Field(field) => return self.field_node(dot, field, (args, last)),
            Expr::Chain(chain) => return self.chain_node(dot, chain, (args, last)),
            Expr::Function(function) => {
                return self.function(dot, function, (command.pos, command), args, last);
            }
            Expr::Pipe(pipe) => {
                self.no_arguments(args, last.as_ref())?;
                return self.pipeline(dot, pipe);
            }
            Expr::Variable(variable) => return self.variable_node(dot, variable, (args, last)),
            _ => {}
        }
        self.at(first.pos(), first);
        self.no_arguments(args, last.as_ref())?;
        match first {
            Expr::Bool(_, flag) => Ok(Operand::concrete(Value::Bool(*flag))),
            Expr::Dot(_) => Ok(dot.clone()),
            Expr::Nil(_) => self.fail("nil is not a command"),
            Expr::Number(number) => self.ideal_constant(number),
            Expr::String(literal) => Ok(Operand::concrete(Value::Str(literal.text.clone()))),
            _ => Ok(Operand::INVALID),
        }
    }

    fn no_arguments(&self, args: &'a [Expr], last: Option<&Operand>) -> Eval<()> {
        match args {
            [first, rest @ ..] if !rest.is_empty() || last.is_some() => {
                let mut shown = String::new();
                let _ = first.show(&self.tree.source.text, &mut shown);
                self.fail(format!("can't give argument to non-function {shown}"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn field_node(
        &mut self,
        dot: &Operand,
        field: &'a Field,
        arguments: Arguments<'a>,
    ) -> Eval<Operand> {
        self.at(field.pos, field);
        self.field_chain(dot, dot.clone(), (field.pos, field), &field.names, arguments)
    }

    pub(super) fn chain_node(
        &mut self,
        dot: &Operand,
        chain: &'a Chain,
        arguments: Arguments<'a>,
    ) -> Eval<Operand> {
        self.at(chain.pos, chain);
        let base = self.argument(dot, None, &chain.base)?;
        self.field_chain(dot, base, (chain.pos, chain), &chain.fields, arguments)
    }

    pub(super) fn variable_node(
        &mut self,
        dot: &Operand,
        variable: &'a Variable,
        arguments: Arguments<'a>,
    ) -> Eval<Operand> {
        self.at(variable.pos, variable);
        let Some((_, value)) = self.variables.iter().rev().find(|(id, _)| *id == variable.id) else {
            return self.fail(format!("undefined variable: {}", variable.name));
        };
        let value = value.clone();
        if variable.fields.is_empty() {
            let (args, last) = arguments;
            self.no_arguments(args, last.as_ref())?;
            return Ok(value);
        }
        self.field_chain(dot, value, (variable.pos, variable), &variable.fields, arguments)
    }

    pub(super) fn ideal_constant(&mut self, number: &'a Number) -> Eval<Operand> {
        self.at(number.pos, number);
        match number.ideal {
            Ideal::Int(int) => Ok(Operand::concrete(Value::int(int))),
            Ideal::Float(float) => Ok(Operand::concrete(Value::Float(float))),
            Ideal::Overflow => self.fail(format!("{} overflows int", number.text)),
        }
    }
}
