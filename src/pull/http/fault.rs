//! What goes wrong between here and a server turned into the words that Go's `net/http` has for it.

use std::io;

use super::super::address::AddressError;

/// Why there is no answer. No variant holds a credential: addresses are written with stars for passwords.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The whole question failed, before an answer began.
    #[error("Get \"{address}\": {cause}")]
    Get { address: String, cause: Box<Cause> },
    /// The answer began and did not end well.
    #[error(transparent)]
    Body(#[from] BodyFault),
}

/// Why no answer began.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    #[error("unsupported protocol scheme \"{0}\"")]
    Scheme(String),
    #[error("http: no Host in request URL")]
    NoHost,
    #[error("dial tcp: lookup {host}: {reason}")]
    Lookup { host: String, reason: String },
    #[error("dial tcp {address}: {reason}")]
    Dial { address: String, reason: String },
    #[error("proxyconnect tcp: {0}")]
    Proxy(Box<Cause>),
    #[error("{0}")]
    ProxyAnswer(String),
    #[error("the proxy {0} is not known; write http:// or https://")]
    ProxyScheme(String),
    #[error("{0}")]
    Tls(String),
    #[error("http: server gave HTTP response to HTTPS client")]
    NoTls,
    #[error("context deadline exceeded (Client.Timeout exceeded while awaiting headers)")]
    Timeout,
    #[error("stopped after {0} redirects")]
    Redirects(usize),
    #[error("failed to parse Location header \"{location}\": {source}")]
    Location { location: String, source: AddressError },
    /// The connection ended before an answer.
    #[error("EOF")]
    Ended,
    #[error("malformed HTTP response: {0}")]
    Malformed(String),
    #[error("{0}")]
    Io(String),
}

/// Why an answer that began is of no use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    #[error("unexpected EOF")]
    Truncated,
    #[error("context deadline exceeded (Client.Timeout or context cancellation while reading body)")]
    Timeout,
    #[error(
        "{address}: the answer is larger than {limit} bytes, which no {what} is; look at what is served there"
    )]
    TooLarge { address: String, what: &'static str, limit: usize },
}

/// The words of the system for an error, as Go prints them: `connect: connection refused`.
pub fn system(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    format!("{}{}", first.map(String::from).unwrap_or_default(), characters.as_str())
}

/// An error of TLS in the words of Go's `crypto/tls`, as far as it has them.
pub fn tls(error: &io::Error) -> Cause {
    use rustls::{CertificateError as Certificate, Error, InvalidMessage};
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let verify = |text: &str| Cause::Tls(format!("tls: failed to verify certificate: x509: {text}"));
    match inner {
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => Cause::NoTls,
        Some(Error::InvalidCertificate(Certificate::UnknownIssuer)) => {
            verify("certificate signed by unknown authority")
        }
        Some(Error::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. })) => {
            verify("certificate has expired or is not yet valid")
        }
        Some(Error::AlertReceived(alert)) => Cause::Tls(format!("remote error: tls: {alert:?}")),
        Some(other) => Cause::Tls(format!("tls: {other}")),
        None if error.kind() == io::ErrorKind::UnexpectedEof => Cause::Ended,
        None => Cause::Io(system(error)),
    }
}
