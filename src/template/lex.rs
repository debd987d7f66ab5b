//! Template text to tokens (Go's `parse/lex.go`).

use super::quote::{Rune, decode_rune, quote};
use super::unicode::{is_digit, is_letter, is_print};

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
    /// Empty for an error; its text is [`Lexer::error`].
    pub text: &'s [u8],
    pub line: usize,
}

pub(super) struct Lexer<'s> {
    input: &'s [u8],
    /// The next byte to read.
    pos: usize,
    /// Where the current token starts.
    start: usize,
    parens: usize,
    line: usize,
    start_line: usize,
    inside_action: bool,
    /// Whether `break` and `continue` are keywords: not when functions of these names exist.
    pub break_ok: bool,
    pub continue_ok: bool,
    /// The text of the error token, once there is one.
    pub error: String,
}

/// What a state function hands to the next: a token for the parser, or another state.
enum Step<'s> {
    Token(Token<'s>),
    Text,
    LeftDelim,
    Comment,
    RightDelim,
    InsideAction,
}

const LEFT: &[u8] = b"{{";
const RIGHT: &[u8] = b"}}";
const LEFT_COMMENT: &[u8] = b"/*";
const RIGHT_COMMENT: &[u8] = b"*/";
/// The minus and the space beside it.
const TRIM_MARKER: usize = 2;

impl<'s> Lexer<'s> {
    pub fn new(input: &'s [u8]) -> Self {
        Lexer {
            input,
            pos: 0,
            start: 0,
            parens: 0,
            line: 1,
            start_line: 1,
            inside_action: false,
            break_ok: true,
            continue_ok: true,
            error: String::new(),
        }
    }

