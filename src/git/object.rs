//! Turns trees and commits into the bytes that git stores, and back.

use std::cmp::Ordering;

use super::oid::{OID_BYTES, OID_HEX, Oid};

/// The mode of a plain file.
pub const MODE_FILE: u32 = 0o100_644;
/// The mode of a folder.
pub const MODE_TREE: u32 = 0o40_000;
/// The mode of a submodule: its id is that of a commit in another repository, and never looked for here.
pub const MODE_SUBMODULE: u32 = 0o160_000;
/// The largest offset from UTC that a signature may carry, in minutes (UTC+14 is in use).
const MAX_OFFSET: i16 = 14 * 60;

/// One line of a tree: a file, a folder, a symbolic link (0o120000) or a submodule (0o160000).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    pub mode: u32,
    /// Bytes, because git's are: files of others may have any name.
    pub name: Vec<u8>,
    pub oid: Oid,
}

impl TreeEntry {
    /// True for a folder.
    pub fn is_tree(&self) -> bool {
        self.mode == MODE_TREE
    }

    /// True for a commit of another repository.
    pub fn is_submodule(&self) -> bool {
        self.mode == MODE_SUBMODULE
    }

    /// True for a file that holds its own bytes: no folder, no link, no submodule.
    pub fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

/// Content that does not have the shape of its kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("malformed {kind}: {detail}")]
pub struct Malformed {
    pub kind: &'static str,
    pub detail: &'static str,
}

/// git's order of tree entries: by bytes, a folder as if its name ended in `/` (`base_name_compare` in read-cache.c).
pub fn order(a: &TreeEntry, b: &TreeEntry) -> Ordering {
    let key = |e: &TreeEntry, i: usize| match e.name.get(i) {
        Some(&byte) => byte,
        None if e.is_tree() && i == e.name.len() => b'/',
        None => 0,
    };
    let shared = a.name.len().min(b.name.len());
    a.name[..shared].cmp(&b.name[..shared]).then_with(|| key(a, shared).cmp(&key(b, shared)))
}

/// The bytes of a tree; entries have to be in git's order.
pub fn encode_tree(entries: &[TreeEntry]) -> Vec<u8> {
    let mut out = Vec::with_capacity(entries.iter().map(|e| e.name.len() + OID_BYTES + 8).sum());
    for entry in entries {
        out.extend_from_slice(format!("{:o} ", entry.mode).as_bytes());
        out.extend_from_slice(&entry.name);
        out.push(0);
        out.extend_from_slice(entry.oid.as_bytes());
    }
    out
}

/// The entries of a tree, in the order they are stored.
pub fn decode_tree(mut bytes: &[u8]) -> Result<Vec<TreeEntry>, Malformed> {
    let bad = |detail| Malformed { kind: "tree", detail };
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|&b| b == b' ').ok_or(bad("no mode"))?;
        let mode = std::str::from_utf8(&bytes[..space]).ok().and_then(|s| u32::from_str_radix(s, 8).ok());
        let rest = &bytes[space + 1..];
        let zero = rest.iter().position(|&b| b == 0).ok_or(bad("no end of a name"))?;
        let oid = Oid::from_slice(&rest[zero + 1..]).ok_or(bad("cut off"))?;
        entries.push(TreeEntry { mode: mode.ok_or(bad("no octal mode"))?, name: rest[..zero].to_vec(), oid });
        bytes = &rest[zero + 1 + OID_BYTES..];
    }
    Ok(entries)
}

/// One entry of a tree by its name, without making values of the others.
pub fn find_in_tree(mut bytes: &[u8], wanted: &[u8]) -> Result<Option<TreeEntry>, Malformed> {
    let bad = |detail| Malformed { kind: "tree", detail };
    while !bytes.is_empty() {
        let zero = memchr::memchr(0, bytes).ok_or(bad("no end of a name"))?;
        let end = zero + 1 + OID_BYTES;
        let entry = bytes.get(..end).ok_or(bad("cut off"))?;
        // A mode has no space in it, a name may.
        let space = memchr::memchr(b' ', &entry[..zero]).ok_or(bad("no mode"))?;
        if &entry[space + 1..zero] == wanted {
            return Ok(decode_tree(entry)?.pop());
        }
        bytes = &bytes[end..];
    }
    Ok(None)
}

