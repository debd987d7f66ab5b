//! A byte string to libyaml's parse events: the one place of the crate with `unsafe` code.
//!
//! go-yaml v2 is a translation of libyaml 0.1; libyaml-rs is one of libyaml 0.2.5. Where the two differ and
//! the difference can be seen from outside, go-yaml's answer is given here (see [`Events::next`]).
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;

use libyaml_rs as sys;

use super::blocks::Blocks;

/// The nesting at which go-yaml gives up (`max_flow_level`, `max_indents` in scannerc.go).
pub const MAX_DEPTH: usize = 10_000;

/// Flow collections that are open, summed over all events. libyaml's scanner looks at each of them before every token
/// (go-yaml's does not), and so many take it a second. A document of 8 MB and 20 levels needs a twentieth.
const MAX_LOOKS: usize = 1 << 30;

/// `%TAG` directives of an input: each is compared with those before it. Manifests have none.
const MAX_DIRECTIVES: usize = 1_000;

/// Larger inputs are refused: reading one takes some four times as much memory. Kubernetes takes no object above 3 MiB,
/// and the largest values of public charts have 1 MB.
pub const MAX_INPUT: usize = 32 << 20;

/// Said only to `dialect`, which then spells the comma in another way.
pub(super) const COMMA_AFTER_TAG: &str = "found a comma after a tag";

/// go-yaml's raw buffer: how far ahead of the scanner a byte may be that stops it already. Small pieces are
/// slow, so only a text that holds such a byte is read in them.
const READ_AHEAD: usize = 512;

/// A place in the input, counted from 0; `index` counts bytes behind a byte order mark, `column` characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub index: usize,
    pub line: usize,
    pub column: usize,
}

impl From<sys::yaml_mark_t> for Mark {
    fn from(mark: sys::yaml_mark_t) -> Self {
        Mark { index: mark.index as usize, line: mark.line as usize, column: mark.column as usize }
    }
}

/// Text that is not YAML. Displays as go-yaml's error (`yaml: line 3: …`), whose line is not always the
/// true one; `mark` is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("yaml: {}{problem}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct SyntaxError {
    pub problem: String,
    /// The line that go-yaml prints: from 1 for a scanner's error, from 0 for a parser's, absent when 0.
    pub line: Option<usize>,
    pub mark: Mark,
    /// The byte of the input at which the scanner stopped.
    pub(super) offset: Option<usize>,
}

impl SyntaxError {
    /// An error of go-yaml's scanner.
    pub(super) fn scanner(problem: impl Into<String>, mark: Mark) -> Self {
        let line = (mark.line != 0).then_some(mark.line + 1);
        SyntaxError { problem: problem.into(), line, mark, offset: None }
    }

    /// An error of go-yaml's parser, inside something that began at `context`.
    pub(super) fn parser(problem: impl Into<String>, mark: Mark, context: Mark) -> Self {
        let line = [mark.line, context.line].into_iter().find(|line| *line != 0);
        SyntaxError { problem: problem.into(), line, mark, offset: None }
    }
}

/// What happens next in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias,
    Scalar,
    SequenceStart,
    SequenceEnd,
    MappingStart,
    MappingEnd,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

/// One event; frees what libyaml allocated for it.
pub struct Event {
    raw: sys::yaml_event_t,
    /// The scalar is tagged `!`, which libyaml forgets and go-yaml does not.
    non_specific: bool,
}

impl Event {
    pub fn kind(&self) -> Kind {
        match self.raw.type_ {
            sys::YAML_STREAM_START_EVENT => Kind::StreamStart,
            sys::YAML_DOCUMENT_START_EVENT => Kind::DocumentStart,
            sys::YAML_DOCUMENT_END_EVENT => Kind::DocumentEnd,
            sys::YAML_ALIAS_EVENT => Kind::Alias,
            sys::YAML_SCALAR_EVENT => Kind::Scalar,
            sys::YAML_SEQUENCE_START_EVENT => Kind::SequenceStart,
            sys::YAML_SEQUENCE_END_EVENT => Kind::SequenceEnd,
            sys::YAML_MAPPING_START_EVENT => Kind::MappingStart,
            sys::YAML_MAPPING_END_EVENT => Kind::MappingEnd,
            _ => Kind::StreamEnd,
        }
    }

