//! Private keys: made from the render's random source, read from PEM and written as Sprig writes them.

use p256::elliptic_curve::zeroize::Zeroizing;
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use rcgen::KeyPair;
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};

use super::define::{STRING, func, text};
use super::pem;
use super::signer::Signer;
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::value::Value;

/// Bits of the key of `genPrivateKey "rsa"`.
const RSA_BITS: usize = 4096;

/// PKCS#8 around an Ed25519 seed, as RFC 8410 writes it (version 0, no public key).
const ED25519_HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// Steps that a new RSA key costs for each of its bits. A public chart makes ten of 4,096 bits, which take a second
/// each; this lets it make 30, or 240 of 2,048 bits.
const RSA_STEPS_PER_BIT: u64 = 20;

/// Steps that a key of an elliptic curve costs.
const KEY_STEPS: u64 = 2_000;

/// Steps that a signature costs.
pub const SIGNING_STEPS: u64 = 10_000;

pub static TABLE: &[Func<Context>] = &[func("genPrivateKey", &[STRING], STRING, |exec, a| {
    let kind = text(a, 0)?.to_text().into_owned();
    exec.budget.steps(KEY_STEPS)?;
    let key = match kind.as_str() {
        "" | "rsa" => new_rsa(exec, "genPrivateKey", RSA_BITS)?,
        "ecdsa" => ecdsa(exec.host.policy.random("genPrivateKey")?),
        "ed25519" => Ok(ed25519(exec.host.policy.random("genPrivateKey")?)),
        "dsa" => Err(KeyError::Dsa),
        _ => return Ok(Value::str(format!("Unknown type {kind}"))),
    };
    Ok(Value::str(key.map_err(|error| CallError::new(error.to_string()))?.pem))
})];

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("no PEM data in input")]
    NoPem,
    #[error("no private key data in PEM block of type {0}")]
    NoKey(String),
    #[error("invalid private key type {0}")]
    UnknownType(String),
    #[error("decoding PEM as PKCS#8: {0}")]
    Pkcs8(String),
    #[error("parsing {kind} private key from PEM: {text}")]
    Malformed { kind: &'static str, text: String },
    #[error(
        "dsa keys are not made or read: the algorithm was withdrawn (FIPS 186-5); use rsa, ecdsa or ed25519"
    )]
    Dsa,
    #[error("failed to generate private key: {0}")]
    Generate(String),
}

/// A private key in both forms that are needed.
pub struct Key {
    /// PKCS#8 DER, for signing.
    pkcs8: Zeroizing<Vec<u8>>,
    /// As Sprig prints it: PKCS#1 for RSA, SEC 1 for ECDSA, PKCS#8 for the rest.
    pub pem: String,
}

impl Key {
    /// The key as it signs certificates.
    pub fn signer(&self) -> Result<Signer, rcgen::Error> {
        Signer::new(&self.pkcs8)
    }
}

/// A new RSA key from the random source of this render.
pub fn new_rsa(
    exec: &mut Exec<'_, Context>,
    function: &str,
    bits: usize,
) -> Result<Result<Key, KeyError>, CallError> {
    // The time grows with the third power of the size, and a little more.
    let size = (bits / 2048).max(1) as u64;
    exec.budget.steps(RSA_STEPS_PER_BIT * bits as u64 * size * size)?;
    Ok(rsa(exec.host.policy.random(function)?, bits))
}

fn rsa(random: &mut ChaCha20Rng, bits: usize) -> Result<Key, KeyError> {
    let key = RsaPrivateKey::new(random, bits).map_err(|error| KeyError::Generate(error.to_string()))?;
    from_rsa(&key).map_err(KeyError::Generate)
}

