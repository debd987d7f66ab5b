//! Text and actions: `if`, `with`, `range`, `template`, `block` and their like.

use super::{End, Failure, Item, Parser, position};
use crate::template::ast::{Action, Block, Branch, BranchKind, Call, Node, Text};
use crate::template::lex::{Kind, Token};
use crate::template::value::Str;

impl<'s> Parser<'s> {
    pub(super) fn text_or_action(&mut self) -> Result<Item, Failure> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => {
                let from = position(token.pos);
                Ok(Item::Node(Node::Text(Text { from, to: position(token.pos + token.text.len()) })))
            }
            Kind::LeftDelim => {
                self.state.action_line = token.line;
                let item = self.action()?;
                self.state.action_line = 0;
                Ok(item)
            }
            _ => Err(self.unexpected(token, "input")),
        }
    }

    /// What stands in `{{ }}`; the left delimiter is read.
    fn action(&mut self) -> Result<Item, Failure> {
        let token = self.next_non_space();
        let node = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break => {
                self.loop_control("{{break}}")?;
                Node::Break
            }
            Kind::Continue => {
                self.loop_control("{{continue}}")?;
                Node::Continue
            }
            Kind::Else => return self.otherwise().map(Item::End),
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::End(End::End));
            }
            Kind::If => Node::Branch(self.branch(BranchKind::If)?),
            Kind::Range => Node::Branch(self.branch(BranchKind::Range)?),
            Kind::Template => self.template()?,
            Kind::With => Node::Branch(self.branch(BranchKind::With)?),
            _ => {
                self.backup();
                let pos = position(self.peek().pos);
                // Variables live on until the next end.
                Node::Action(Action { pos, pipe: self.pipeline("command", Kind::RightDelim)? })
            }
        };
        Ok(Item::Node(node))
    }

    /// The rest of `{{break}}` or `{{continue}}`.
    fn loop_control(&mut self, shown: &str) -> Result<(), Failure> {
        let token = self.next_non_space();
        if token.kind != Kind::RightDelim {
            return Err(self.unexpected(token, shown));
        }
        if self.state.ranges == 0 {
            return Err(self.fail(format!("{shown} outside {{{{range}}}}")));
        }
        Ok(())
    }

    /// The rest of `{{else}}`; before an `if` or `with` it ends here and leaves the keyword to come.
    fn otherwise(&mut self) -> Result<End, Failure> {
        if !matches!(self.peek_non_space().kind, Kind::If | Kind::With) {
            self.expect(Kind::RightDelim, "else")?;
        }
        Ok(End::Else)
    }

    /// `if`, `with` or `range` up to its end; the keyword is read.
    fn branch(&mut self, kind: BranchKind) -> Result<Box<Branch>, Failure> {
        self.enter()?;
        let variables = self.state.variables.len();
        let branch = self.branch_parts(kind);
        self.state.variables.truncate(variables);
        self.leave();
        branch
    }

    fn branch_parts(&mut self, kind: BranchKind) -> Result<Box<Branch>, Failure> {
        let context = match kind {
            BranchKind::If => "if",
            BranchKind::With => "with",
            BranchKind::Range => "range",
        };
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let looping = usize::from(kind == BranchKind::Range);
        self.state.ranges += looping;
        let (body, end) = self.list()?;
        self.state.ranges -= looping;
        let otherwise = match end {
            End::End => None,
            End::Else => Some(self.else_part(kind)?),
        };
        Ok(Box::new(Branch { kind, pos: pipe.pos, pipe, body, otherwise }))
    }

    /// What follows `{{else`: an `if` after if and a `with` after with share the end with it.
    fn else_part(&mut self, kind: BranchKind) -> Result<Block, Failure> {
        let chained = match kind {
            BranchKind::If => Some(Kind::If),
            BranchKind::With => Some(Kind::With),
            BranchKind::Range => None,
        };
        if chained == Some(self.peek().kind) {
            self.next();
            let branch = self.branch(kind)?;
            return Ok(Block { nodes: vec![Node::Branch(branch)] });
        }
        let (block, end) = self.list()?;
        if end != End::End {
            return Err(self.fail(format!("expected end; found {}", end.show())));
        }
        Ok(block)
    }

    /// `{{block "name" pipeline}} … {{end}}`: a definition and a call of it.
    fn block(&mut self) -> Result<Node, Failure> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        self.enter()?;
        let definition = name.clone();
        let end = self.in_new_tree(|parser| {
            let (body, end) = parser.list()?;
            if end == End::End {
                parser.add(definition, body)?;
            }
            Ok(end)
        })?;
        self.leave();
        if end != End::End {
            return Err(self.fail(format!("unexpected {} in {CONTEXT}", end.show())));
        }
        Ok(Node::Template(Box::new(Call { pos: position(token.pos), name, pipe: Some(pipe) })))
    }

    /// `{{template "name" pipeline}}`, the keyword read.
    fn template(&mut self) -> Result<Node, Failure> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.backup();
            // Variables live on until the next end.
            pipe = Some(self.pipeline(CONTEXT, Kind::RightDelim)?);
        }
        Ok(Node::Template(Box::new(Call { pos: position(token.pos), name, pipe })))
    }

    fn template_name(&mut self, token: Token<'s>, context: &str) -> Result<Str, Failure> {
        match token.kind {
            Kind::String | Kind::RawString => self.unquote(token),
            _ => Err(self.unexpected(token, context)),
        }
    }
}