    pub fn start(&self) -> Mark {
        self.raw.start_mark.into()
    }

    pub fn end(&self) -> Mark {
        self.raw.end_mark.into()
    }

    /// The text of a scalar with quotes, escapes and folding undone; empty for any other event.
    pub fn text(&self) -> &[u8] {
        if self.kind() != Kind::Scalar {
            return &[];
        }
        // SAFETY: the kind says that `scalar` is the live member; `value` holds `length` bytes until drop.
        unsafe {
            let scalar = &self.raw.data.scalar;
            std::slice::from_raw_parts(scalar.value, scalar.length as usize)
        }
    }

    /// The style of a scalar.
    pub fn style(&self) -> Style {
        if self.kind() != Kind::Scalar {
            return Style::Plain;
        }
        // SAFETY: the kind says that `scalar` is the live member.
        match unsafe { self.raw.data.scalar.style } {
            sys::YAML_SINGLE_QUOTED_SCALAR_STYLE => Style::SingleQuoted,
            sys::YAML_DOUBLE_QUOTED_SCALAR_STYLE => Style::DoubleQuoted,
            sys::YAML_LITERAL_SCALAR_STYLE => Style::Literal,
            sys::YAML_FOLDED_SCALAR_STYLE => Style::Folded,
            _ => Style::Plain,
        }
    }

    /// True for a plain scalar without a tag: its type follows from its text.
    pub fn implicit(&self) -> bool {
        // SAFETY: the kind says that `scalar` is the live member.
        self.kind() == Kind::Scalar && unsafe { self.raw.data.scalar.plain_implicit }
    }

    /// True for a collection in `[…]` or `{…}`.
    pub fn is_flow(&self) -> bool {
        // SAFETY: the kind says which member is the live one.
        unsafe {
            match self.kind() {
                Kind::SequenceStart => self.raw.data.sequence_start.style == sys::YAML_FLOW_SEQUENCE_STYLE,
                Kind::MappingStart => self.raw.data.mapping_start.style == sys::YAML_FLOW_MAPPING_STYLE,
                _ => false,
            }
        }
    }

    /// The name after `&`, or after `*` for an alias.
    pub fn anchor(&self) -> Option<&[u8]> {
        // SAFETY: the kind says which member is the live one; strings live until drop.
        unsafe {
            c_bytes(match self.kind() {
                Kind::Alias => self.raw.data.alias.anchor,
                Kind::Scalar => self.raw.data.scalar.anchor,
                Kind::SequenceStart => self.raw.data.sequence_start.anchor,
                Kind::MappingStart => self.raw.data.mapping_start.anchor,
                _ => return None,
            })
        }
    }

    /// The tag with its handle resolved (`tag:yaml.org,2002:str`).
    pub fn tag(&self) -> Option<&[u8]> {
        if self.non_specific {
            return Some(b"!");
        }
        // SAFETY: the kind says which member is the live one; strings live until drop.
        unsafe {
            c_bytes(match self.kind() {
                Kind::Scalar => self.raw.data.scalar.tag,
                Kind::SequenceStart => self.raw.data.sequence_start.tag,
                Kind::MappingStart => self.raw.data.mapping_start.tag,
                _ => return None,
            })
        }
    }

    /// True when a `%YAML` directive asks for more than 1.1, which go-yaml does not know.
    fn asks_for_newer(&self) -> bool {
        // SAFETY: the kind says that `document_start` is the live member; the directive lives until drop.
        self.kind() == Kind::DocumentStart
            && unsafe { self.raw.data.document_start.version_directive.as_ref() }
                .is_some_and(|version| version.minor != 1)
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: the event was filled by yaml_parser_parse and is deleted once.
        unsafe { sys::yaml_event_delete(&mut self.raw) }
    }
}

/// SAFETY: `text` is null or a NUL-terminated string that outlives `'a`.
unsafe fn c_bytes<'a>(text: *const u8) -> Option<&'a [u8]> {
    // SAFETY: as above.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text.cast::<c_char>()) }.to_bytes())
}