fn from_rsa(key: &RsaPrivateKey) -> Result<Key, String> {
    let pkcs8 = key.to_pkcs8_der().map_err(|error| error.to_string())?;
    let pkcs1 = key.to_pkcs1_der().map_err(|error| error.to_string())?;
    Ok(Key {
        pkcs8: Zeroizing::new(pkcs8.as_bytes().to_vec()),
        pem: pem::encode("RSA PRIVATE KEY", pkcs1.as_bytes()),
    })
}

/// A new key on the curve P-256.
pub fn ecdsa(random: &mut ChaCha20Rng) -> Result<Key, KeyError> {
    from_p256(&p256::SecretKey::random(random)).map_err(KeyError::Generate)
}

fn from_p256(key: &p256::SecretKey) -> Result<Key, String> {
    let pkcs8 = key.to_pkcs8_der().map_err(|error| error.to_string())?;
    // The curve stands in the key, as Go writes it; PKCS#8 names it outside.
    let sec1 = sec1_with_curve(key);
    Ok(Key { pkcs8: Zeroizing::new(pkcs8.as_bytes().to_vec()), pem: pem::encode("EC PRIVATE KEY", &sec1) })
}

/// `SEQUENCE { 1, scalar, [0] prime256v1, [1] public key }` (RFC 5915).
fn sec1_with_curve(key: &p256::SecretKey) -> Vec<u8> {
    const CURVE: [u8; 12] = [0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let point = p256::EncodedPoint::from(key.public_key());
    let mut body = vec![2, 1, 1, 4, 32];
    body.extend_from_slice(&key.to_bytes());
    body.extend_from_slice(&CURVE);
    body.extend_from_slice(&[0xa1, 68, 3, 66, 0]);
    body.extend_from_slice(point.as_bytes());
    [vec![0x30, body.len() as u8], body].concat()
}

/// A new Ed25519 key.
pub fn ed25519(random: &mut ChaCha20Rng) -> Key {
    let mut seed = [0; 32];
    random.fill_bytes(&mut seed);
    let pkcs8 = [&ED25519_HEAD[..], &seed].concat();
    Key { pem: pem::encode("PRIVATE KEY", &pkcs8), pkcs8: Zeroizing::new(pkcs8) }
}

/// Reads a private key from PEM (`parsePrivateKeyPEM`).
pub fn parse(text: &[u8]) -> Result<Key, KeyError> {
    let block = pem::decode(text).ok_or(KeyError::NoPem)?;
    let malformed = |kind| move |text: String| KeyError::Malformed { kind, text };
    match block.label.as_str() {
        "PRIVATE KEY" => pkcs8(&block.bytes),
        "RSA PRIVATE KEY" => RsaPrivateKey::from_pkcs1_der(&block.bytes)
            .map_err(|error| error.to_string())
            .and_then(|key| from_rsa(&key))
            .map_err(malformed("RSA")),
        "EC PRIVATE KEY" => p256::SecretKey::from_sec1_der(&block.bytes)
            .map_err(|error| format!("{error} (only the curve P-256 is read from this form; use PKCS#8)"))
            .and_then(|key| from_p256(&key))
            .map_err(malformed("EC")),
        "DSA PRIVATE KEY" => Err(KeyError::Dsa),
        label if label.ends_with(" PRIVATE KEY") => Err(KeyError::UnknownType(block.label)),
        _ => Err(KeyError::NoKey(block.label)),
    }
}

/// A key of any kind that can sign; RSA and P-256 get back their own form of PEM.
fn pkcs8(der: &[u8]) -> Result<Key, KeyError> {
    if let Ok(key) = RsaPrivateKey::from_pkcs8_der(der) {
        return from_rsa(&key).map_err(KeyError::Pkcs8);
    }
    if let Ok(key) = p256::SecretKey::from_pkcs8_der(der) {
        return from_p256(&key).map_err(KeyError::Pkcs8);
    }
    KeyPair::try_from(der).map_err(|error| KeyError::Pkcs8(error.to_string()))?;
    Ok(Key { pkcs8: Zeroizing::new(der.to_vec()), pem: pem::encode("PRIVATE KEY", der) })
}
