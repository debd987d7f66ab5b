//! Scalars and indicators to YAML text: the writing half of go-yaml's emitterc.go.

use crate::yaml::resolve::Version;

use super::dialect::Dialect;
use super::scalar::{Allowed, analyze, is_break, is_printable, width};

/// Longer keys are written with `? ` (`yaml_emitter_check_simple_key`).
const MAX_SIMPLE_KEY: usize = 128;

const INDENT: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// The text so far, and what the next write has to know about it.
pub(super) struct Emitter {
    pub out: Vec<u8>,
    dialect: Dialect,
    /// The column of the collection that is being written; `None` outside of all.
    pub indent: Option<usize>,
    column: usize,
    /// The last character was a blank.
    whitespace: bool,
    /// Only blanks and indicators stand on this line so far.
    indention: bool,
}

/// A scalar that is ready to be written.
pub(super) struct Prepared<'t> {
    pub text: &'t [u8],
    pub style: Style,
    pub allowed: Allowed,
    pub tag: Option<&'static str>,
}

impl Prepared<'_> {
    /// Whether the text may stand before `:` on one line.
    pub fn is_simple_key(&self) -> bool {
        // go-yaml counts the tag's handle and suffix, `!!` and the rest.
        !self.allowed.multiline && self.text.len() + self.tag.map_or(0, str::len) <= MAX_SIMPLE_KEY
    }
}

impl Emitter {
    pub fn new(dialect: Dialect) -> Self {
        let out = Vec::with_capacity(1024);
        Emitter { out, dialect, indent: None, column: 0, whitespace: true, indention: true }
    }

    pub fn prepare<'t>(&self, text: &'t [u8], style: Style, tag: Option<&'static str>) -> Prepared<'t> {
        Prepared { text, style, allowed: analyze(&self.dialect, text), tag }
    }

    /// The indent of a new block collection. A sequence directly after its key stays where the key is.
    pub fn block_indent(&self, in_mapping: bool, is_sequence: bool) -> usize {
        match self.indent {
            None => 0,
            Some(indent) if self.dialect.indentless && is_sequence && in_mapping && !self.indention => indent,
            Some(indent) => indent + INDENT,
        }
    }