/// The events of one input, in order. After an error or the end of the stream, do not ask again.
pub struct Events<'i> {
    parser: Box<sys::yaml_parser_t>,
    /// What the parser's read handler works on; owned, but reached through the parser's pointer only.
    reader: *mut Reader<'i>,
    input: &'i [u8],
    /// The flow collections that are open, by their first mark.
    flows: Vec<(Kind, Mark)>,
    /// What the scanner has looked at, up to [`MAX_LOOKS`].
    looks: usize,
    blocks: Blocks<Mark>,
    /// Where the last event ended.
    end: Mark,
    escapes_slash: bool,
    has_lone_tags: bool,
}

struct Reader<'i> {
    rest: &'i [u8],
    /// The most that is handed out at once.
    piece: usize,
}

impl<'i> Events<'i> {
    pub fn new(input: &'i [u8]) -> Result<Self, SyntaxError> {
        if input.len() > MAX_INPUT {
            let problem = format!("input is larger than {} MiB", MAX_INPUT >> 20);
            return Err(SyntaxError { problem, line: None, mark: Mark::default(), offset: None });
        }
        let directives = input.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"%TAG"));
        if directives.count() > MAX_DIRECTIVES {
            let problem = format!("more than {MAX_DIRECTIVES} %TAG directives");
            return Err(SyntaxError { problem, line: None, mark: Mark::default(), offset: None });
        }
        // go-yaml reads an empty input as an empty line.
        let input = if input.is_empty() { b"\n" } else { input };
        let piece = if is_readable(input) { usize::MAX } else { READ_AHEAD };
        let reader = Box::into_raw(Box::new(Reader { rest: input, piece }));
        let mut parser = Box::new(MaybeUninit::<sys::yaml_parser_t>::uninit());
        // SAFETY: initialize writes the whole struct (it fails only where allocation aborts anyway); the
        // reader lives until the parser is deleted.
        let parser = unsafe {
            let _ = sys::yaml_parser_initialize(parser.as_mut_ptr());
            sys::yaml_parser_set_input(parser.as_mut_ptr(), read, reader.cast());
            parser.assume_init()
        };
        Ok(Events {
            parser,
            reader,
            input,
            flows: Vec::new(),
            looks: 0,
            blocks: Blocks::new(),
            end: Mark::default(),
            escapes_slash: has_pair(input, b'\\', |next| next == b'/'),
            has_lone_tags: has_pair(input, b'!', |next| next.is_ascii_whitespace()),
        })
    }

    /// The next event, or go-yaml's error.
    ///
    /// Corrected towards go-yaml v2 (scannerc.go, parserc.go): `%YAML 1.2` and `"\/"` are errors, a plain
    /// scalar in a flow collection ends at `?`, and nesting is limited.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Event, SyntaxError> {
        let mut raw = MaybeUninit::<sys::yaml_event_t>::uninit();
        // SAFETY: the parser is initialized; parse writes the whole event, also on failure.
        let (parsed, mut event) = unsafe {
            let parsed = sys::yaml_parser_parse(&raw mut *self.parser, raw.as_mut_ptr()).ok;
            (parsed, Event { raw: raw.assume_init(), non_specific: false })
        };
        if !parsed {
            return Err(self.error());
        }
        self.follow(&event)?;
        event.non_specific = self.has_lone_tags && event.implicit() && self.is_tagged(&event);
        Ok(event)
    }

    fn follow(&mut self, event: &Event) -> Result<(), SyntaxError> {
        if self.flows.is_empty() {
            self.follow_block(event)?;
        }
        self.end = event.end();
        self.looks += self.flows.len();
        if self.looks > MAX_LOOKS {
            let problem = "too much lies in deeply nested flow collections; flatten them".to_owned();
            return Err(SyntaxError::scanner(problem, event.start()));
        }
        match event.kind() {
            kind @ (Kind::SequenceStart | Kind::MappingStart) if event.is_flow() => {
                self.flows.push(self.flow_around(event).unwrap_or((kind, event.start())));
            }
            Kind::SequenceEnd | Kind::MappingEnd => {
                self.flows.pop();
            }
            Kind::DocumentStart if event.asks_for_newer() => {
                let mark = event.start();
                return Err(SyntaxError::parser("found incompatible YAML document", mark, mark));
            }
            Kind::Scalar => return self.follow_scalar(event),
            _ => {}
        }
        if self.flows.len() > MAX_DEPTH || self.blocks.depth() > MAX_DEPTH {
            return Err(SyntaxError::scanner(format!("exceeded max depth of {MAX_DEPTH}"), event.start()));
        }
        Ok(())
    }

    fn follow_block(&mut self, event: &Event) -> Result<(), SyntaxError> {
        let kind = event.kind();
        if event.is_flow() && self.blocks.has_entries() {
            self.refused_key(event.start()).map_or(Ok(()), Err)?;
        }
        match kind {
            Kind::SequenceEnd | Kind::MappingEnd => self.blocks.end(),
            Kind::Alias | Kind::Scalar | Kind::SequenceStart | Kind::MappingStart => self.blocks.node(),
            _ => {}
        }
        if self.forgotten_key(event).is_some()
            && let Some((problem, start)) = self.blocks.unfinished()
        {
            return Err(SyntaxError::parser(problem, event.start(), start));
        }
        if matches!(kind, Kind::SequenceStart | Kind::MappingStart) && !event.is_flow() {
            let start = event.start();
            self.blocks.begin(kind == Kind::MappingStart, start, start.column);
        }
        Ok(())
    }

    fn follow_scalar(&self, event: &Event) -> Result<(), SyntaxError> {
        match (event.style(), self.flows.last()) {
            (_, Some(_)) if event.tag().is_some() && event.text().is_empty() => self.refuse_comma(event),
            (Style::DoubleQuoted, _) if self.escapes_slash => self.refuse_slash(event),
            (Style::Plain, Some((kind, start))) if event.text().contains(&b'?') => {
                let close = if *kind == Kind::SequenceStart { ']' } else { '}' };
                let mark = self.mark_of(event, |rest| rest.first() == Some(&b'?'));
                let problem = format!("did not find expected ',' or '{close}'");
                Err(SyntaxError::parser(problem, mark.unwrap_or(event.start()), *start))
            }
            _ => Ok(()),
        }
    }

    /// For a pair in a sequence without braces of its own, what go-yaml names in errors: the sequence.
    fn flow_around(&self, event: &Event) -> Option<(Kind, Mark)> {
        let before = &self.input[..self.offset(event.end())];
        let is_pair = event.kind() == Kind::MappingStart && before.last() != Some(&b'{');
        self.flows.last().filter(|_| is_pair).copied()
    }

    /// Whether the scalar's properties hold a `!` of its own.
    fn is_tagged(&self, event: &Event) -> bool {
        let text = self.from(event.start());
        let text = match text.strip_prefix(b"&") {
            Some(anchored) => {
                let name =
                    anchored.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(anchored.len());
                anchored[name..].trim_ascii_start()
            }
            None => text,
        };
        text.starts_with(b"!")
    }

    /// libyaml ends a tag in a flow collection at a comma, for go-yaml the comma is part of it.
    fn refuse_comma(&self, event: &Event) -> Result<(), SyntaxError> {
        let mark = event.end();
        if event.start() == mark || self.from(mark).first() != Some(&b',') {
            return Ok(());
        }
        Err(SyntaxError { offset: Some(self.offset(mark)), ..SyntaxError::scanner(COMMA_AFTER_TAG, mark) })
    }

    fn refuse_slash(&self, event: &Event) -> Result<(), SyntaxError> {
        let mut escaped = false;
        let slash = self.mark_of(event, |rest| {
            let found = !escaped && rest.starts_with(b"\\/");
            escaped = !escaped && rest.first() == Some(&b'\\');
            found
        });
        slash.map_or(Ok(()), |mark| Err(SyntaxError::scanner("found unknown escape character", mark)))
    }

    /// The first place inside the event's text in the input at which `found` holds.
    fn mark_of(&self, event: &Event, mut found: impl FnMut(&[u8]) -> bool) -> Option<Mark> {
        let mut mark = event.start();
        let text = self.from(mark);
        let end = text.len().min(event.end().index - mark.index);
        for at in 0..end {
            let rest = &text[at..];
            if found(rest) {
                return Some(mark);
            }
            let line_end = rest[0] == b'\n' || (rest[0] == b'\r' && rest.get(1) != Some(&b'\n'));
            mark = Mark {
                index: mark.index + 1,
                line: mark.line + usize::from(line_end),
                column: if line_end { 0 } else { mark.column + count_chars(&rest[..1]) },
            };
        }
        None
    }

    /// The input from a mark on.
    fn from(&self, mark: Mark) -> &'i [u8] {
        &self.input[self.offset(mark)..]
    }

    fn offset(&self, mark: Mark) -> usize {
        let skipped = if self.input.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        (skipped + mark.index).min(self.input.len())
    }

    fn error(&self) -> SyntaxError {
        let parser = &self.parser;
        let problem = if parser.problem.is_null() {
            "unknown problem parsing YAML content".to_owned()
        } else {
            // SAFETY: libyaml's problems are string literals.
            let text = unsafe { CStr::from_ptr(parser.problem.cast::<c_char>()) };
            go_problem(&text.to_string_lossy())
        };
        let mark = Mark::from(parser.problem_mark);
        match parser.error {
            sys::YAML_SCANNER_ERROR if problem == "could not find expected ':'" => {
                let refused = self.refused_key(parser.context_mark.into());
                refused.unwrap_or_else(|| self.scanner_error(problem, mark))
            }
            sys::YAML_SCANNER_ERROR => self.scanner_error(problem, mark),
            sys::YAML_PARSER_ERROR if self.has_long_version(mark) => {
                SyntaxError::scanner("found extremely long version number", mark)
            }
            sys::YAML_READER_ERROR => {
                SyntaxError { problem, line: None, mark: self.reader_mark(), offset: None }
            }
            _ => SyntaxError::parser(problem, mark, parser.context_mark.into()),
        }
    }

    fn scanner_error(&self, problem: String, mark: Mark) -> SyntaxError {
        SyntaxError { offset: Some(self.offset(mark)), ..SyntaxError::scanner(problem, mark) }
    }

    /// go-yaml forgets that `{}` and `[]` could be keys as soon as they are closed (`yaml_parser_decrease_flow_level`),
    /// so it refuses them at once where libyaml still waits for the colon.
    fn refused_key(&self, key: Mark) -> Option<SyntaxError> {
        let is_empty = self.empty_flow(key).is_some();
        let before = self.input.get(self.offset(self.end)..self.offset(key))?;
        // After the dash of an entry it is the entry's value, after a question mark a key of another kind.
        if !is_empty || before.iter().any(|byte| b"-?".contains(byte)) || !self.flows.is_empty() {
            return None;
        }
        let (problem, start) = self.blocks.missed(key.column)?;
        Some(SyntaxError::parser(problem, key, start))
    }

    /// The kind of the empty flow collection that a block mapping begins with: go-yaml forgot that it could be a key, and
    /// takes it for a node of its own.
    pub fn forgotten_key(&self, event: &Event) -> Option<Kind> {
        let begins = event.kind() == Kind::MappingStart && !event.is_flow() && self.flows.is_empty();
        if begins { self.empty_flow(event.start()) } else { None }
    }

    /// The kind of the empty flow collection at this place.
    fn empty_flow(&self, start: Mark) -> Option<Kind> {
        let text = self.from(start);
        let (close, kind) = match text.first()? {
            b'{' => (b'}', Kind::MappingStart),
            b'[' => (b']', Kind::SequenceStart),
            _ => return None,
        };
        (text[1..].trim_ascii_start().first() == Some(&close)).then_some(kind)
    }

    /// go-yaml reads at most two digits for each part of a `%YAML` version.
    fn has_long_version(&self, mark: Mark) -> bool {
        let line = self.from(mark).split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        line.starts_with(b"%YAML") && line.split(|byte| !byte.is_ascii_digit()).any(|digits| digits.len() > 2)
    }

    /// libyaml knows the byte at which reading failed; go-yaml prints no line for it.
    fn reader_mark(&self) -> Mark {
        let before = &self.input[..self.input.len().min(self.parser.problem_offset as usize)];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        Mark {
            index: count_chars(before),
            line: before.iter().filter(|byte| **byte == b'\n').count(),
            column: count_chars(&before[line_start..]),
        }
    }
}

