//! The key that a host shows, and a file of known hosts, turned into whether to go on (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// Who has been reached, and by which key it says who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey {
    pub host: String,
    pub port: u16,
    /// `ssh-ed25519`
    pub algorithm: String,
    /// As it is sent, and as the file holds it in base64.
    pub blob: Vec<u8>,
}

/// A host that is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostKeyError {
    #[error("the host {name} is unknown; its key is {fingerprint}: if that is right, add this line to {}: {line}", file.display())]
    Unknown { name: String, fingerprint: String, line: String, file: PathBuf },
    #[error(
        "THE HOST {name} HAS ANOTHER KEY THAN LINE {line} OF {} SAYS: somebody may listen in, or it was set up anew; \
         it shows {fingerprint}: if its administrator confirms that, replace the line by: {replacement}", file.display()
    )]
    Changed { name: String, fingerprint: String, line: usize, replacement: String, file: PathBuf },
    #[error(
        "THE KEY {fingerprint} OF THE HOST {name} IS REVOKED by line {line} of {}: somebody may listen in; \
         ask its administrator for the key it has now", file.display()
    )]
    Revoked { name: String, fingerprint: String, line: usize, file: PathBuf },
    #[error(
        "the host {name} is unknown, as remote.sshKnownHostsFile names no file; its key is {fingerprint}: \
         if that is right, name a file with this line: {line}"
    )]
    NoFile { name: String, fingerprint: String, line: String },
}

impl HostKey {
    /// The name as the file has it.
    pub fn name(&self) -> String {
        match self.port {
            22 => self.host.clone(),
            port => format!("[{}]:{port}", self.host),
        }
    }

    /// As `ssh-keygen -l` shows it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&self.blob)))
    }

    fn line(&self) -> String {
        format!("{} {} {}", self.name(), self.algorithm, STANDARD.encode(&self.blob))
    }

    /// Compares with the text of a file of known hosts; `file` is where it stands.
    pub fn check(&self, text: &str, file: &std::path::Path) -> Result<(), HostKeyError> {
        let (name, fingerprint, file) = (self.name(), self.fingerprint(), file.to_owned());
        let (mut trusted, mut other) = (false, None);
        for entry in entries(text, name.clone()) {
            let same = entry.blob == self.blob;
            match entry.marker {
                Some("@revoked") if same => {
                    let line = entry.line;
                    return Err(HostKeyError::Revoked { name, fingerprint, line, file });
                }
                // an authority vouches for keys, it is none; certificates of hosts are not asked for
                Some(_) => {}
                None if same => trusted = true,
                None => other = other.or(Some(entry.line)),
            }
        }
        match (trusted, other) {
            (true, _) => Ok(()),
            (false, Some(line)) => {
                let replacement = self.line();
                Err(HostKeyError::Changed { name, fingerprint, line, replacement, file })
            }
            (false, None) => Err(HostKeyError::Unknown { name, fingerprint, line: self.line(), file }),
        }
    }

    /// What to say where there is no file.
    pub fn without_file(&self) -> HostKeyError {
        HostKeyError::NoFile { name: self.name(), fingerprint: self.fingerprint(), line: self.line() }
    }
}

/// The algorithms of the keys that a file has for a host, so that the host is asked for one of these.
pub fn algorithms(text: &str, host: &str, port: u16) -> Vec<String> {
    let key = HostKey { host: host.to_owned(), port, algorithm: String::new(), blob: Vec::new() };
    let known = entries(text, key.name()).filter(|entry| entry.marker.is_none());
    known.map(|entry| entry.algorithm.to_owned()).collect()
}

struct Entry<'t> {
    /// From 1.
    line: usize,
    marker: Option<&'t str>,
    algorithm: &'t str,
    blob: Vec<u8>,
}

/// The entries that are about a host; what is none is passed over, as OpenSSH does it.
fn entries(text: &str, name: String) -> impl Iterator<Item = Entry<'_>> {
    text.lines().enumerate().filter_map(move |(index, line)| {
        let mut words = line.split_whitespace().peekable();
        let marker = words.next_if(|word| word.starts_with('@'));
        let hosts = words.next().filter(|word| !word.starts_with('#'))?;
        let (algorithm, key) = (words.next()?, words.next()?);
        let blob = STANDARD.decode(key).ok()?;
        about(hosts, &name).then_some(Entry { line: index + 1, marker, algorithm, blob })
    })
}

