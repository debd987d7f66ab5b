//! Nodes to template text, as error messages show them (`String` in Go's `parse/node.go`).

use std::fmt::{self, Write};

use super::{
    Action, Block, Branch, BranchKind, Call, Chain, Command, Expr, Field, Function, Node, Number, Pipe, Text,
    Variable,
};
use crate::template::quote::quote;

/// Prints itself as template text; `source` is the text of the file.
pub trait Show {
    fn show(&self, source: &[u8], out: &mut String) -> fmt::Result;
}

impl Show for Block {
    fn show(&self, source: &[u8], out: &mut String) -> fmt::Result {
        self.nodes.iter().try_for_each(|node| node.show(source, out))
    }
}

impl Show for Node {
    fn show(&self, source: &[u8], out: &mut String) -> fmt::Result {
        match self {
            Node::Text(text) => text.show(source, out),
            Node::Action(action) => action.show(source, out),
            Node::Branch(branch) => branch.show(source, out),
            Node::Template(call) => call.show(source, out),
            Node::Break => out.write_str("{{break}}"),
            Node::Continue => out.write_str("{{continue}}"),
        }
    }
}

impl Show for Text {
    fn show(&self, source: &[u8], out: &mut String) -> fmt::Result {
        out.write_str(&String::from_utf8_lossy(self.of(source)))
    }
}

impl Show for Action {
    fn show(&self, source: &[u8], out: &mut String) -> fmt::Result {
        out.write_str("{{")?;
        self.pipe.show(source, out)?;
        out.write_str("}}")
    }
}

impl Show for Branch {
    fn show(&self, source: &[u8], out: &mut String) -> fmt::Result {
        out.write_str(match self.kind {
            BranchKind::If => "{{if ",
            BranchKind::With => "{{with ",
            BranchKind::Range => "{{range ",
        })?;
        self.pipe.show(source, out)?;
        out.write_str("}}")?;
        self.body.show(source, out)?;
        if let Some(otherwise) = &self.otherwise {
            out.write_str("{{else}}")?;
            otherwise.show(source, out)?;
        }
        out.write_str("{{end}}")
    }
}

impl Show for Call {
    fn show(&self, source: &[u8], out: &mut String) -> fmt::Result {
        write!(out, "{{{{template {}", quote(&self.name))?;
        if let Some(pipe) = &self.pipe {
            out.write_char(' ')?;
            pipe.show(source, out)?;
        }
        out.write_str("}}")
    }
}

impl Show for Pipe {
    fn show(&self, source: &[u8], out: &mut String) -> fmt::Result {
        for (index, variable) in self.variables.iter().enumerate() {
            if index > 0 {
                out.write_str(", ")?;
            }
            variable.show(source, out)?;
        }
        if !self.variables.is_empty() {
            out.write_str(if self.assign { " = " } else { " := " })?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            if index > 0 {
                out.write_str(" | ")?;
            }
            command.show(source, out)?;
        }
        Ok(())
    }
}

impl Show for Command {
    fn show(&self, source: &[u8], out: &mut String) -> fmt::Result {
        for (index, arg) in self.args.iter().enumerate() {
            if index > 0 {
                out.write_char(' ')?;
            }
            show_in_parens(arg, source, out)?;
        }
        Ok(())
    }
}

fn show_in_parens(expr: &Expr, source: &[u8], out: &mut String) -> fmt::Result {
    if !matches!(expr, Expr::Pipe(_)) {
        return expr.show(source, out);
    }
    out.write_char('(')?;
    expr.show(source, out)?;
    out.write_char(')')
}

impl Show for Expr {
    fn show(&self, source: &[u8], out: &mut String) -> fmt::Result {
        match self {
            Expr::Bool(_, value) => write!(out, "{value}"),
            Expr::Dot(_) => out.write_char('.'),
            Expr::Nil(_) => out.write_str("nil"),
            Expr::Number(number) => out.write_str(&number.text),
            Expr::String(literal) => literal.literal.show(source, out),
            Expr::Field(field) => show_fields(&field.names, out),
            Expr::Variable(variable) => variable.show(source, out),
            Expr::Chain(chain) => chain.show(source, out),
            Expr::Function(function) => out.write_str(&function.name),
            Expr::Pipe(pipe) => pipe.show(source, out),
        }
    }
}

impl Show for Variable {
    fn show(&self, _: &[u8], out: &mut String) -> fmt::Result {
        out.write_str(&self.name)?;
        show_fields(&self.fields, out)
    }
}

impl Show for Chain {
    fn show(&self, source: &[u8], out: &mut String) -> fmt::Result {
        show_in_parens(&self.base, source, out)?;
        show_fields(&self.fields, out)
    }
}

fn show_fields(names: &[Box<str>], out: &mut String) -> fmt::Result {
    names.iter().try_for_each(|name| write!(out, ".{name}"))
}

impl Show for Field {
    fn show(&self, _: &[u8], out: &mut String) -> fmt::Result {
        show_fields(&self.names, out)
    }
}

impl Show for Function {
    fn show(&self, _: &[u8], out: &mut String) -> fmt::Result {
        out.write_str(&self.name)
    }
}

impl Show for Number {
    fn show(&self, _: &[u8], out: &mut String) -> fmt::Result {
        out.write_str(&self.text)
    }
}
