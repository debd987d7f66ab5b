//! The parsed form of a template, and how it prints in error messages (`String` in Go's `parse/node.go`).

use std::fmt::{self, Display, Formatter, Write};
use std::sync::Arc;

use super::builtins::Builtin;
use super::quote::quote;
use super::value::Str;

/// A byte offset into the text of a file.
pub(super) type Pos = u32;

/// One parsed template; shared between threads, never changed.
#[derive(Debug)]
pub struct Tree {
    pub(super) name: Str,
    pub(super) source: Arc<Source>,
    pub(super) root: Block,
}

/// The file that trees were parsed from: what error positions refer to.
#[derive(Debug)]
pub(super) struct Source {
    pub name: Str,
    pub text: Arc<[u8]>,
}

impl Tree {
    /// The name that `template` and `include` call it by.
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// Whether the body is nothing but white space and comments (`parse.IsEmptyTree`).
    pub(super) fn is_blank(&self) -> bool {
        self.root.nodes.iter().all(|node| match node {
            Node::Text(text) => is_space(text.of(&self.source.text)),
            _ => false,
        })
    }

    /// `file:line:column` of a position; the column counts bytes from 0.
    pub(super) fn location(&self, pos: Pos) -> String {
        let text = &self.source.text;
        let before = text.get(..pos as usize).unwrap_or(text);
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count();
        format!("{}:{line}:{column}", self.source.name.to_text())
    }

    pub(super) fn show(&self, item: &dyn Show) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = item.show(&self.source.text, &mut text);
        text
    }
}

impl Display for Tree {
    /// The template as text again; `define`d templates are trees of their own.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show(&self.root))
    }
}

fn is_space(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.chars().all(char::is_whitespace))
}

/// Nodes in the order of the text.
#[derive(Debug)]
pub(super) struct Block {
    pub nodes: Vec<Node>,
}

#[derive(Debug)]
pub(super) enum Node {
    Text(Text),
    Action(Action),
    Branch(Box<Branch>),
    Template(Box<Call>),
    Break,
    Continue,
}

/// Plain text: a range of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub from: Pos,
    pub to: Pos,
}

impl Text {
    pub fn of<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(self.from as usize..self.to as usize).unwrap_or_default()
    }
}

/// `{{pipeline}}`
#[derive(Debug)]
pub(super) struct Action {
    pub pos: Pos,
    pub pipe: Pipe,
}

/// `if`, `with` or `range`.
#[derive(Debug)]
pub(super) struct Branch {
    pub kind: BranchKind,
    pub pos: Pos,
    pub pipe: Pipe,
    pub body: Block,
    pub otherwise: Option<Block>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BranchKind {
    If,
    With,
    Range,
}

/// `{{template "name" pipeline}}`
#[derive(Debug)]
pub(super) struct Call {
    pub pos: Pos,
    pub name: Str,
    pub pipe: Option<Pipe>,
}

/// Commands joined by `|`, and the variables that get the result.
#[derive(Debug)]
pub(super) struct Pipe {
    pub pos: Pos,
    /// `=` instead of `:=`.
    pub assign: bool,
    pub variables: Vec<Variable>,
    pub commands: Vec<Command>,
}

/// A function, field or value and its arguments.
#[derive(Debug)]
pub(super) struct Command {
    pub pos: Pos,
    /// The first is what is called; never empty.
    pub args: Vec<Expr>,
}

#[derive(Debug)]
pub(super) enum Expr {
    Bool(Pos, bool),
    Dot(Pos),
    Nil(Pos),
    Number(Box<Number>),
    String(StringLiteral),
    Field(Field),
    Variable(Variable),
    Chain(Box<Chain>),
    Function(Function),
    Pipe(Box<Pipe>),
}

/// A number under every type that can hold it (Go's ideal constants).
#[derive(Debug)]
pub(super) struct Number {
    pub pos: Pos,
    pub text: Box<str>,
    pub int: Option<i64>,
    pub uint: Option<u64>,
    pub float: Option<f64>,
    pub ideal: Ideal,
}

/// What a number is where nothing says which type is wanted (`idealConstant` in Go's exec.go).
#[derive(Clone, Copy, Debug)]
pub(super) enum Ideal {
    Int(i64),
    Float(f64),
    /// Only an unsigned integer could hold it.
    Overflow,
}

#[derive(Debug)]
pub(super) struct StringLiteral {
    pub pos: Pos,
    /// As written, quotes included: a range of the file.
    pub literal: Text,
    pub text: Str,
}

/// `.a.b`
#[derive(Debug)]
pub(super) struct Field {
    pub pos: Pos,
    /// Never empty.
    pub names: Box<[Box<str>]>,
}

/// `$x.a.b`
#[derive(Debug)]
pub(super) struct Variable {
    pub pos: Pos,
    /// Stands for the name within one file, so that execution compares numbers.
    pub id: u32,
    /// With the dollar sign.
    pub name: Box<str>,
    pub fields: Box<[Box<str>]>,
}

/// `(pipeline).a.b`
#[derive(Debug)]
pub(super) struct Chain {
    pub pos: Pos,
    pub base: Expr,
    /// Never empty.
    pub fields: Box<[Box<str>]>,
}

#[derive(Debug)]
pub(super) struct Function {
    pub pos: Pos,
    pub name: Box<str>,
    pub callee: Callee,
}

/// What a function name was resolved to when the template was parsed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Callee {
    Builtin(&'static Builtin),
    /// Place in the table of host functions.
    Host(usize),
}

impl Expr {
    pub fn pos(&self) -> Pos {
        match self {
            Expr::Bool(pos, _) | Expr::Dot(pos) | Expr::Nil(pos) => *pos,
            Expr::Number(number) => number.pos,
            Expr::String(literal) => literal.pos,
            Expr::Field(field) => field.pos,
            Expr::Variable(variable) => variable.pos,
            Expr::Chain(chain) => chain.pos,
            Expr::Function(function) => function.pos,
            Expr::Pipe(pipe) => pipe.pos,
        }
    }
}

/// Prints itself as template text; `source` is the text of the file.
pub(super) trait Show {
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