    /// The next token. After an error or the end: errors or ends without end.
    pub fn next_token(&mut self) -> Token<'s> {
        let mut step = if self.inside_action { Step::InsideAction } else { Step::Text };
        loop {
            step = match step {
                Step::Token(token) => return token,
                Step::Text => self.text(),
                Step::LeftDelim => self.left_delim(),
                Step::Comment => self.comment(),
                Step::RightDelim => self.right_delim(),
                Step::InsideAction => self.inside_action(),
            };
        }
    }

    fn rest(&self) -> &'s [u8] {
        self.input.get(self.pos..).unwrap_or_default()
    }

    /// Reads a character; a byte that is not UTF-8 reads as U+FFFD.
    fn next(&mut self) -> Option<char> {
        let Some((rune, width)) = decode_rune(self.rest()) else {
            return None;
        };
        self.pos += width;
        let char = match rune {
            Rune::Char(char) => char,
            Rune::Byte(_) => char::REPLACEMENT_CHARACTER,
        };
        self.line += usize::from(char == '\n');
        Some(char)
    }

    fn peek(&self) -> Option<char> {
        decode_rune(self.rest()).map(|(rune, _)| match rune {
            Rune::Char(char) => char,
            Rune::Byte(_) => char::REPLACEMENT_CHARACTER,
        })
    }

    /// Reads on while characters fit.
    fn skip_while(&mut self, fits: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&fits) {
            self.next();
        }
    }

    fn accept(&mut self, fits: impl Fn(char) -> bool) -> bool {
        let found = self.peek().is_some_and(fits);
        if found {
            self.next();
        }
        found
    }

    fn token(&mut self, kind: Kind) -> Token<'s> {
        let text = self.input.get(self.start..self.pos).unwrap_or_default();
        let token = Token { kind, pos: self.start, text, line: self.start_line };
        self.start = self.pos;
        self.start_line = self.line;
        token
    }

    fn emit(&mut self, kind: Kind) -> Step<'s> {
        Step::Token(self.token(kind))
    }

    /// Drops what was passed over without [`Lexer::next`], counting its lines.
    fn ignore(&mut self) {
        self.count_lines();
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn count_lines(&mut self) {
        let text = self.input.get(self.start..self.pos).unwrap_or_default();
        self.line += text.iter().filter(|&&byte| byte == b'\n').count();
    }

    /// Emits an error; the input counts as read.
    fn fail(&mut self, message: impl Into<String>) -> Step<'s> {
        let token = Token { kind: Kind::Error, pos: self.start, text: b"", line: self.start_line };
        self.error = message.into();
        self.start = 0;
        self.pos = 0;
        self.input = b"";
        Step::Token(token)
    }

    /// Plain text up to the next `{{`.
    fn text(&mut self) -> Step<'s> {
        let Some(length) = find(self.rest(), LEFT) else {
            self.pos = self.input.len();
            if self.pos > self.start {
                self.count_lines();
                return self.emit(Kind::Text);
            }
            return self.emit(Kind::Eof);
        };
        if length > 0 {
            self.pos += length;
            let behind = self.input.get(self.pos + LEFT.len()..).unwrap_or_default();
            let trimmed = if has_left_trim_marker(behind) {
                let text = self.input.get(self.start..self.pos).unwrap_or_default();
                text.iter().rev().take_while(|&&byte| is_space_byte(byte)).count()
            } else {
                0
            };
            self.pos -= trimmed;
            self.count_lines();
            let token = self.token(Kind::Text);
            self.pos += trimmed;
            self.ignore();
            if !token.text.is_empty() {
                return Step::Token(token);
            }
        }
        Step::LeftDelim
    }

    /// The `{{`, with its trim marker; the text before it is out already.
    fn left_delim(&mut self) -> Step<'s> {
        self.pos += LEFT.len();
        let marker = if has_left_trim_marker(self.rest()) { TRIM_MARKER } else { 0 };
        if self.rest().get(marker..).is_some_and(|rest| rest.starts_with(LEFT_COMMENT)) {
            self.pos += marker;
            self.ignore();
            return Step::Comment;
        }
        let token = self.token(Kind::LeftDelim);
        self.inside_action = true;
        self.pos += marker;
        self.ignore();
        self.parens = 0;
        Step::Token(token)
    }

    /// A comment and the `}}` that has to follow it.
    fn comment(&mut self) -> Step<'s> {
        self.pos += LEFT_COMMENT.len();
        let Some(length) = find(self.rest(), RIGHT_COMMENT) else {
            return self.fail("unclosed comment");
        };
        self.pos += length + RIGHT_COMMENT.len();
        let Some(trim) = self.at_right_delim() else {
            return self.fail("comment ends before closing delimiter");
        };
        self.ignore();
        self.pass_right_delim(trim);
        self.ignore();
        Step::Text
    }

    /// `Some(trim)` at a `}}`, possibly behind its trim marker.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim_marker(rest) && rest[TRIM_MARKER..].starts_with(RIGHT) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    /// Moves behind the `}}` and, if it trims, the space that follows.
    fn pass_right_delim(&mut self, trim: bool) {
        self.pos += RIGHT.len();
        if trim {
            self.pos += TRIM_MARKER;
            self.pos += self.rest().iter().take_while(|&&byte| is_space_byte(byte)).count();
        }
    }

    fn right_delim(&mut self) -> Step<'s> {
        let trim = self.at_right_delim() == Some(true);
        if trim {
            self.pos += TRIM_MARKER;
            self.ignore();
        }
        self.pos += RIGHT.len();
        let token = self.token(Kind::RightDelim);
        if trim {
            self.pos += self.rest().iter().take_while(|&&byte| is_space_byte(byte)).count();
            self.ignore();
        }
        self.inside_action = false;
        Step::Token(token)
    }

    /// One element of an action.
    fn inside_action(&mut self) -> Step<'s> {
        if self.at_right_delim().is_some() {
            if self.parens == 0 {
                return Step::RightDelim;
            }
            return self.fail("unclosed left paren");
        }
        let Some(char) = self.peek() else {
            return self.fail("unclosed action");
        };
        match char {
            ' ' | '\t' | '\r' | '\n' => return self.space(),
            '0'..='9' | '+' | '-' => return self.number(),
            _ if is_alphanumeric(char) => return self.identifier(),
            _ => {}
        }
        self.next();
        match char {
            '=' => self.emit(Kind::Assign),
            ':' if self.next() == Some('=') => self.emit(Kind::Declare),
            ':' => self.fail("expected :="),
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => self.raw_quoted(),
            '$' => self.field_or_variable(Kind::Variable),
            '.' if self.peek().is_some_and(|char| char.is_ascii_digit()) => {
                self.pos -= 1;
                self.number()
            }
            // At the end of the input Go reads a lone point as a number.
            '.' if self.rest().is_empty() => self.emit(Kind::Number),
            '.' => self.field_or_variable(Kind::Field),
            '(' => {
                self.parens += 1;
                self.emit(Kind::LeftParen)
            }
            ')' if self.parens == 0 => self.fail("unexpected right paren"),
            ')' => {
                self.parens -= 1;
                self.emit(Kind::RightParen)
            }
            ' '..='~' => self.emit(Kind::Char),
            _ => self.fail(format!("unrecognized character in action: {}", sharp_unicode(Some(char)))),
        }
    }

    /// A run of spaces, which may end in the trim marker of a `}}`.
    fn space(&mut self) -> Step<'s> {
        let mut count = 0;
        while self.peek().is_some_and(is_space) {
            self.next();
            count += 1;
        }
        let from_last = self.input.get(self.pos - 1..).unwrap_or_default();
        if has_right_trim_marker(from_last) && from_last[TRIM_MARKER..].starts_with(RIGHT) {
            self.pos -= 1;
            self.line -= usize::from(from_last.first() == Some(&b'\n'));
            if count == 1 {
                return Step::RightDelim;
            }
        }
        self.emit(Kind::Space)
    }

    fn identifier(&mut self) -> Step<'s> {
        self.skip_while(is_alphanumeric);
        if !self.at_terminator() {
            return self.bad_character();
        }
        let word = self.input.get(self.start..self.pos).unwrap_or_default();
        let kind = match word {
            b"block" => Kind::Block,
            b"break" if self.break_ok => Kind::Break,
            b"continue" if self.continue_ok => Kind::Continue,
            b"define" => Kind::Define,
            b"else" => Kind::Else,
            b"end" => Kind::End,
            b"if" => Kind::If,
            b"nil" => Kind::Nil,
            b"range" => Kind::Range,
            b"template" => Kind::Template,
            b"with" => Kind::With,
            b"true" | b"false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.emit(kind)
    }

    /// `.name` or `$name`; the first character is read.
    fn field_or_variable(&mut self, kind: Kind) -> Step<'s> {
        if self.at_terminator() {
            return self.emit(if kind == Kind::Field { Kind::Dot } else { kind });
        }
        self.skip_while(is_alphanumeric);
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind)
    }

    fn bad_character(&mut self) -> Step<'s> {
        let text = format!("bad character {}", sharp_unicode(self.peek()));
        self.fail(text)
    }

    /// Whether the next character may follow a name: `$x+2` is refused.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(RIGHT),
        }
    }

    /// A string or character constant up to its mark; what is inside is for the parser to check.
    fn quoted(&mut self, mark: char, kind: Kind, unterminated: &str) -> Step<'s> {
        loop {
            match self.next() {
                Some('\\') if !matches!(self.next(), None | Some('\n')) => {}
                None | Some('\\' | '\n') => return self.fail(unterminated),
                Some(char) if char == mark => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_quoted(&mut self) -> Step<'s> {
        loop {
            match self.next() {
                None => return self.fail("unterminated raw quoted string"),
                Some('`') => return self.emit(Kind::RawString),
                Some(_) => {}
            }
        }
    }

    /// A number, roughly: what is not one is found when it is converted.
    fn number(&mut self) -> Step<'s> {
        if !self.scan_number() {
            return self.bad_number();
        }
        if !matches!(self.peek(), Some('+' | '-')) {
            return self.emit(Kind::Number);
        }
        // A sum is a complex constant: 1+2i.
        if !self.scan_number() || self.input.get(self.pos - 1) != Some(&b'i') {
            return self.bad_number();
        }
        self.emit(Kind::Complex)
    }

    fn bad_number(&mut self) -> Step<'s> {
        let text = quote(self.input.get(self.start..self.pos).unwrap_or_default());
        self.fail(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept(|char| matches!(char, '+' | '-'));
        let mut radix = 10;
        if self.accept(|char| char == '0') {
            if self.accept(|char| matches!(char, 'x' | 'X')) {
                radix = 16;
            } else if self.accept(|char| matches!(char, 'o' | 'O')) {
                radix = 8;
            } else if self.accept(|char| matches!(char, 'b' | 'B')) {
                radix = 2;
            }
        }
        let digit = |char: char| char == '_' || char.is_digit(radix);
        self.skip_while(digit);
        if self.accept(|char| char == '.') {
            self.skip_while(digit);
        }
        let exponent = match radix {
            10 => self.accept(|char| matches!(char, 'e' | 'E')),
            16 => self.accept(|char| matches!(char, 'p' | 'P')),
            _ => false,
        };
        if exponent {
            self.accept(|char| matches!(char, '+' | '-'));
            self.skip_while(|char| char == '_' || char.is_ascii_digit());
        }
        self.accept(|char| char == 'i');
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
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

/// `%#U`: `U+0041 'A'`; the end of the input is -1 in Go.
fn sharp_unicode(char: Option<char>) -> String {
    match char {
        None => "U+FFFFFFFFFFFFFFFF".into(),
        Some(char) if is_print(char) => format!("U+{:04X} '{char}'", u32::from(char)),
        Some(char) => format!("U+{:04X}", u32::from(char)),
    }
}

fn is_alphanumeric(char: char) -> bool {
    char == '_' || char.is_ascii_alphanumeric() || !char.is_ascii() && (is_letter(char) || is_digit(char))
}

fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n')
}

fn is_space_byte(byte: u8) -> bool {
    is_space(char::from(byte))
}

fn has_left_trim_marker(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space_byte(*space))
}

fn has_right_trim_marker(text: &[u8]) -> bool {
    matches!(text, [space, b'-', ..] if is_space_byte(*space))
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(offset) = text.get(from..)?.iter().position(|&byte| byte == first) {
        from += offset;
        if text[from..].starts_with(needle) {
            return Some(from);
        }
        from += 1;
    }
    None
}
