//! The first thing a git server says turned into the branches it has and what it can do (gitprotocol-pack, "Reference Discovery").

use std::collections::{BTreeMap, BTreeSet};

use tokio::io::AsyncRead;

use crate::git::Oid;
use crate::git::path::{branch_ref, is_beside};

use super::error::Fault;
use super::pkt_line::{Packet, PacketError, Packets, trimmed};
use super::words;

/// References that a server may show. Forges show every pull request; the largest have some 100,000.
pub const MAX_REFERENCES: usize = 1_000_000;
/// Bytes of all of them.
pub const MAX_BYTES: usize = 128 << 20;
/// Ids besides branches that are remembered, to send less: 20 bytes each.
const MAX_KNOWN: usize = 100_000;
/// What stands in the place of a branch where there is none.
const NOTHING: &str = "capabilities^{}";

/// What a server has and can do.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Advertisement {
    /// Branches by their short names. One whose name this program would not write is left out.
    pub branches: BTreeMap<String, Oid>,
    /// Ids of everything that it shows: it has these, and what they reach.
    pub known: BTreeSet<Oid>,
    capabilities: Vec<String>,
}

impl Advertisement {
    /// True when the server can do it.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|word| word == capability)
    }

    /// The value of a capability.
    pub fn value(&self, capability: &str) -> Option<&str> {
        self.capabilities.iter().find_map(|word| word.strip_prefix(capability)?.strip_prefix('='))
    }

    /// Reads up to the flush that ends it. Over HTTP a line comes first that names the service.
    pub async fn read(
        packets: &mut Packets<impl AsyncRead + Unpin>,
        service: Option<&str>,
    ) -> Result<Advertisement, Fault> {
        if let Some(service) = service {
            read_service(packets, service).await?;
        }
        let mut reading = Reading::default();
        loop {
            match packets.next().await.map_err(unreadable)? {
                Some(Packet::Flush) => return reading.finish(),
                Some(Packet::Line(line)) => reading.line(trimmed(&line))?,
                None if reading.lines == 0 => return Err(Fault::Ended(String::new())),
                None => return Err(protocol("its list of branches has no end")),
            }
        }
    }
}

async fn read_service(packets: &mut Packets<impl AsyncRead + Unpin>, service: &str) -> Result<(), Fault> {
    match packets.next().await.map_err(unreadable)? {
        Some(Packet::Line(line)) if trimmed(&line) == format!("# service={service}").as_bytes() => {}
        Some(Packet::Line(line)) => return Err(spoken(&line).unwrap_or_else(|| not_git(&line))),
        _ => return Err(Fault::NotGit("the answer is empty".to_owned())),
    }
    match packets.next().await.map_err(unreadable)? {
        Some(Packet::Flush) => Ok(()),
        _ => Err(protocol("its answer goes on where it should pause")),
    }
}

#[derive(Default)]
struct Reading {
    found: Advertisement,
    /// A server may say first that it speaks version 1, which is 0 with this line.
    versioned: bool,
    lines: usize,
    bytes: usize,
}

impl Reading {
    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        if let Some(words) = spoken(line) {
            return Err(words);
        }
        if self.lines == 0 && !self.versioned && line == b"version 1" {
            self.versioned = true;
            return Ok(());
        }
        self.lines += 1;
        self.bytes += line.len();
        if self.lines > MAX_REFERENCES || self.bytes > MAX_BYTES {
            return Err(protocol("it shows more branches and tags than can be"));
        }
        if line.starts_with(b"shallow ") {
            return Ok(());
        }
        let (reference, capabilities) = match line.iter().position(|byte| *byte == 0) {
            Some(at) if self.lines == 1 => (&line[..at], &line[at + 1..]),
            _ => (line, &b""[..]),
        };
        if self.lines == 1 {
            let text = String::from_utf8_lossy(capabilities);
            self.found.capabilities = text.split_whitespace().map(str::to_owned).collect();
        }
        self.reference(reference).ok_or_else(|| not_git(line))?
    }

    /// `id name`; nothing where it is not that.
    fn reference(&mut self, line: &[u8]) -> Option<Result<(), Fault>> {
        let space = line.iter().position(|byte| *byte == b' ')?;
        let (hex, name) = (&line[..space], &line[space + 1..]);
        let sha256 = hex.len() == 64 && hex.iter().all(u8::is_ascii_hexdigit);
        if sha256 {
            return Some(Err(object_format("sha256")));
        }
        let oid = Oid::from_hex(hex)?;
        if name.is_empty() || name.contains(&0) {
            return None;
        }
        let Ok(name) = std::str::from_utf8(name) else { return Some(Ok(())) };
        if name == NOTHING {
            return Some(Ok(()));
        }
        if self.found.known.len() < MAX_KNOWN {
            self.found.known.insert(oid);
        }
        let branch = if is_beside(name) { Some(name) } else { name.strip_prefix("refs/heads/") };
        let Some(branch) = branch else { return Some(Ok(())) };
        if branch_ref(branch).is_ok() && self.found.branches.insert(branch.to_owned(), oid).is_some() {
            return Some(Err(protocol(&format!("it shows the branch {branch} twice"))));
        }
        Some(Ok(()))
    }

    fn finish(self) -> Result<Advertisement, Fault> {
        match self.found.value("object-format") {
            Some("sha1") | None => Ok(self.found),
            Some(other) => Err(object_format(&words::clean(other))),
        }
    }
}

fn object_format(format: &str) -> Fault {
    Fault::Settings(format!("its objects have {format} ids; promgit needs a repository with SHA-1 ids"))
}

/// The words of a server that says no in a line of its own (gitprotocol-pack, "pkt-line ERR").
fn spoken(line: &[u8]) -> Option<Fault> {
    let text = line.strip_prefix(b"ERR ")?;
    Some(refusal(&words::clean(&String::from_utf8_lossy(text))))
}

/// A no in words: some of them are known.
pub fn refusal(words: &str) -> Fault {
    let has = |part: &str| words.to_lowercase().contains(part);
    if has("not our ref") {
        return Fault::Raced;
    }
    let absent = ["not found", "does not appear to be a git repository", "not exported", "does not exist"];
    match absent.iter().any(|part| has(part)) {
        true => Fault::NotFound(words.to_owned()),
        false => Fault::Refused(words.to_owned()),
    }
}

fn not_git(line: &[u8]) -> Fault {
    let start = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
    Fault::NotGit(format!("it says {:?}", words::clean(&start)))
}

fn protocol(detail: &str) -> Fault {
    Fault::Protocol(detail.to_owned())
}

/// What was no packet.
pub fn unreadable(error: PacketError) -> Fault {
    match error {
        PacketError::Length(_) => Fault::Protocol(error.to_string()),
        PacketError::CutOff => Fault::Ended(String::new()),
        PacketError::Io(error) => super::silence::fault(&error),
    }
}