/// A list of patterns; one with `!` takes a host out.
fn about(hosts: &str, name: &str) -> bool {
    let mut found = false;
    for pattern in hosts.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern.as_bytes(), name.as_bytes()) => return false,
            Some(_) => {}
            None if pattern.starts_with("|1|") => found |= is_hash_of(pattern, name),
            None => found |= matches(pattern.to_lowercase().as_bytes(), name.as_bytes()),
        }
    }
    found
}

/// `|1|salt|hash`: HMAC-SHA1 of the name.
fn is_hash_of(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('|').skip(2).map(|part| STANDARD.decode(part));
    let (Some(Ok(salt)), Some(Ok(hash))) = (parts.next(), parts.next()) else { return false };
    let Ok(mac) = Hmac::<Sha1>::new_from_slice(&salt) else { return false };
    mac.chain_update(name).verify_slice(&hash).is_ok()
}

/// `*` and `?`; goes back to the last star only, so that it costs the product of the lengths at most.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => {
                let Some((at, from)) = star else { return false };
                (p, n) = (at + 1, from + 1);
                star = Some((at, from + 1));
            }
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(host: &str, port: u16) -> HostKey {
        HostKey { host: host.into(), port, algorithm: "ssh-ed25519".into(), blob: b"key".to_vec() }
    }

    /// `a2V5` is the key that is shown, `b3RoZXI=` another one.
    #[test]
    fn lines_are_read_as_openssh_reads_them() {
        // printf 'example.com ssh-ed25519 …' > f; ssh-keygen -H -f f
        let hashed = {
            let mac = Hmac::<Sha1>::new_from_slice(b"salt").unwrap().chain_update("example.com");
            let hash = STANDARD.encode(mac.finalize().into_bytes());
            format!("|1|{}|{hash} ssh-ed25519 a2V5", STANDARD.encode("salt"))
        };
        for (text, port, expected) in [
            ("example.com ssh-ed25519 a2V5 comment", 22, "trusted"),
            ("# example.com ssh-ed25519 a2V5\n\nother,Example.com ssh-ed25519 a2V5", 22, "trusted"),
            (hashed.as_str(), 22, "trusted"),
            (hashed.as_str(), 2222, "unknown"),
            ("[example.com]:2222 ssh-ed25519 a2V5", 2222, "trusted"),
            ("example.com ssh-ed25519 a2V5", 2222, "unknown"),
            ("*.com ssh-ed25519 a2V5", 22, "trusted"),
            ("*.com,!example.com ssh-ed25519 a2V5", 22, "unknown"),
            ("e?ample.com ssh-ed25519 b3RoZXI=", 22, "changed 1"),
            ("example.com ssh-rsa b3RoZXI=\nexample.com ssh-ed25519 a2V5", 22, "trusted"),
            ("example.com ssh-rsa b3RoZXI=", 22, "changed 1"),
            ("example.com ssh-ed25519 a2V5\n@revoked * ssh-ed25519 a2V5", 22, "revoked 2"),
            ("@revoked * ssh-ed25519 b3RoZXI=\nexample.com ssh-ed25519 a2V5", 22, "trusted"),
            ("@cert-authority *.com ssh-ed25519 a2V5", 22, "unknown"),
            ("example.com ssh-ed25519 !!!", 22, "unknown"),
            ("example.com ssh-ed25519", 22, "unknown"),
            ("", 22, "unknown"),
        ] {
            let is = match key("example.com", port).check(text, "f".as_ref()) {
                Ok(()) => "trusted".to_owned(),
                Err(HostKeyError::Changed { line, .. }) => format!("changed {line}"),
                Err(HostKeyError::Revoked { line, .. }) => format!("revoked {line}"),
                Err(_) => "unknown".to_owned(),
            };
            assert_eq!(is, expected, "{text}");
        }
    }

    #[test]
    fn patterns_end() {
        assert!(matches(b"a*b*c", b"aXbXbc") && !matches(b"a*b", b"aXc") && matches(b"**", b""));
        assert!(!matches("a*".repeat(500).as_bytes(), "a".repeat(400).as_bytes()));
    }
}
