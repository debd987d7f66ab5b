//! The bytes of a commit turned into an SSH signature that `git verify-commit` accepts, and checked against a public key
//! (git's `gpg.format=ssh`; OpenSSH `PROTOCOL.sshsig`).

use std::fmt;

use rsa::pkcs1v15::SigningKey;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::{BigUint, RsaPrivateKey};
use sha2::Sha512;
use ssh_key::private::{KeypairData, RsaKeypair};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, Signature, SshSig};

/// What the signatures of git are for: it refuses those made for anything else.
const NAMESPACE: &str = "git";
/// The header that git looks for, also where the signature is none of PGP.
const HEADER: &str = "gpgsig";
/// No private key is larger: RSA with 16,384 bits has 13 KB.
pub const MAX_KEY: u64 = 64 << 10;

/// A private key that signs commits.
#[derive(Clone)]
pub struct Signer {
    key: PrivateKey,
    public: String,
}

/// A key that cannot sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("it is no private key of OpenSSH ({0}); `ssh-keygen -t ed25519 -f FILE` makes one")]
    Format(String),
    #[error(
        "it is protected by a passphrase; name the file that holds it, or remove it (`ssh-keygen -p -f FILE`)"
    )]
    Locked,
    #[error("the passphrase does not open it")]
    Passphrase,
    #[error("it is a key of kind {0}, which cannot sign here; take ed25519, ecdsa-sha2-nistp256 or rsa")]
    Kind(String),
}

/// A commit that could not be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the commit cannot be signed: {0}")]
pub struct SignError(String);

/// What a commit says of who signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    No,
    /// By this key.
    Yes,
    /// By another key, for something else, or not over these bytes.
    Wrongly,
}

impl Signer {
    /// Reads a private key as `ssh-keygen` writes it.
    pub fn new(text: &[u8], passphrase: Option<&str>) -> Result<Signer, KeyError> {
        let key = PrivateKey::from_openssh(text).map_err(|error| KeyError::Format(error.to_string()))?;
        let key = match (key.is_encrypted(), passphrase) {
            (false, _) => key,
            (true, None) => return Err(KeyError::Locked),
            (true, Some(passphrase)) => key.decrypt(passphrase).map_err(|_| KeyError::Passphrase)?,
        };
        let public = PublicKey::new(key.public_key().key_data().clone(), "");
        let public = public.to_openssh().map_err(|error| KeyError::Format(error.to_string()))?;
        let signer = Signer { key, public: public.trim_end().to_owned() };
        match signer.sign(b"") {
            Ok(_) => Ok(signer),
            Err(_) => Err(KeyError::Kind(signer.key.algorithm().to_string())),
        }
    }

    /// `ssh-ed25519 AAAA…`, without a comment.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The commit with its signature, from the commit without one.
    pub(super) fn signed(&self, commit: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = self.sign(commit)?;
        let end = end_of_headers(commit);
        let mut signed = commit[..end].to_vec();
        signed.extend_from_slice(HEADER.as_bytes());
        for line in signature.trim_end().lines() {
            // Further lines of a header begin with a space, as the first does behind its name.
            signed.extend_from_slice(format!(" {line}\n").as_bytes());
        }
        signed.extend_from_slice(&commit[end..]);
        Ok(signed)
    }

    fn sign(&self, bytes: &[u8]) -> Result<String, SignError> {
        let failed = |error: ssh_key::Error| SignError(error.to_string());
        let signature = match self.key.key_data() {
            KeypairData::Rsa(pair) => signed_by_rsa(pair, bytes)?,
            _ => SshSig::sign(&self.key, NAMESPACE, HashAlg::Sha512, bytes).map_err(failed)?,
        };
        signature.to_pem(LineEnding::LF).map_err(failed)
    }
}

