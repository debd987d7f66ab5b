//! Pipelines, commands and operands.

use super::{Failure, Parser, position};
use crate::template::ast::{Chain, Command, Expr, Field, Function, Pipe, StringLiteral, Text, Variable};
use crate::template::quote::quote;
use crate::template::token::{Kind, Token};

/// What a variable at the head of a pipeline turned out to be.
enum Head {
    /// Declared or assigned; the pipeline's value follows.
    Declared,
    /// The first of two range variables; the second follows.
    FirstOfTwo,
    /// An argument.
    Argument,
}

impl<'s> Parser<'s> {
    /// `declarations? command ('|' command)*` up to `end`.
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, Failure> {
        let pos = position(self.peek_non_space().pos);
        let mut pipe = Pipe { pos, assign: false, variables: Vec::new(), commands: Vec::with_capacity(1) };
        while self.peek_non_space().kind == Kind::Variable {
            match self.declaration(&mut pipe, context)? {
                Head::FirstOfTwo => {}
                Head::Declared | Head::Argument => break,
            }
        }
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    self.check_pipeline(&pipe, context)?;
                    pipe.commands.shrink_to_fit();
                    return Ok(pipe);
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    pipe.commands.push(self.command()?);
                }
                _ => return Err(self.unexpected(token, context)),
            }
        }
    }

    /// A variable where a declaration may stand. A space is a token, so it takes three tokens of
    /// look-ahead to tell `$x foo` from `$x := foo`.
    fn declaration(&mut self, pipe: &mut Pipe, context: &str) -> Result<Head, Failure> {
        let name = self.next_non_space();
        let after = self.peek();
        let next = self.peek_non_space();
        match next.kind {
            Kind::Assign | Kind::Declare => {
                pipe.assign = next.kind == Kind::Assign;
                self.next_non_space();
                self.declare(pipe, name);
                Ok(Head::Declared)
            }
            Kind::Char if next.text == b"," => {
                self.next_non_space();
                self.declare(pipe, name);
                if context == "range" && pipe.variables.len() < 2 {
                    return match self.peek_non_space().kind {
                        Kind::Variable | Kind::RightDelim | Kind::RightParen => Ok(Head::FirstOfTwo),
                        _ => Err(self.fail("range can only initialize variables")),
                    };
                }
                Err(self.fail(format!("too many declarations in {context}")))
            }
            _ => {
                if after.kind == Kind::Space {
                    self.backup3(name, after);
                } else {
                    self.backup2(name);
                }
                Ok(Head::Argument)
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, token: Token<'s>) {
        let variable = self.variable(token);
        self.state.variables.push(variable.id);
        pipe.variables.push(variable);
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Result<(), Failure> {
        if pipe.commands.is_empty() {
            return Err(self.fail(format!("missing value for {context}")));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            if let Some(Expr::Bool(..) | Expr::Dot(_) | Expr::Nil(_) | Expr::Number(_) | Expr::String(_)) =
                command.args.first()
            {
                return Err(self.fail(format!("non executable command in pipeline stage {}", index + 1)));
            }
        }
        Ok(())
    }

    /// Operands separated by spaces, up to a `|` (read) or a closing delimiter (left).
    fn command(&mut self) -> Result<Command, Failure> {
        let pos = position(self.peek_non_space().pos);
        let mut args = Vec::new();
        loop {
            self.peek_non_space();
            args.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return Err(self.unexpected(token, "operand")),
            }
            break;
        }
        if args.is_empty() {
            return Err(self.fail("empty command"));
        }
        // A vector begins with room for four; most commands have fewer words, and there are tens of thousands.
        args.shrink_to_fit();
        Ok(Command { pos, args })
    }

    /// A term and the fields behind it; `None` when what comes is no operand.
    fn operand(&mut self) -> Result<Option<Expr>, Failure> {
        let Some(term) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(term));
        }
        let mut fields = Vec::new();
        while self.peek().kind == Kind::Field {
            let token = self.next();
            fields.push(field_name(token));
        }
        self.with_fields(term, position(first.pos), fields).map(Some)
    }

    /// Fields and variables take further fields themselves, literals take none.
    fn with_fields(&self, term: Expr, pos: u32, fields: Vec<Box<str>>) -> Result<Expr, Failure> {
        Ok(match term {
            Expr::Field(field) => {
                let names = field.names.into_iter().chain(fields).collect();
                Expr::Field(Field { pos, names })
            }
            Expr::Variable(variable) => {
                let fields = variable.fields.into_iter().chain(fields).collect();
                Expr::Variable(Variable { pos, fields, ..variable })
            }
            Expr::Bool(..) | Expr::String(_) | Expr::Number(_) | Expr::Nil(_) | Expr::Dot(_) => {
                let mut text = String::new();
                let _ = crate::template::ast::Show::show(&term, &self.source.text, &mut text);
                return Err(self.fail(format!("unexpected . after term {}", quote(text.as_bytes()))));
            }
            base => Expr::Chain(Box::new(Chain { pos, base, fields: fields.into() })),
        })
    }

    fn term(&mut self) -> Result<Option<Expr>, Failure> {
        let token = self.next_non_space();
        let pos = position(token.pos);
        Ok(Some(match token.kind {
            Kind::Identifier => self.function(token)?,
            Kind::Dot => Expr::Dot(pos),
            Kind::Nil => Expr::Nil(pos),
            Kind::Variable => self.used_variable(token)?,
            Kind::Field => Expr::Field(Field { pos, names: Box::new([field_name(token)]) }),
            Kind::Bool => Expr::Bool(pos, token.text == b"true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                let number = super::number::number(pos, token).map_err(|text| self.fail(text))?;
                Expr::Number(Box::new(number))
            }
            Kind::LeftParen => {
                self.enter()?;
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.leave();
                Expr::Pipe(Box::new(pipe))
            }
            Kind::String | Kind::RawString => {
                let literal = Text { from: pos, to: position(token.pos + token.text.len()) };
                Expr::String(StringLiteral { pos, literal, text: self.unquote(token)? })
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        }))
    }

    fn function(&self, token: Token<'s>) -> Result<Expr, Failure> {
        let name = String::from_utf8_lossy(token.text);
        match (self.functions)(&name) {
            Some(callee) => {
                Ok(Expr::Function(Function { pos: position(token.pos), name: name.into(), callee }))
            }
            None => Err(self.fail(format!("function {} not defined", quote(token.text)))),
        }
    }

    fn used_variable(&mut self, token: Token<'s>) -> Result<Expr, Failure> {
        let variable = self.variable(token);
        if self.state.variables.contains(&variable.id) {
            return Ok(Expr::Variable(variable));
        }
        Err(self.fail(format!("undefined variable {}", quote(variable.name.as_bytes()))))
    }

    fn variable(&mut self, token: Token<'s>) -> Variable {
        let name = String::from_utf8_lossy(token.text);
        let id = self.variable_id(&name);
        Variable { pos: position(token.pos), id, name: name.into(), fields: Box::default() }
    }
}

/// The name in a field token, which is one point and one name.
fn field_name(token: Token<'_>) -> Box<str> {
    String::from_utf8_lossy(token.text.strip_prefix(b".").unwrap_or(token.text)).into()
}
