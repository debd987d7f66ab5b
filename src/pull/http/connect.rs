//! An address turned into a connection: directly or through a proxy, with TLS where the scheme says so.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::super::address::Address;
use super::fault::{self, Cause};
use super::proxy::Proxies;

/// What a proxy may say to a CONNECT, in bytes.
const MAX_GREETING: usize = 16 << 10;

/// A connection, whatever it goes through.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// An open way to a server.
pub struct Connection {
    pub stream: Box<dyn Duplex>,
    /// Plain HTTP through a proxy: the request line names the whole address, and this says who we are.
    pub forwarded: Option<Forwarded>,
}

/// What a proxy for plain HTTP wants to know with every request.
pub struct Forwarded {
    /// `Proxy-Authorization`
    pub authorization: Option<String>,
}

/// Connects; the address has a host and a scheme of the web.
pub async fn connect(
    address: &Address,
    proxies: &Proxies,
    tls: &Arc<ClientConfig>,
) -> Result<Connection, Cause> {
    let secure = match &*address.scheme {
        "http" => false,
        "https" => true,
        other => return Err(Cause::Scheme(other.to_owned())),
    };
    if address.hostname().is_empty() {
        return Err(Cause::NoHost);
    }
    let Some(proxy) = proxies.of_address(address)? else {
        let stream = dial(address).await?;
        let stream = if secure { handshake(stream, address, tls).await? } else { stream };
        return Ok(Connection { stream, forwarded: None });
    };
    let through_proxy = |cause| Cause::Proxy(Box::new(cause));
    let mut stream = dial(&proxy).await.map_err(through_proxy)?;
    if proxy.scheme == "https" {
        stream = handshake(stream, &proxy, tls).await.map_err(through_proxy)?;
    }
    let authorization = proxy.credentials().map(|(user, password)| basic(&user, &password));
    if !secure {
        return Ok(Connection { stream, forwarded: Some(Forwarded { authorization }) });
    }
    tunnel(&mut stream, address, authorization.as_deref()).await?;
    Ok(Connection { stream: handshake(stream, address, tls).await?, forwarded: None })
}

/// The value of a header that says who we are.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

async fn dial(address: &Address) -> Result<Box<dyn Duplex>, Cause> {
    let (host, port) = (address.hostname(), address.port());
    let found =
        tokio::net::lookup_host((host.as_str(), port)).await.map(Iterator::collect::<Vec<SocketAddr>>);
    let found = found.unwrap_or_default();
    let mut last = Cause::Lookup { host, reason: "no such host".to_owned() };
    for address in found {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Small requests that wait for their answer gain nothing from being gathered.
                let _ = stream.set_nodelay(true);
                return Ok(Box::new(stream));
            }
            Err(error) => {
                let reason = format!("connect: {}", fault::system(&error));
                last = Cause::Dial { address: address.to_string(), reason };
            }
        }
    }
    Err(last)
}

async fn handshake(
    stream: Box<dyn Duplex>,
    address: &Address,
    tls: &Arc<ClientConfig>,
) -> Result<Box<dyn Duplex>, Cause> {
    let host = address.hostname();
    let name =
        ServerName::try_from(host.clone()).map_err(|error| Cause::Tls(format!("tls: {host}: {error}")))?;
    let stream = TlsConnector::from(tls.clone()).connect(name, stream).await;
    Ok(Box::new(stream.map_err(|error| fault::tls(&error))?))
}

/// Asks a proxy for a way through (`CONNECT`).
async fn tunnel(
    stream: &mut Box<dyn Duplex>,
    address: &Address,
    authorization: Option<&str>,
) -> Result<(), Cause> {
    let host = address.hostname();
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let target = format!("{host}:{}", address.port());
    let authorization =
        authorization.map_or(String::new(), |text| format!("Proxy-Authorization: {text}\r\n"));
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n");
    let io = |error: io::Error| Cause::Io(fault::system(&error));
    stream.write_all(request.as_bytes()).await.map_err(io)?;
    let mut answer = Vec::new();
    // Byte by byte: what follows the answer belongs to the server behind the proxy.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= MAX_GREETING {
            return Err(Cause::Malformed("the proxy says too much".to_owned()));
        }
        answer.push(stream.read_u8().await.map_err(|_| Cause::Ended)?);
    }
    let line = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
    let status = line.split_once(' ').map_or("", |(_, status)| status);
    match status.starts_with("200") {
        true => Ok(()),
        false => {
            Err(Cause::ProxyAnswer(status.split_once(' ').map_or(status, |(_, words)| words).to_owned()))
        }
    }
}
