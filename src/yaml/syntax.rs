//! A YAML node to Go source text, as `fmt`'s `%#v` prints what go-yaml decoded (two of its errors do).

use super::number::format_g;
use super::resolve::{Scalar, Tag, resolve};
use super::tree::{Shape, Tree};

/// Deeper than this, `…` stands for the rest: the text is for a person.
const MAX_DEPTH: usize = 64;

/// After so many nodes, `…` stands for the rest: aliases may repeat a node without end.
const MAX_NODES: usize = 100_000;

/// A value as go-yaml v2 decodes it into an `interface {}`.
#[derive(Debug, PartialEq)]
enum Go {
    Nil,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(Vec<u8>),
    List(Vec<Go>),
    Map(Vec<(Go, Go)>),
    TooDeep,
}

/// `%#v` of a node.
pub(super) fn node(tree: &Tree, place: usize) -> String {
    let mut out = String::new();
    print(&build(tree, place, 0, &mut { MAX_NODES }), &mut out);
    out
}

/// `%#v` of a string, `strconv.Quote`.
pub(super) fn quote(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|c| quote_char(c, &mut out));
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out.push('"');
    out
}

fn quote_char(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0C' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0B' => out.push_str("\\v"),
        ' '..='~' => out.push(c),
        '\0'..' ' | '\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
        // Close to Go's `IsPrint`: no controls, spaces, separators, formats, private or unassigned ends.
        c if c.is_control() || c.is_whitespace() || is_invisible(c) => out.push_str(&match u32::from(c) {
            code @ ..0x10000 => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        }),
        c => out.push(c),
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{E000}'..='\u{F8FF}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}'
        | '\u{E0000}'..)
}

fn build(tree: &Tree, place: usize, depth: usize, budget: &mut usize) -> Go {
    let place = tree.resolve(place);
    let node = &tree.nodes[place];
    *budget = budget.saturating_sub(1);
    match node.shape {
        _ if depth > MAX_DEPTH || *budget == 0 => Go::TooDeep,
        Shape::Scalar => scalar(tree, place),
        Shape::Sequence => {
            Go::List(tree.children(place).map(|child| build(tree, child, depth + 1, budget)).collect())
        }
        Shape::Mapping => {
            let mut children = tree.children(place).map(|child| build(tree, child, depth + 1, budget));
            let mut entries: Vec<(Go, Go)> = Vec::new();
            while let (Some(key), Some(value)) = (children.next(), children.next()) {
                entries.push((key, value));
            }
            // Of equal keys the last one stays.
            entries.reverse();
            entries.sort_by(|(a, _), (b, _)| compare(a, b));
            entries.dedup_by(|(a, _), (b, _)| a == b);
            Go::Map(entries)
        }
        Shape::Alias(_) => Go::Nil,
    }
}

fn scalar(tree: &Tree, place: usize) -> Go {
    let node = &tree.nodes[place];
    let text = tree.text(node);
    if node.tag == Tag::None && !node.implicit {
        return Go::Text(text.to_vec());
    }
    match resolve(node.tag, text) {
        Ok(Scalar::Null) => Go::Nil,
        Ok(Scalar::Bool(flag)) => Go::Bool(flag),
        Ok(Scalar::Int(number)) => Go::Int(number),
        Ok(Scalar::Uint(number)) => Go::Uint(number),
        Ok(Scalar::Float(number)) => Go::Float(number),
        Ok(Scalar::Text | Scalar::Timestamp) | Err(_) => Go::Text(text.to_vec()),
    }
}

/// `fmt` sorts map keys: nil first; different types by an order that only the Go linker knows.
fn compare(a: &Go, b: &Go) -> std::cmp::Ordering {
    let rank = |go: &Go| match go {
        Go::Nil => 0,
        Go::Bool(_) => 1,
        Go::Float(_) => 2,
        Go::Int(_) => 3,
        Go::Text(_) => 4,
        Go::Uint(_) => 5,
        _ => 6,
    };
    match (a, b) {
        (Go::Bool(a), Go::Bool(b)) => a.cmp(b),
        (Go::Float(a), Go::Float(b)) => a.total_cmp(b),
        (Go::Int(a), Go::Int(b)) => a.cmp(b),
        (Go::Uint(a), Go::Uint(b)) => a.cmp(b),
        (Go::Text(a), Go::Text(b)) => a.cmp(b),
        (a, b) => rank(a).cmp(&rank(b)),
    }
}

fn print(go: &Go, out: &mut String) {
    match go {
        Go::Nil => out.push_str("interface {}(nil)"),
        Go::Bool(flag) => out.push_str(&flag.to_string()),
        Go::Int(number) => out.push_str(&number.to_string()),
        Go::Uint(number) => out.push_str(&format!("{number:#x}")),
        Go::Float(number) => out.push_str(&format_g(*number)),
        Go::Text(text) => out.push_str(&quote(text)),
        Go::TooDeep => out.push('…'),
        Go::List(items) => {
            out.push_str("[]interface {}{");
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                print(item, out);
            }
            out.push('}');
        }
        Go::Map(entries) => {
            out.push_str("map[interface {}]interface {}{");
            for (index, (key, value)) in entries.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                print(key, out);
                out.push(':');
                print(value, out);
            }
            out.push('}');
        }
    }
}