    /// Begins the line of an element, unless it is begun already.
    pub fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        if self.column < indent {
            self.out.resize(self.out.len() + indent - self.column, b' ');
            self.column = indent;
        }
        self.whitespace = true;
        if self.dialect.version == Version::V2 {
            self.indention = true;
        }
    }

    pub fn indicator(&mut self, text: &str, after_blank: bool, is_blank: bool, is_indention: bool) {
        if after_blank && !self.whitespace {
            self.put(b' ');
        }
        self.out.extend_from_slice(text.as_bytes());
        self.column += text.len();
        self.whitespace = is_blank;
        self.indention = self.indention && is_indention;
    }

    pub fn scalar(&mut self, scalar: &Prepared<'_>, simple_key: bool) {
        let style = choose(scalar, simple_key);
        if let Some(tag) = scalar.tag {
            if !self.whitespace {
                self.put(b' ');
            }
            self.out.extend_from_slice(tag.as_bytes());
            self.column += tag.len();
            (self.whitespace, self.indention) = (false, false);
        }
        let outer = self.indent;
        self.indent = Some(outer.unwrap_or(0) + INDENT);
        match style {
            Style::Plain => self.plain(scalar.text, !simple_key),
            Style::SingleQuoted => self.single_quoted(scalar.text, !simple_key),
            Style::DoubleQuoted => self.double_quoted(scalar.text, !simple_key),
            Style::Literal => self.literal(scalar.text),
        }
        self.indent = outer;
    }

    fn put(&mut self, byte: u8) {
        self.out.push(byte);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.out.push(b'\n');
        self.column = 0;
        if self.dialect.version == Version::V3 {
            self.indention = true;
        }
    }

    /// Copies text without breaks; columns count characters.
    fn copy(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
        self.column += text.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
    }

    /// Copies one line break of any kind and returns its width.
    fn copy_break(&mut self, rest: &[u8]) -> usize {
        if rest[0] == b'\n' {
            self.put_break();
            return 1;
        }
        let width = width(rest[0]);
        self.out.extend_from_slice(&rest[..width]);
        self.column = 0;
        if self.dialect.version == Version::V3 {
            self.indention = true;
        }
        width
    }

    /// Copies up to the next space, break or `stop` byte and returns how much.
    fn copy_word(&mut self, rest: &[u8], stop: u8) -> usize {
        let end = (0..rest.len()).find(|at| rest[*at] == b' ' || rest[*at] == stop || is_break(&rest[*at..]));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.copy(word);
        self.indention = false;
        word.len()
    }

    fn plain(&mut self, text: &[u8], may_fold: bool) {
        let writes = !text.is_empty() || self.dialect.version == Version::V2;
        if writes && !self.whitespace {
            self.put(b' ');
        }
        let (mut at, mut after_space) = (0, false);
        while at < text.len() {
            let rest = &text[at..];
            if rest[0] == b' ' {
                let next_is_space = rest.get(1) == Some(&b' ');
                if may_fold && !after_space && self.column > self.dialect.width && !next_is_space {
                    self.write_indent();
                } else {
                    self.put(b' ');
                }
                at += 1;
                after_space = true;
            } else {
                // A plain scalar with a line break is never chosen.
                at += self.copy_word(rest, b' ').max(1);
                after_space = false;
            }
        }
        (self.whitespace, self.indention) = (false, false);
    }

    fn single_quoted(&mut self, text: &[u8], may_fold: bool) {
        self.indicator("'", true, false, false);
        let (mut at, mut after_space, mut after_break) = (0, false, false);
        while at < text.len() {
            let rest = &text[at..];
            if rest[0] == b' ' {
                let inside = at > 0 && at < text.len() - 1 && rest.get(1) != Some(&b' ');
                if may_fold && !after_space && self.column > self.dialect.width && inside {
                    self.write_indent();
                } else {
                    self.put(b' ');
                }
                at += 1;
                after_space = true;
            } else if is_break(rest) {
                if !after_break && rest[0] == b'\n' {
                    self.put_break();
                }
                at += self.copy_break(rest);
                self.indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.write_indent();
                }
                at += if rest[0] == b'\'' {
                    self.copy(b"''");
                    self.indention = false;
                    1
                } else {
                    self.copy_word(rest, b'\'')
                };
                (after_space, after_break) = (false, false);
            }
        }
        self.indicator("'", false, false, false);
        (self.whitespace, self.indention) = (false, false);
    }

    fn double_quoted(&mut self, text: &[u8], may_fold: bool) {
        self.indicator("\"", true, false, false);
        // go-yaml asks for a byte order mark at the start of the text, whatever the place it looks at.
        let escape_all = text.starts_with(b"\xEF\xBB\xBF");
        let (mut at, mut after_space) = (0, false);
        while at < text.len() {
            let rest = &text[at..];
            let width = width(rest[0]).min(rest.len());
            if escape_all || matches!(rest[0], b'"' | b'\\') || is_break(rest) || !is_printable(rest) {
                self.escape(&rest[..width]);
                after_space = false;
            } else if rest[0] == b' ' {
                let inside = at > 0 && at < text.len() - 1;
                if may_fold && !after_space && self.column > self.dialect.width && inside {
                    self.write_indent();
                    if rest.get(1) == Some(&b' ') {
                        self.put(b'\\');
                    }
                } else {
                    self.put(b' ');
                }
                after_space = true;
            } else {
                self.copy(&rest[..width]);
                after_space = false;
            }
            at += width;
        }
        self.indicator("\"", false, false, false);
        (self.whitespace, self.indention) = (false, false);
    }

    fn escape(&mut self, character: &[u8]) {
        let code = std::str::from_utf8(character).ok().and_then(|text| text.chars().next());
        let code = u32::from(code.unwrap_or(char::REPLACEMENT_CHARACTER));
        let text = match code {
            0x00 => "\\0",
            0x07 => "\\a",
            0x08 => "\\b",
            0x09 => "\\t",
            0x0A => "\\n",
            0x0B => "\\v",
            0x0C => "\\f",
            0x0D => "\\r",
            0x1B => "\\e",
            0x22 => "\\\"",
            0x5C => "\\\\",
            0x85 => "\\N",
            0xA0 => "\\_",
            0x2028 => "\\L",
            0x2029 => "\\P",
            _ if code < 0x100 => &format!("\\x{code:02X}"),
            _ if code < 0x10000 => &format!("\\u{code:04X}"),
            _ => &format!("\\U{code:08X}"),
        };
        self.copy(text.as_bytes());
    }

    fn literal(&mut self, text: &[u8]) {
        self.indicator("|", true, false, false);
        if text[0] == b' ' || is_break(text) {
            self.indicator("2", false, false, false);
        }
        self.indicator(chomping(text), false, false, false);
        self.put_break();
        (self.whitespace, self.indention) = (true, true);
        let (mut at, mut after_break) = (0, true);
        while at < text.len() {
            let rest = &text[at..];
            if is_break(rest) {
                at += self.copy_break(rest);
                self.indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.write_indent();
                }
                let end = (0..rest.len()).find(|at| is_break(&rest[*at..])).unwrap_or(rest.len());
                self.copy(&rest[..end]);
                self.indention = false;
                after_break = false;
                at += end;
            }
        }
    }
}

/// `yaml_emitter_select_scalar_style`
fn choose(scalar: &Prepared<'_>, simple_key: bool) -> Style {
    let Prepared { text, mut style, allowed, .. } = *scalar;
    if simple_key && allowed.multiline {
        style = Style::DoubleQuoted;
    }
    if style == Style::Plain && (!allowed.plain || (text.is_empty() && simple_key)) {
        style = Style::SingleQuoted;
    }
    if style == Style::SingleQuoted && !allowed.single_quoted {
        style = Style::DoubleQuoted;
    }
    if style == Style::Literal && (!allowed.block || simple_key) {
        style = Style::DoubleQuoted;
    }
    style
}

/// `-` where the text does not end with a break, `+` where it ends with more than one.
fn chomping(text: &[u8]) -> &'static str {
    let starts: Vec<usize> = (0..text.len()).rev().filter(|at| text[*at] & 0xC0 != 0x80).take(2).collect();
    match starts[..] {
        [last, ..] if !is_break(&text[last..]) => "-",
        [_] => "+",
        [_, before] if is_break(&text[before..]) => "+",
        _ => "",
    }
}