/// Gives mode and id of every entry of a tree, without making values of them, until `take` says false.
pub fn each_in_tree(mut bytes: &[u8], mut take: impl FnMut(u32, Oid) -> bool) -> Result<(), Malformed> {
    let bad = |detail| Malformed { kind: "tree", detail };
    while !bytes.is_empty() {
        let space = memchr::memchr(b' ', bytes).ok_or(bad("no mode"))?;
        let mode = std::str::from_utf8(&bytes[..space]).ok().and_then(|s| u32::from_str_radix(s, 8).ok());
        let zero = space + memchr::memchr(0, &bytes[space..]).ok_or(bad("no end of a name"))?;
        let oid = Oid::from_slice(&bytes[zero + 1..]).ok_or(bad("cut off"))?;
        if !take(mode.ok_or(bad("no octal mode"))?, oid) {
            return Ok(());
        }
        bytes = &bytes[zero + 1 + OID_BYTES..];
    }
    Ok(())
}

/// Who, and when: one line of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub name: String,
    pub email: String,
    /// Seconds since 1970-01-01 UTC, not negative.
    pub seconds: i64,
    /// Minutes east of UTC.
    pub offset: i16,
}

/// A signature that git would not accept.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SignatureError {
    #[error("the time {0} of a signature is before 1970: git cannot hold it")]
    BeforeEpoch(i64),
    #[error("the time zone of a signature is {0} minutes from UTC: at most {MAX_OFFSET} are possible")]
    Offset(i16),
}

impl Signature {
    /// The line's value: `Name <email> seconds +hhmm`. Characters that would end a field early (`<`, `>`, control
    /// characters) become spaces, as a name may come from a user; an empty name is replaced by the address.
    pub fn encode(&self) -> Result<String, SignatureError> {
        if self.seconds < 0 {
            return Err(SignatureError::BeforeEpoch(self.seconds));
        }
        if self.offset.abs() > MAX_OFFSET {
            return Err(SignatureError::Offset(self.offset));
        }
        let email = clean(&self.email).replace(' ', "");
        let name = match clean(&self.name) {
            name if !name.is_empty() => name,
            _ if !email.is_empty() => email.clone(),
            _ => "unknown".to_owned(),
        };
        let (sign, minutes) = (if self.offset < 0 { '-' } else { '+' }, self.offset.abs());
        Ok(format!("{name} <{email}> {} {sign}{:02}{:02}", self.seconds, minutes / 60, minutes % 60))
    }

    /// As far as the line can be read: git shows commits whose lines are broken as well (`split_ident_line` in ident.c), and a
    /// history may hold some.
    fn decode(line: &str) -> Signature {
        let (name, rest) = line.split_once('<').unwrap_or((line, ""));
        let (email, time) = rest.rsplit_once('>').unwrap_or((rest, ""));
        let (seconds, zone) = time.trim().split_once(' ').unwrap_or((time.trim(), ""));
        let (seconds, zone) = (seconds.parse().unwrap_or(0), zone.parse().unwrap_or(0));
        let offset = (zone / 100 * 60 + zone % 100).clamp(-MAX_OFFSET, MAX_OFFSET);
        let (name, email) = (name.trim().to_owned(), email.to_owned());
        Signature { name, email, seconds: i64::max(seconds, 0), offset }
    }
}