impl Drop for Events<'_> {
    fn drop(&mut self) {
        // SAFETY: the parser was initialized and is deleted once; then nothing points to the reader any more.
        unsafe {
            sys::yaml_parser_delete(&raw mut *self.parser);
            drop(Box::from_raw(self.reader));
        }
    }
}

/// Whether the reader will find nothing to refuse.
fn is_readable(input: &[u8]) -> bool {
    let refused = |c: char| match c {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        c => c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}'),
    };
    std::str::from_utf8(input).is_ok_and(|text| {
        // Bytes first: a text without controls and without anything beyond ASCII is the usual one.
        input.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..0x7F)) || !text.contains(refused)
    })
}

fn has_pair(input: &[u8], first: u8, second: impl Fn(u8) -> bool) -> bool {
    input.windows(2).any(|pair| pair[0] == first && second(pair[1]))
}

/// go-yaml's wording where it is not libyaml's.
fn go_problem(problem: &str) -> String {
    problem.replace("expected hexadecimal number", "expected hexdecimal number")
}

fn count_chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// Hands libyaml the next piece of the input, no more than go-yaml's buffer would hold.
///
/// SAFETY: libyaml calls it with the `Reader` given to `yaml_parser_set_input` and a buffer of `size` bytes.
unsafe fn read(data: *mut c_void, buffer: *mut u8, size: u64, size_read: *mut u64) -> i32 {
    // SAFETY: as above; nobody else looks at the reader.
    unsafe {
        let reader = &mut *data.cast::<Reader<'_>>();
        let (piece, rest) = reader.rest.split_at(reader.rest.len().min(size as usize).min(reader.piece));
        std::ptr::copy_nonoverlapping(piece.as_ptr(), buffer, piece.len());
        reader.rest = rest;
        *size_read = piece.len() as u64;
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let mut events = Events::new(text.as_bytes()).unwrap();
        loop {
            match events.next() {
                Ok(event) if event.kind() == Kind::StreamEnd => return String::new(),
                Ok(_) => {}
                Err(error) => return error.to_string(),
            }
        }
    }

    #[test]
    fn errors_carry_the_lines_that_go_yaml_prints() {
        assert_eq!(error("a: b: c"), "yaml: mapping values are not allowed in this context");
        assert_eq!(error("a: 1\nb: c: d"), "yaml: line 2: mapping values are not allowed in this context");
        assert_eq!(error("a: \"\\/\""), "yaml: found unknown escape character");
        assert_eq!(error("a: \x01"), "yaml: control characters are not allowed");
        assert_eq!(error("%YAML 1.2\n--- a"), "yaml: found incompatible YAML document");
        assert_eq!(error("a: \"\\\\/\""), "");
    }

    #[test]
    fn nesting_stops_at_the_limit() {
        assert_eq!(error(&"[".repeat(MAX_DEPTH + 2)), "yaml: exceeded max depth of 10000");
    }

    #[test]
    fn a_wide_list_deep_inside_is_refused() {
        let wide = |depth: usize, items: usize| "[".repeat(depth) + &"1,".repeat(items);
        let refused = "too much lies in deeply nested flow collections; flatten them";
        assert!(error(&wide(MAX_DEPTH, MAX_LOOKS / MAX_DEPTH + 10)).ends_with(refused));
        assert!(!error(&wide(20, MAX_LOOKS / MAX_DEPTH + 10)).contains(refused));
    }

    #[test]
    fn events_can_be_dropped_half_way() {
        let mut events = Events::new(b"a: [1, 2, {b: c}]\nd: &x y").unwrap();
        for _ in 0..6 {
            events.next().unwrap();
        }
    }
}
