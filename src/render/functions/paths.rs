//! Slash-separated paths as Go's `path` takes them apart; `os*` is the same on Unix.

use super::define::{BOOL, STRING, func, text};
use crate::render::context::Context;
use crate::template::func::Func;
use crate::template::value::Value;

pub static TABLE: &[Func<Context>] = &[
    func("base", &[STRING], STRING, |_, a| Ok(Value::str(base(text(a, 0)?)))),
    func("dir", &[STRING], STRING, |_, a| Ok(Value::str(dir(text(a, 0)?)))),
    func("clean", &[STRING], STRING, |_, a| Ok(Value::str(clean(text(a, 0)?)))),
    func("ext", &[STRING], STRING, |_, a| Ok(Value::str(ext(text(a, 0)?)))),
    func("isAbs", &[STRING], BOOL, |_, a| Ok(Value::Bool(text(a, 0)?.starts_with(b"/")))),
    func("osBase", &[STRING], STRING, |_, a| Ok(Value::str(base(text(a, 0)?)))),
    func("osDir", &[STRING], STRING, |_, a| Ok(Value::str(dir(text(a, 0)?)))),
    func("osClean", &[STRING], STRING, |_, a| Ok(Value::str(clean(text(a, 0)?)))),
    func("osExt", &[STRING], STRING, |_, a| Ok(Value::str(ext(text(a, 0)?)))),
    func("osIsAbs", &[STRING], BOOL, |_, a| Ok(Value::Bool(text(a, 0)?.starts_with(b"/")))),
];

/// The last element: `.` of nothing, `/` of slashes only.
fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    match path[..end].rsplit(|byte| *byte == b'/').next() {
        Some(last) if !last.is_empty() => last,
        _ => b"/",
    }
}

/// All but the last element, cleaned.
fn dir(path: &[u8]) -> Vec<u8> {
    clean(&path[..path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1)])
}

/// From the last dot of the last element on.
fn ext(path: &[u8]) -> &[u8] {
    let last = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    last.iter().rposition(|byte| *byte == b'.').map_or(b"", |dot| &last[dot..])
}

/// The shortest path that means the same.
pub fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut kept: Vec<&[u8]> = Vec::new();
    for element in path.split(|byte| *byte == b'/') {
        match element {
            b"" | b"." => {}
            b".." if kept.last().is_some_and(|last| *last != b"..") => {
                kept.pop();
            }
            b".." if rooted => {}
            other => kept.push(other),
        }
    }
    let joined = kept.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", &*joined].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans_like_go() {
        let cases =
            [("", "."), ("/..//a/./b/..", "/a"), ("../../a", "../../a"), ("a/../..", ".."), ("//", "/")];
        for (path, wanted) in cases {
            assert_eq!(String::from_utf8_lossy(&clean(path.as_bytes())), wanted);
        }
    }
}
