//! Files of certificates turned into how TLS is spoken (Helm `internal/tlsutil`).
#![allow(clippy::disallowed_methods)] // reads the certificates that the user names

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::fault::system;

/// A bundle of all public authorities has 220 kB.
const MAX_FILE: u64 = 4 << 20;

/// Whom to trust, and who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Trusted instead of the system's authorities.
    pub ca_file: Option<PathBuf>,
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    /// Any certificate will do.
    pub insecure: bool,
}

/// Why TLS cannot be set up; the texts are Helm's.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(
        "can't create TLS config for client: unable to read cert file: \"{path}\": open {path}: {reason}"
    )]
    Cert { path: PathBuf, reason: String },
    #[error("can't create TLS config for client: unable to read key file: \"{path}\": open {path}: {reason}")]
    Key { path: PathBuf, reason: String },
    #[error("can't create TLS config for client: can't read CA file: \"{path}\": open {path}: {reason}")]
    Ca { path: PathBuf, reason: String },
    #[error("can't create TLS config for client: failed to append certificates from pem block")]
    NoCa,
    #[error("can't create TLS config for client: unable to load cert from key pair: {0}")]
    Pair(String),
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] Error),
}

/// Reads the files.
pub fn configure(trust: &Trust) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let verifier: Arc<dyn ServerCertVerifier> = match trust.insecure {
        true => Arc::new(Anyone(provider)),
        false => {
            let roots = Arc::new(roots(trust.ca_file.as_deref())?);
            let built = WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build();
            // A machine without authorities can still speak plain HTTP.
            match built {
                Ok(built) => built,
                Err(_) => Arc::new(Nobody(provider)),
            }
        }
    };
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    Ok(Arc::new(match identity(trust)? {
        Some((chain, key)) => {
            builder.with_client_auth_cert(chain, key).map_err(|error| TlsError::Pair(error.to_string()))?
        }
        None => builder.with_no_client_auth(),
    }))
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca_file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    let text = read(path).map_err(|error| TlsError::Ca { path: path.into(), reason: system(&error) })?;
    // As Helm has it: an empty file says nothing.
    if text.is_empty() {
        return self::roots(None);
    }
    let (added, _) = roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&text).flatten());
    if added == 0 { Err(TlsError::NoCa) } else { Ok(roots) }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(trust: &Trust) -> Result<Option<Identity>, TlsError> {
    let Trust { cert_file, key_file, .. } = trust;
    if cert_file.is_none() && key_file.is_none() {
        return Ok(None);
    }
    let path = cert_file.clone().unwrap_or_default();
    let cert = read(&path).map_err(|error| TlsError::Cert { path, reason: system(&error) })?;
    let path = key_file.clone().unwrap_or_default();
    let key = read(&path).map_err(|error| TlsError::Key { path, reason: system(&error) })?;
    let chain = CertificateDer::pem_slice_iter(&cert).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| TlsError::Pair(error.to_string()))?;
    if chain.is_empty() {
        return Err(TlsError::Pair("tls: failed to find any PEM data in certificate input".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| TlsError::Pair(no_key(&key).to_owned()))?;
    Ok(Some((chain, key)))
}

/// The words of Go's `tls.X509KeyPair`.
fn no_key(text: &[u8]) -> &'static str {
    match CertificateDer::from_pem_slice(text) {
        Ok(_) => "tls: found a certificate rather than a key in the PEM for the private key",
        Err(_) => "tls: failed to find any PEM data in key input",
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Trusts any certificate: the user asked for it (`--insecure-skip-tls-verify`).
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

/// Trusts none.
#[derive(Debug)]
struct Nobody(Arc<CryptoProvider>);

macro_rules! signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    };
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    signatures!();
}

impl ServerCertVerifier for Nobody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Err(Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer))
    }

    signatures!();
}
