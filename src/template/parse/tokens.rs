//! The look-ahead of the parser and the errors that name a token.

use super::{Failure, MAX_TOKENS, Parser};
use crate::template::quote::unquote;
use crate::template::token::{Kind, Token};
use crate::template::value::Str;

impl<'s> Parser<'s> {
    pub(super) fn next(&mut self) -> Token<'s> {
        if self.state.peeked > 0 {
            self.state.peeked -= 1;
        } else {
            self.state.tokens[0] = self.read_token();
        }
        self.state.tokens[self.state.peeked]
    }

    /// The next token of the text, or an error once there were too many.
    fn read_token(&mut self) -> Token<'s> {
        match self.tokens_left.checked_sub(1) {
            Some(left) => {
                self.tokens_left = left;
                self.lexer.next_token()
            }
            None => {
                self.lexer.error = format!("templates of more than {MAX_TOKENS} words; split the chart");
                Token { kind: Kind::Error, pos: 0, text: b"", line: self.state.tokens[0].line }
            }
        }
    }

    /// Puts the last token back.
    pub(super) fn backup(&mut self) {
        self.state.peeked += 1;
    }

    /// Puts two tokens back: `first`, and behind it the last.
    pub(super) fn backup2(&mut self, first: Token<'s>) {
        self.state.tokens[1] = first;
        self.state.peeked = 2;
    }

    /// Puts three tokens back.
    pub(super) fn backup3(&mut self, first: Token<'s>, second: Token<'s>) {
        self.state.tokens[1] = second;
        self.state.tokens[2] = first;
        self.state.peeked = 3;
    }

    pub(super) fn peek(&mut self) -> Token<'s> {
        if self.state.peeked == 0 {
            self.state.peeked = 1;
            self.state.tokens[0] = self.read_token();
        }
        self.state.tokens[self.state.peeked - 1]
    }

    pub(super) fn next_non_space(&mut self) -> Token<'s> {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Token<'s> {
        let token = self.next_non_space();
        self.backup();
        token
    }

    pub(super) fn expect(&mut self, kind: Kind, context: &str) -> Result<Token<'s>, Failure> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(token, context)) }
    }

    /// The text of a string token.
    pub(super) fn unquote(&self, token: Token<'s>) -> Result<Str, Failure> {
        match unquote(token.text) {
            Some(text) => Ok(text.into()),
            None => Err(self.fail("invalid syntax")),
        }
    }

    /// An error at the line of the newest token.
    pub(super) fn fail(&self, message: impl AsRef<str>) -> Failure {
        let name = self.source.name.to_text();
        Failure(format!("template: {name}:{}: {}", self.state.tokens[0].line, message.as_ref()))
    }

    /// The error about a token that does not belong where it is.
    pub(super) fn unexpected(&self, token: Token<'s>, context: &str) -> Failure {
        let shown = token.show(&self.lexer.error);
        if token.kind != Kind::Error {
            return self.fail(format!("unexpected {shown} in {context}"));
        }
        let line = self.state.action_line;
        if line == 0 || line == token.line {
            return self.fail(shown);
        }
        // "unclosed action started at", not "unclosed action in action started at".
        let joint = if shown.ends_with(" action") { "" } else { " in action" };
        self.fail(format!("{shown}{joint} started at {}:{line}", self.source.name.to_text()))
    }
}
