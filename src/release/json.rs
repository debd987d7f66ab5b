//! Fields and items to the bytes that Go's `encoding/json` writes for a struct and a list.

use crate::yaml::json::quote;

/// A JSON object under way: keys in the order of the calls, which is the order of the struct's fields.
pub(super) struct Object {
    text: Vec<u8>,
    /// The next member is the first one.
    is_empty: bool,
}

impl Object {
    pub fn new() -> Self {
        Object { text: vec![b'{'], is_empty: true }
    }

    /// The rest of one that has members already.
    pub fn going_on() -> Self {
        Object { text: Vec::new(), is_empty: false }
    }

    /// A value that is JSON already.
    pub fn raw(&mut self, key: &str, value: &[u8]) -> &mut Self {
        if !std::mem::take(&mut self.is_empty) {
            self.text.push(b',');
        }
        quote(key.as_bytes(), true, &mut self.text);
        self.text.push(b':');
        self.text.extend_from_slice(value);
        self
    }

    /// A string, also an empty one.
    pub fn text(&mut self, key: &str, text: impl AsRef<[u8]>) -> &mut Self {
        self.raw(key, b"");
        quote(text.as_ref(), true, &mut self.text);
        self
    }

    /// A string that is left out when it is empty (`omitempty`).
    pub fn some_text(&mut self, key: &str, text: impl AsRef<[u8]>) -> &mut Self {
        match text.as_ref() {
            [] => self,
            text => self.text(key, text),
        }
    }

    /// A number that is left out when it is zero.
    pub fn some_number(&mut self, key: &str, number: i64) -> &mut Self {
        match number {
            0 => self,
            number => self.raw(key, number.to_string().as_bytes()),
        }
    }

    /// A list that is left out when it has no items.
    pub fn some_list(&mut self, key: &str, items: impl IntoIterator<Item = Vec<u8>>) -> &mut Self {
        let mut items = items.into_iter().peekable();
        match items.peek() {
            None => self,
            Some(_) => self.raw(key, &list(items)),
        }
    }

    /// What there is of it.
    pub fn unfinished(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.text)
    }

    pub fn end(&mut self) -> Vec<u8> {
        self.text.push(b'}');
        self.unfinished()
    }
}

/// A JSON list.
pub(super) fn list(items: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut out = vec![b'['];
    for item in items {
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend(item);
    }
    out.push(b']');
    out
}

/// What Go writes for a slice: null where it has no items, as a slice that nothing was appended to.
pub(super) fn slice(items: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut items = items.into_iter().peekable();
    match items.peek() {
        None => NULL.to_vec(),
        Some(_) => list(items),
    }
}

/// A JSON string.
pub(super) fn text(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    quote(text.as_ref(), true, &mut out);
    out
}

pub(super) const NULL: &[u8] = b"null";