/// git strips these from the ends of a name, too (`crud` in ident.c).
fn clean(text: &str) -> String {
    let text = text.replace(|c: char| c.is_control() || matches!(c, '<' | '>'), " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").trim_matches(|c| matches!(c, '.' | ',' | ':' | ';' | '"' | '\\' | '\'' | ' ')).to_owned()
}

/// A commit, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub tree: Oid,
    /// Parents, the first one first; none for the first commit of a branch.
    pub parents: Vec<Oid>,
    pub author: Signature,
    pub committer: Signature,
    /// The whole message; bytes that are not UTF-8 are replaced.
    pub message: String,
}

/// The bytes of a commit with at most one parent.
pub fn encode_commit(
    tree: Oid,
    parent: Option<Oid>,
    author: &Signature,
    committer: &Signature,
    message: &str,
) -> Result<Vec<u8>, SignatureError> {
    let parent = parent.map(|id| format!("parent {id}\n")).unwrap_or_default();
    let (author, committer) = (author.encode()?, committer.encode()?);
    let end = if message.ends_with('\n') { "" } else { "\n" };
    Ok(format!("tree {tree}\n{parent}author {author}\ncommitter {committer}\n\n{message}{end}").into_bytes())
}

/// A commit from its bytes; headers that are not needed here (signatures, encoding, merge tags) are skipped.
pub fn decode_commit(bytes: &[u8]) -> Result<Commit, Malformed> {
    let bad = |detail| Malformed { kind: "commit", detail };
    let text = String::from_utf8_lossy(bytes);
    let (headers, message) = text.split_once("\n\n").unwrap_or((text.trim_end_matches('\n'), ""));
    let (mut tree, mut parents, mut author, mut committer) = (None, Vec::new(), None, None);
    for line in headers.lines() {
        match line.split_once(' ') {
            Some(("tree", id)) => tree = id.parse().ok(),
            Some(("parent", id)) => parents.push(id.parse().map_err(|_| bad("a parent is no id"))?),
            Some(("author", who)) => author = Some(Signature::decode(who)),
            Some(("committer", who)) => committer = Some(Signature::decode(who)),
            _ => {}
        }
    }
    Ok(Commit {
        tree: tree.ok_or(bad("no tree"))?,
        parents,
        author: author.ok_or(bad("no author"))?,
        committer: committer.ok_or(bad("no committer"))?,
        message: message.to_owned(),
    })
}

/// The tree of a commit, from its bytes: its line is the first.
pub fn tree_of(bytes: &[u8]) -> Option<Oid> {
    Oid::from_hex(bytes.strip_prefix(b"tree ")?.get(..OID_HEX)?)
}

/// The first parent of a commit, from its bytes.
pub fn first_parent(bytes: &[u8]) -> Option<Oid> {
    parents(bytes).next()
}

/// The parents of a commit, from its bytes: they follow the line of the tree.
pub fn parents(bytes: &[u8]) -> impl Iterator<Item = Oid> {
    const TREE_LINE: usize = "tree ".len() + OID_HEX + 1;
    let mut rest = bytes.get(TREE_LINE..).unwrap_or_default();
    std::iter::from_fn(move || {
        let line = rest.strip_prefix(b"parent ")?;
        rest = line.get(OID_HEX + 1..).unwrap_or_default();
        Oid::from_hex(line.get(..OID_HEX)?)
    })
}

