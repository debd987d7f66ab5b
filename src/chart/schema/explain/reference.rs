//! `$ref` inside of one document: by pointer, by anchor, by the `$id` of a part.

use serde_json::{Map as Object, Value as Json};

use super::super::failure::Failure;
use super::Explainer;
use super::place::Place;

impl<'s> Explainer<'s> {
    pub fn reference(
        &self,
        schema: &'s Object<String, Json>,
        keyword: &str,
        place: Place<'_>,
    ) -> Option<Failure> {
        let target = self.resolve(schema.get(keyword)?.as_str()?)?;
        let failure = self.check(target, place.inner())?;
        Some(Failure::reference(place.at, failure))
    }

    fn resolve(&self, reference: &str) -> Option<&'s Json> {
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let base =
            if document.is_empty() { self.root } else { find(self.root, &|id, _| ends_in(id, document))? };
        match fragment {
            "" => Some(base),
            fragment if fragment.starts_with('/') => base.pointer(&unescaped(fragment)),
            anchor => find(base, &|id, anchors| {
                anchors.contains(&Some(anchor)) || id.is_some_and(|id| id.strip_prefix('#') == Some(anchor))
            }),
        }
    }
}

fn ends_in(id: Option<&str>, document: &str) -> bool {
    id.is_some_and(|id| id == document || id.rsplit('/').next() == Some(document))
}

/// Asked of the `$id` and of the anchors of a part.
type Wanted<'a> = dyn Fn(Option<&str>, [Option<&str>; 2]) -> bool + 'a;

/// The first part of a schema whose `$id` and anchors are the wanted ones.
fn find<'s>(schema: &'s Json, wanted: &Wanted<'_>) -> Option<&'s Json> {
    // Not recursive: a schema may be nested as deep as its parser allows.
    let mut open = vec![schema];
    while let Some(part) = open.pop() {
        let text = |key| part.get(key).and_then(Json::as_str);
        if wanted(text("$id").or(text("id")), [text("$anchor"), text("$dynamicAnchor")]) {
            return Some(part);
        }
        match part {
            Json::Object(entries) => open.extend(entries.values()),
            Json::Array(items) => open.extend(items),
            _ => {}
        }
    }
    None
}

/// Percent signs of a URL fragment decoded.
fn unescaped(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let [byte, after @ ..] = rest {
        let hex = (*byte == b'%').then(|| after.get(..2)).flatten();
        let hex = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(hex.unwrap_or(*byte));
        rest = if hex.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
