//! A private key turned into signatures that are the same every time, so that a certificate is.

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey as P256Key};
use p256::pkcs8::DecodePrivateKey;
use rcgen::{
    Error, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData, SignatureAlgorithm, SigningKey,
};

/// A key that signs certificates.
pub struct Signer {
    pair: KeyPair,
    /// Signs by RFC 6979: `ring` draws a nonce of its own for every signature.
    p256: Option<P256Key>,
}

impl Signer {
    /// Reads a key from PKCS#8 DER.
    pub fn new(pkcs8: &[u8]) -> Result<Self, Error> {
        let pair = KeyPair::try_from(pkcs8)?;
        let is_p256 = *pair.algorithm() == PKCS_ECDSA_P256_SHA256;
        let p256 = is_p256.then(|| P256Key::from_pkcs8_der(pkcs8)).transpose();
        Ok(Signer { p256: p256.map_err(|_| Error::CouldNotParseKeyPair)?, pair })
    }

    /// Whether the same message gives the same signature: RSA (PKCS#1 v1.5), Ed25519 and P-256.
    pub fn is_repeatable(&self) -> bool {
        let algorithm = self.pair.algorithm();
        self.p256.is_some() || *algorithm == PKCS_ED25519 || self.pair.is_compatible(&rcgen::PKCS_RSA_SHA256)
    }
}

impl PublicKeyData for Signer {
    fn der_bytes(&self) -> &[u8] {
        self.pair.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.pair.algorithm()
    }
}

impl SigningKey for Signer {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let Some(key) = &self.p256 else { return self.pair.sign(message) };
        let signature: DerSignature = key.try_sign(message).map_err(|_| Error::RemoteKeyError)?;
        Ok(signature.as_bytes().to_vec())
    }
}