/// What a tag names, from its bytes: it is the first line.
pub fn tagged(bytes: &[u8]) -> Option<Oid> {
    Oid::from_hex(bytes.strip_prefix(b"object ")?.get(..OID_HEX)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(name: &str, email: &str) -> Signature {
        Signature { name: name.into(), email: email.into(), seconds: 7, offset: -150 }
    }

    #[test]
    fn a_folder_sorts_as_if_it_ended_in_a_slash() {
        let entry = |mode, name: &str| TreeEntry { mode, name: name.into(), oid: Oid::EMPTY_TREE };
        let mut entries =
            [entry(MODE_TREE, "a"), entry(MODE_FILE, "a.b"), entry(MODE_FILE, "a0"), entry(MODE_FILE, "a-")];
        entries.sort_by(order);
        let names: Vec<_> = entries.iter().map(|e| String::from_utf8_lossy(&e.name)).collect();
        assert_eq!(names, ["a-", "a.b", "a", "a0"]);
        let bytes = encode_tree(&entries);
        assert_eq!(decode_tree(&bytes).unwrap(), entries);
        for entry in &entries {
            assert_eq!(find_in_tree(&bytes, &entry.name).unwrap().as_ref(), Some(entry));
        }
        let mut seen = Vec::new();
        each_in_tree(&bytes, |mode, oid| {
            seen.push((mode, oid));
            seen.len() < 3
        })
        .unwrap();
        assert_eq!(seen, entries[..3].iter().map(|e| (e.mode, e.oid)).collect::<Vec<_>>());
        assert!(each_in_tree(&bytes[..bytes.len() - 1], |_, _| true).is_err());
        assert_eq!(find_in_tree(&bytes, b"b").unwrap(), None);
        assert!(find_in_tree(&bytes[..bytes.len() - 1], b"b").is_err());
    }

    #[test]
    fn a_hostile_name_stays_in_its_field() {
        let line = who("A\nparent 00 <x@y> <", "a b@c>\n").encode().unwrap();
        assert_eq!(line, "A parent 00 x@y <ab@c> 7 -0230");
        assert_eq!(who("", "me@x").encode().unwrap(), "me@x <me@x> 7 -0230");
        assert_eq!(who(" \n", "").encode().unwrap(), "unknown <> 7 -0230");
    }

    #[test]
    fn a_commit_reads_back() {
        let who = who("Ann", "a@b");
        let bytes = encode_commit(Oid::EMPTY_TREE, Some(Oid::EMPTY_TREE), &who, &who, "s\n\nbody").unwrap();
        assert_eq!(first_parent(&bytes), Some(Oid::EMPTY_TREE));
        assert_eq!((tree_of(&bytes), tree_of(&bytes[..40])), (Some(Oid::EMPTY_TREE), None));
        let root = encode_commit(Oid::EMPTY_TREE, None, &who, &who, "parent").unwrap();
        assert_eq!(first_parent(&root), None);
        let merge = format!("tree {0}\nparent {0}\nparent {0}\nauthor x", Oid::EMPTY_TREE);
        assert_eq!(parents(merge.as_bytes()).count(), 2);
        let commit = decode_commit(&bytes).unwrap();
        assert_eq!((commit.author, commit.message.as_str()), (who, "s\n\nbody\n"));
        assert_eq!(commit.parents, [Oid::EMPTY_TREE]);
        assert!(decode_commit(b"author x").is_err());
    }

    #[test]
    fn a_commit_by_nobody_in_particular_is_read_as_far_as_it_goes() {
        let who = |name: &str, email: &str, seconds, offset| Signature {
            name: name.into(),
            email: email.into(),
            seconds,
            offset,
        };
        let table = [
            ("Ann <a@b> 7 +0200", who("Ann", "a@b", 7, 120)),
            ("Ann <a@b> 7", who("Ann", "a@b", 7, 0)),
            ("Ann <a@b>", who("Ann", "a@b", 0, 0)),
            ("Ann", who("Ann", "", 0, 0)),
            ("Ann <a@b", who("Ann", "a@b", 0, 0)),
            ("<> -1 +9999", who("", "", 0, MAX_OFFSET)),
            ("", who("", "", 0, 0)),
        ];
        for (line, expected) in table {
            let text = format!("tree {}\nauthor {line}\ncommitter {line}\n\ns\n", Oid::EMPTY_TREE);
            let commit = decode_commit(text.as_bytes()).unwrap();
            assert_eq!(commit.author, expected, "{line}");
            assert!(commit.author.encode().is_ok(), "{line}");
        }
    }
}
