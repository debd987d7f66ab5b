//! The tokens of a template, and how parse errors show them.

use super::quote::{decode_rune, quote};

/// What a token is; the order matters in one place only: keywords come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Error,
    Bool,
    /// A printable ASCII character with no meaning of its own, such as a comma.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Kind {
    fn is_keyword(self) -> bool {
        self >= Kind::Block
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'s> {
    pub kind: Kind,
    pub pos: usize,
    /// Empty for an error; its text is kept by the lexer.
    pub text: &'s [u8],
    pub line: usize,
}

impl Token<'_> {
    /// As parse errors show it: `"text"`, `<end>`, `EOF` (`item.String` in Go); `error` is the lexer's.
    pub fn show(&self, error: &str) -> String {
        match self.kind {
            Kind::Eof => "EOF".into(),
            Kind::Error => error.into(),
            kind if kind.is_keyword() => format!("<{}>", String::from_utf8_lossy(self.text)),
            _ if self.text.len() > 10 => {
                let mut end = 0;
                for _ in 0..10 {
                    end += decode_rune(&self.text[end..]).map_or(0, |(_, width)| width);
                }
                format!("{}...", quote(&self.text[..end]))
            }
            _ => quote(self.text),
        }
    }
}