/// What `SshSig::sign` does: it takes one prime of an RSA key for both, and refuses the key then.
fn signed_by_rsa(pair: &RsaKeypair, bytes: &[u8]) -> Result<SshSig, SignError> {
    let failed = |error: ssh_key::Error| SignError(error.to_string());
    let number = |number: &ssh_key::Mpint| BigUint::try_from(number).map_err(failed);
    let (public, private) = (&pair.public, &pair.private);
    let primes = vec![number(&private.p)?, number(&private.q)?];
    let key =
        RsaPrivateKey::from_components(number(&public.n)?, number(&public.e)?, number(&private.d)?, primes);
    let key = SigningKey::<Sha512>::new(key.map_err(|error| SignError(error.to_string()))?);
    let signed = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, bytes).map_err(failed)?;
    let signature = key.try_sign(&signed).map_err(|error| SignError(error.to_string()))?;
    let algorithm = Algorithm::Rsa { hash: Some(HashAlg::Sha512) };
    let signature = Signature::new(algorithm, signature.to_vec()).map_err(failed)?;
    SshSig::new(KeyData::Rsa(public.clone()), NAMESPACE, HashAlg::Sha512, signature).map_err(failed)
}

impl PartialEq for Signer {
    fn eq(&self, other: &Self) -> bool {
        self.public == other.public
    }
}

impl Eq for Signer {}

impl fmt::Debug for Signer {
    /// Never the key itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public)
    }
}

/// Whether a commit says that somebody signed it.
pub fn is_signed(commit: &[u8]) -> bool {
    commit[..end_of_headers(commit)].split(|byte| *byte == b'\n').any(|line| of_signature(line).is_some())
}

/// What a header line holds behind the name of the signature's header.
fn of_signature(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(HEADER.as_bytes()).filter(|rest| rest.starts_with(b" "))
}

/// Whether `public` (`ssh-ed25519 AAAA…`) signed the commit with these bytes.
pub fn check(public: &str, commit: &[u8]) -> Signed {
    let Some((signature, unsigned)) = split(commit) else { return Signed::No };
    let (Ok(key), Ok(signature)) = (PublicKey::from_openssh(public), SshSig::from_pem(&signature)) else {
        return Signed::Wrongly;
    };
    match key.verify(NAMESPACE, &unsigned, &signature) {
        Ok(()) => Signed::Yes,
        Err(_) => Signed::Wrongly,
    }
}

/// The signature of a commit, and the commit without it.
fn split(commit: &[u8]) -> Option<(String, Vec<u8>)> {
    let end = end_of_headers(commit);
    let (mut signature, mut rest, mut inside) = (String::new(), Vec::new(), false);
    for line in commit[..end].split_inclusive(|byte| *byte == b'\n') {
        let first = of_signature(line);
        inside = first.is_some() || inside && line.starts_with(b" ");
        match inside {
            true => signature.push_str(&String::from_utf8_lossy(&first.unwrap_or(line)[1..])),
            false => rest.extend_from_slice(line),
        }
    }
    rest.extend_from_slice(&commit[end..]);
    (!signature.is_empty()).then_some((signature, rest))
}

/// Where the empty line before the message begins.
fn end_of_headers(commit: &[u8]) -> usize {
    commit.windows(2).position(|pair| pair == b"\n\n").map_or(commit.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n";

    #[test]
    fn what_is_no_key_says_how_to_make_one() {
        for text in ["", "secret", KEY] {
            let error = Signer::new(text.as_bytes(), None).unwrap_err().to_string();
            assert!(error.contains("ssh-keygen -t ed25519"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_commit_without_a_signature_has_none() {
        assert_eq!(check("ssh-ed25519 AAAA", b"tree x\n\ngpgsig y\n"), Signed::No);
        assert!(!is_signed(b"tree x\n\ngpgsig y\n") && is_signed(b"tree x\ngpgsig y\n\nm\n"));
        assert_eq!(check("ssh-ed25519 AAAA", b"tree x\ngpgsig y\n z\n\nm\n"), Signed::Wrongly);
    }
}
