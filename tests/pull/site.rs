//! A web server on two ports of loopback: files as they are, and behind passwords, redirects and faults.
//!
//! The first parts of a path say what happens (`/auth/cut/charts/index.yaml`), the rest names a file:
//! `/auth` wants user `u` with password `p`, `/port` and `/host` redirect to `/auth` at the other port, by the same
//! name and by another one, `/cut` ends too early, `/close` answers nothing, `/status/503` answers that, `/loop`
//! redirects for ever, `/slow` stops half-way, `/endless` never ends, `/at-here` and `/at-there` hold indexes with
//! absolute addresses.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::charts::Charts;
use crate::support;

/// A question that reached a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `here` or `there`.
    place: &'static str,
    target: String,
    /// `user:password`, of the server or the proxy.
    user: Option<String>,
}

struct Shared {
    charts: PathBuf,
    files: PathBuf,
    scheme: &'static str,
    here: u16,
    there: u16,
    seen: Mutex<Vec<Seen>>,
    /// Files that changed since the charts were packed: path → contents.
    laid: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Everything answers 503.
    down: Mutex<bool>,
}

pub struct Site {
    shared: Arc<Shared>,
}

impl Site {
    pub fn start(charts: &Charts, identity: Option<&Identity>) -> Self {
        let [here, there] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            charts: charts.site(),
            files: support::root().join("tests/pull/files"),
            scheme: if identity.is_some() { "https" } else { "http" },
            here: port(&here),
            there: port(&there),
            seen: Mutex::default(),
            laid: Mutex::default(),
            down: Mutex::default(),
        });
        // The other port wants to know who asks.
        let tls = |client| identity.map(|identity| identity.server(client));
        for (place, listener, tls) in [("here", here, tls(false)), ("there", there, tls(true))] {
            let shared = shared.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (shared, tls) = (shared.clone(), tls.clone());
                    std::thread::spawn(move || serve(stream, place, &shared, tls));
                }
            });
        }
        Site { shared }
    }

    pub fn here(&self, path: &str) -> String {
        format!("{}://127.0.0.1:{}{path}", self.shared.scheme, self.shared.here)
    }

    pub fn here_with(&self, user: &str, password: &str, path: &str) -> String {
        format!("{}://{user}:{password}@127.0.0.1:{}{path}", self.shared.scheme, self.shared.here)
    }

    pub fn there(&self, path: &str) -> String {
        format!("{}://127.0.0.1:{}{path}", self.shared.scheme, self.shared.there)
    }

    pub fn names(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("here", self.here("")),
            ("there", self.there("")),
            ("login", self.here_with("u", "p", "")),
            ("wrong", self.here_with("u", "bad", "")),
            ("by-name", self.here("").replace("127.0.0.1", "localhost")),
            ("plain", self.here("").replace("https", "http")),
            ("secure", self.here("").replace("http:", "https:")),
        ])
    }

    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.shared.seen.lock().unwrap())
    }

    /// Serves these bytes at a path from now on.
    pub fn lay(&self, path: &str, bytes: &[u8]) {
        self.shared.laid.lock().unwrap().insert(path.to_owned(), bytes.to_vec());
    }

    pub fn set_down(&self, down: bool) {
        *self.shared.down.lock().unwrap() = down;
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn serve(stream: TcpStream, place: &'static str, shared: &Shared, tls: Option<Arc<ServerConfig>>) {
    let raw = stream.try_clone().unwrap();
    let mut stream: Box<dyn Stream> = match tls {
        Some(tls) => Box::new(StreamOwned::new(ServerConnection::new(tls).unwrap(), stream)),
        None => Box::new(stream),
    };
    let Some(request) = Request::read(&mut *stream) else { return };
    let user = request.header("authorization").or(request.header("proxy-authorization"));
    let user = user.and_then(|text| STANDARD.decode(text.strip_prefix("Basic ")?).ok());
    let user = user.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let target = request
        .target
        .replace(&format!(":{}", shared.here), ":here")
        .replace(&format!(":{}", shared.there), ":there");
    shared.seen.lock().unwrap().push(Seen { place, target, user: user.clone() });
    let _ = answer(&mut *stream, &request, user.as_deref(), shared);
    let _ = stream.flush();
    // Sends TLS's farewell with whatever is left.
    drop(stream);
    let _ = raw.shutdown(std::net::Shutdown::Write);
}

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

impl Request {
    fn read(stream: &mut dyn Stream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut parts = line.split_whitespace().map(str::to_owned);
        let (method, target) = (parts.next()?, parts.next()?);
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            match line.trim().split_once(": ") {
                Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
                None => return Some(Request { method, target, headers }),
            }
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }
}

fn answer(
    stream: &mut dyn Stream,
    request: &Request,
    user: Option<&str>,
    shared: &Shared,
) -> std::io::Result<()> {
    if request.method == "CONNECT" {
        return head(stream, "403 Not through me", &[], 0);
    }
    if *shared.down.lock().unwrap() {
        return head(stream, "503 Service Unavailable", &[], 0);
    }
    // To a proxy the whole address is given.
    let path = request
        .target
        .split_once("://")
        .map_or(&*request.target, |(_, rest)| &rest[rest.find('/').unwrap_or(0)..]);
    let mut path = path.split('?').next().unwrap_or_default().to_owned();
    let mut cut = 0;
    while let Some((first, rest)) = path.strip_prefix('/').and_then(|path| path.split_once('/')) {
        let rest = format!("/{rest}");
        let Shared { scheme, there, .. } = shared;
        match first {
            "auth" if user != Some("u:p") => {
                return head(stream, "401 Unauthorized", &["WWW-Authenticate: Basic realm=\"x\""], 0);
            }
            "auth" => {}
            "port" => return redirect(stream, &format!("{scheme}://127.0.0.1:{there}/auth{rest}")),
            "host" => return redirect(stream, &format!("{scheme}://localhost:{there}/auth{rest}")),
            "moved" => return redirect(stream, &rest),
            "astray" => return redirect(stream, "http://[::1/"),
            "loop" => return redirect(stream, &format!("{}x", request.target)),
            "close" => return Ok(()),
            "status" => {
                return head(
                    stream,
                    &format!("{} So be it", rest.split('/').nth(1).unwrap_or_default()),
                    &[],
                    0,
                );
            }
            "cut" => cut = 10,
            "slow" => {
                head(stream, "200 OK", &[], 1_000)?;
                stream.flush()?;
                std::thread::sleep(Duration::from_secs(600));
            }
            "endless" => {
                head(stream, "200 OK", &[], 1 << 40)?;
                while stream.write_all(&[b'#'; 1 << 16]).is_ok() {}
                return Ok(());
            }
            _ => break,
        }
        path = rest;
    }
    match contents(&path, shared) {
        Some(bytes) => {
            head(stream, "200 OK", &[], bytes.len() + cut)?;
            stream.write_all(&bytes)
        }
        None => head(stream, "404 Not Found", &[], 0),
    }
}

fn head(stream: &mut dyn Stream, status: &str, headers: &[&str], length: usize) -> std::io::Result<()> {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    write!(stream, "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n")
}

fn redirect(stream: &mut dyn Stream, to: &str) -> std::io::Result<()> {
    head(stream, "302 Found", &[&format!("Location: {to}")], 0)
}

fn contents(path: &str, shared: &Shared) -> Option<Vec<u8>> {
    if let Some(bytes) = shared.laid.lock().unwrap().get(path) {
        return Some(bytes.clone());
    }
    let Shared { scheme, here, there, .. } = shared;
    for (prefix, port) in [("/at-here/", here), ("/at-there/", there)] {
        if path.starts_with(prefix) {
            let index = std::fs::read_to_string(shared.charts.join("charts/index.yaml")).unwrap();
            let absolute = format!("- {scheme}://127.0.0.1:{port}/auth/charts/a-");
            return Some(index.replace("- a-", &absolute).into_bytes());
        }
    }
    let relative = path.trim_start_matches('/').replace("%2B", "+");
    let file = match relative.strip_prefix("files/") {
        Some(rest) => shared.files.join(rest),
        None => shared.charts.join(relative),
    };
    std::fs::read(file).ok()
}

/// An authority, and what it certified, in files.
pub struct Identity {
    folder: PathBuf,
    server: (CertificateDer<'static>, PrivateKeyDer<'static>),
    authority: CertificateDer<'static>,
}

impl Identity {
    pub fn new(folder: &Path) -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "tests");
        let authority = params.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(params, authority_key);
        let certify = |name: &str, usage| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.extended_key_usages = vec![usage];
            (params.signed_by(&key, &issuer).unwrap(), key)
        };
        let (server, server_key) = certify("127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth);
        let (client, client_key) = certify("client", ExtendedKeyUsagePurpose::ClientAuth);
        for (name, text) in [
            ("ca.pem", authority.pem()),
            ("client.pem", client.pem()),
            ("client.key", client_key.serialize_pem()),
            ("empty.pem", String::new()),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let key = PrivateKeyDer::from_pem_slice(server_key.serialize_pem().as_bytes()).unwrap();
        let (server, authority) = ((server.der().clone(), key), authority.der().clone());
        Identity { folder: folder.into(), server, authority }
    }

    pub fn names(&self) -> BTreeMap<&'static str, String> {
        let path = |name: &str| self.folder.join(name).display().to_string();
        let names = [("ca", "ca.pem"), ("cert", "client.pem"), ("key", "client.key"), ("empty", "empty.pem")];
        names.map(|(name, file)| (name, path(file))).into()
    }

    fn server(&self, client: bool) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).unwrap();
        let builder = match client {
            true => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap(),
            ),
            false => builder.with_no_client_auth(),
        };
        let (certificate, key) = (self.server.0.clone(), self.server.1.clone_key());
        Arc::new(builder.with_single_cert(vec![certificate], key).unwrap())
    }
}
