//! Tokens to trees (Go's `parse/parse.go`), with the same error texts.

mod control;
mod number;
mod pipeline;
mod tokens;

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::{Block, Callee, Node, Pos, Source, Tree};
use super::error::Error;
use super::lex::Lexer;
use super::token::{Kind, Token};
use super::value::Str;

/// Blocks, parentheses and `else if`s inside each other. Go allows 10,000 parentheses and any number of
/// blocks; no public chart nests 60. Keeps the parser inside a 2 MiB stack, also in a debug build.
const MAX_NESTING: usize = 250;

/// Tokens of all templates of a chart, and once more of all texts that a render gives to `tpl`. The largest public charts have about 200,000; a tree takes some 60 bytes for each.
pub(super) const MAX_TOKENS: usize = 1_000_000;

/// What a parse needs to know of function names: what to call, if there is such a function.
pub(super) type Functions<'f> = &'f dyn Fn(&str) -> Option<Callee>;

/// Parses a file: a tree for each `define` and `block`, and one for the file itself, by name in no order.
///
/// `tokens_left` is how many tokens there may be, and afterwards how many more.
///
/// # Errors
/// Go's text, `template: NAME:LINE: …`; `exec` is false.
pub(super) fn parse(
    name: &Str,
    text: &[u8],
    functions: Functions<'_>,
    tokens_left: &mut usize,
) -> Result<Vec<Tree>, Error> {
    let source = Arc::new(Source { name: name.clone(), text: text.into() });
    let fail = |text| Error::new(text, false);
    if Pos::try_from(text.len()).is_err() {
        return Err(fail(format!("template: {}:1: text is larger than 4 GiB", name.to_text())));
    }
    let text = source.text.clone();
    let mut parser = Parser::new(&text, source, functions, *tokens_left);
    parser.file(name).map_err(|Failure(text)| fail(text))?;
    *tokens_left = parser.tokens_left;
    Ok(parser.trees)
}

/// The text of a parse error.
struct Failure(String);

struct Parser<'s> {
    source: Arc<Source>,
    lexer: Lexer<'s>,
    functions: Functions<'s>,
    /// Finished trees, and where each name is among them.
    trees: Vec<Tree>,
    tree_places: HashMap<Str, usize>,
    /// Numbers that stand for variable names.
    variable_ids: HashMap<Box<str>, u32>,
    nesting: usize,
    tokens_left: usize,
    /// The tree that is being parsed.
    state: State<'s>,
}

/// What each tree of a file has for itself.
struct State<'s> {
    /// Look-ahead; the first is the newest token read, which error messages take their line from.
    tokens: [Token<'s>; 3],
    peeked: usize,
    /// Variables defined at the moment.
    variables: Vec<u32>,
    /// Line of the `{{` that started the current action, or 0.
    action_line: usize,
    ranges: usize,
}

impl State<'_> {
    fn new() -> Self {
        let none = Token { kind: Kind::Error, pos: 0, text: b"", line: 0 };
        State { tokens: [none; 3], peeked: 0, variables: vec![DOLLAR], action_line: 0, ranges: 0 }
    }
}

/// The number of the variable `$`.
pub(super) const DOLLAR: u32 = 0;

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    End,
    Else,
}

impl End {
    fn show(self) -> &'static str {
        match self {
            End::End => "{{end}}",
            End::Else => "{{else}}",
        }
    }
}

/// A node, or the end of the list it stands in.
enum Item {
    Node(Node),
    End(End),
}

impl<'s> Parser<'s> {
    fn new(text: &'s [u8], source: Arc<Source>, functions: Functions<'s>, tokens_left: usize) -> Self {
        let mut lexer = Lexer::new(text);
        lexer.break_ok = functions("break").is_none();
        lexer.continue_ok = functions("continue").is_none();
        Parser {
            source,
            lexer,
            functions,
            trees: Vec::new(),
            tree_places: HashMap::new(),
            variable_ids: HashMap::from([("$".into(), DOLLAR)]),
            nesting: 0,
            tokens_left,
            state: State::new(),
        }
    }

    /// The whole text: nodes and `define`s up to its end.
    fn file(&mut self, name: &Str) -> Result<(), Failure> {
        let mut nodes = Vec::new();
        while self.peek().kind != Kind::Eof {
            if self.peek().kind == Kind::LeftDelim {
                let delim = self.next();
                if self.next_non_space().kind == Kind::Define {
                    self.in_new_tree(Self::definition)?;
                    continue;
                }
                self.backup2(delim);
            }
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
                Item::End(end) => return Err(self.fail(format!("unexpected {}", end.show()))),
            }
        }
        self.add(name.clone(), Block { nodes })
    }

    /// Parses something with a fresh look-ahead and its own variables.
    fn in_new_tree<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let outer = std::mem::replace(&mut self.state, State::new());
        let parsed = parse(self)?;
        self.state = outer;
        Ok(parsed)
    }

    /// `{{define "name"}} … {{end}}`, the keyword already read.
    fn definition(&mut self) -> Result<(), Failure> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return Err(self.unexpected(token, CONTEXT));
        }
        let name = self.unquote(token)?;
        self.expect(Kind::RightDelim, CONTEXT)?;
        let (body, end) = self.list()?;
        if end != End::End {
            return Err(self.fail(format!("unexpected {} in {CONTEXT}", end.show())));
        }
        self.add(name, body)
    }

    /// Nodes up to an `{{end}}` or `{{else}}`.
    fn list(&mut self) -> Result<(Block, End), Failure> {
        let mut nodes = Vec::new();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
                Item::End(end) => return Ok((Block { nodes }, end)),
            }
        }
        Err(self.fail("unexpected EOF"))
    }

    /// Adds a finished tree. Within one file a name has one definition that is not blank.
    fn add(&mut self, name: Str, root: Block) -> Result<(), Failure> {
        let tree = Tree { name, source: self.source.clone(), root };
        match self.tree_places.get(&tree.name).copied() {
            None => {
                self.tree_places.insert(tree.name.clone(), self.trees.len());
                self.trees.push(tree);
            }
            Some(index) if self.trees[index].is_blank() => self.trees[index] = tree,
            Some(_) if tree.is_blank() => {}
            Some(_) => {
                let text =
                    format!("template: multiple definition of template {}", super::quote::quote(&tree.name));
                return Err(self.fail(text));
            }
        }
        Ok(())
    }

    /// Goes one level deeper; [`Parser::leave`] undoes it.
    fn enter(&mut self) -> Result<(), Failure> {
        if self.nesting >= MAX_NESTING {
            return Err(self.fail("max expression depth exceeded"));
        }
        self.nesting += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.nesting -= 1;
    }

    fn variable_id(&mut self, name: &str) -> u32 {
        let next = u32::try_from(self.variable_ids.len()).unwrap_or(u32::MAX);
        *self.variable_ids.entry(name.into()).or_insert(next)
    }
}

/// A position that is known to fit: [`parse`] refuses larger texts.
fn position(offset: usize) -> Pos {
    Pos::try_from(offset).unwrap_or(Pos::MAX)
}
