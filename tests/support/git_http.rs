//! Real `git http-backend` behind a small web server on loopback: logins, TLS, redirects, faults; and a proxy.
#![allow(dead_code, clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A web server in front of all repositories below a folder. The first part of a path may say what happens instead:
/// `/moved/…` redirects to the rest, `/status/503/…` answers that, `/echo/503/…` with the login in it.
pub struct GitHttp {
    pub port: u16,
    scheme: &'static str,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    root: PathBuf,
    /// What `Authorization` has to be, if anything.
    wanted: Mutex<Option<String>>,
    /// `GET /a.git/info/refs?…`, with `chunked` or the length of the request.
    seen: Mutex<Vec<String>>,
    /// Requests with content are answered with the first bytes only.
    cut: Mutex<Option<usize>>,
}

impl GitHttp {
    pub fn start(root: &Path, tls: Option<Arc<ServerConfig>>) -> GitHttp {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State { root: root.to_owned(), ..State::default() });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, tls) = (Arc::clone(&shared), tls.clone());
                std::thread::spawn(move || serve(stream, &state, tls));
            }
        });
        GitHttp { port, scheme, state }
    }

    /// `path` starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}://127.0.0.1:{}{path}", self.scheme, self.port)
    }

    pub fn want_basic(&self, user: &str, password: &str) {
        let text = STANDARD.encode(format!("{user}:{password}"));
        *self.state.wanted.lock().unwrap() = Some(format!("Basic {text}"));
    }

    pub fn want_token(&self, token: &str) {
        *self.state.wanted.lock().unwrap() = Some(format!("Bearer {token}"));
    }

    pub fn cut_answers_at(&self, bytes: Option<usize>) {
        *self.state.cut.lock().unwrap() = bytes;
    }

    pub fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut self.state.seen.lock().unwrap())
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn serve(stream: TcpStream, state: &State, tls: Option<Arc<ServerConfig>>) {
    let raw = stream.try_clone().unwrap();
    stream.set_nodelay(true).unwrap();
    let stream: Box<dyn Stream> = match tls {
        Some(tls) => Box::new(StreamOwned::new(ServerConnection::new(tls).unwrap(), stream)),
        None => Box::new(stream),
    };
    let mut stream = BufReader::new(stream);
    // one request after the other, as long as the client likes
    while let Some(request) = Request::read(&mut stream) {
        if answer(&mut stream, request, state).is_none() {
            break;
        }
    }
    drop(stream);
    let _ = raw.shutdown(Shutdown::Both);
}

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &mut BufReader<Box<dyn Stream>>) -> Option<Request> {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let mut parts = line.split_whitespace().map(str::to_owned);
        let (method, target) = (parts.next()?, parts.next()?);
        // a proxy may have passed the whole address on
        let target = match target.split_once("://") {
            Some((_, rest)) => rest[rest.find('/')?..].to_owned(),
            None => target,
        };
        let mut request = Request { method, target, headers: Vec::new(), body: Vec::new() };
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).ok()?;
            match line.trim().split_once(": ") {
                Some((name, value)) => request.headers.push((name.to_ascii_lowercase(), value.to_owned())),
                None => break,
            }
        }
        if request.header("transfer-encoding").is_some() {
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).ok()?;
                let length = u64::from_str_radix(line.trim(), 16).ok()?;
                let mut chunk = Vec::new();
                stream.take(length + 2).read_to_end(&mut chunk).ok()?;
                if chunk.len() as u64 != length + 2 {
                    return None;
                }
                if length == 0 {
                    return Some(request);
                }
                request.body.extend_from_slice(&chunk[..chunk.len() - 2]);
            }
        }
        let length: u64 = request.header("content-length").map_or(0, |text| text.parse().unwrap());
        stream.take(length).read_to_end(&mut request.body).ok()?;
        (request.body.len() as u64 == length).then_some(request)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn answer(stream: &mut BufReader<Box<dyn Stream>>, request: Request, state: &State) -> Option<()> {
    let kind = if request.header("transfer-encoding").is_some() { "chunked" } else { "whole" };
    state.seen.lock().unwrap().push(format!("{} {} {kind}", request.method, request.target));
    let out = stream.get_mut();
    let wanted = state.wanted.lock().unwrap().clone();
    if wanted.is_some() && request.header("authorization") != wanted.as_deref() {
        let headers = "WWW-Authenticate: Basic realm=\"git\"\r\nContent-Type: text/plain\r\n";
        return write(out, "401 Unauthorized", headers, b"who are you?\n");
    }
    let mut parts = request.target.splitn(4, '/').skip(1);
    match (parts.next()?, parts.next()?) {
        ("moved", _) => {
            let to = request.target.strip_prefix("/moved")?;
            return write(out, "302 Found", &format!("Location: {to}\r\n"), b"");
        }
        ("status", status) => return write(out, &format!("{status} So be it"), "", b""),
        ("echo", status) => {
            let said = request.header("authorization").unwrap_or_default();
            let inner = STANDARD.encode(said);
            let page = format!("you said {said}, or {inner}; go away\n");
            let page = page.clone() + &"no\n".repeat(400_000) + &page + "because I say so\n";
            let status = format!("{status} Not with {said}");
            return write(out, &status, "Content-Type: text/plain\r\n", page.as_bytes());
        }
        _ => {}
    }
    let backend = backend(&request, &state.root);
    let end = backend.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&backend[..end]).into_owned();
    let (status, headers): (Vec<&str>, Vec<&str>) =
        head.lines().partition(|line| line.starts_with("Status: "));
    let status = status.first().map_or("200 OK", |line| &line["Status: ".len()..]);
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let body = &backend[end + 4..];
    match *state.cut.lock().unwrap() {
        Some(cut) if request.method == "POST" && cut < body.len() => {
            let length = body.len();
            write!(out, "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n").ok()?;
            out.write_all(&body[..cut]).ok()?;
            let _ = out.flush();
            None
        }
        _ => write(out, status, &headers, body),
    }
}

fn write(out: &mut Box<dyn Stream>, status: &str, headers: &str, body: &[u8]) -> Option<()> {
    let length = body.len();
    let mut whole = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n").into_bytes();
    whole.extend_from_slice(body);
    out.write_all(&whole).and_then(|()| out.flush()).ok()
}

/// git's own CGI program.
fn backend(request: &Request, root: &Path) -> Vec<u8> {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut command = Command::new("git");
    command.arg("http-backend").env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1");
    command.env("REQUEST_METHOD", &request.method).env("PATH_INFO", path).env("QUERY_STRING", query);
    command.env("REMOTE_ADDR", "127.0.0.1").env("CONTENT_LENGTH", request.body.len().to_string());
    command.env("CONTENT_TYPE", request.header("content-type").unwrap_or_default());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let _ = input.write_all(&request.body);
        });
        child.wait_with_output().unwrap().stdout
    })
}

/// A server certificate for 127.0.0.1; its authority goes to `ca.pem` in the folder.
pub fn tls(folder: &Path) -> Arc<ServerConfig> {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let server =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![server.der().clone()];
    Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

/// A proxy that goes to one port of loopback whatever it is asked for, so that a name that nobody has leads there. It keeps the
/// first line of every question.
pub struct Proxy {
    pub port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub fn start(target: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&shared);
                std::thread::spawn(move || forward(stream, target, &seen));
            }
        });
        Proxy { port, seen }
    }

    pub fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

fn forward(mut client: TcpStream, target: u16, seen: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|count| count == 1) {
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let first = text.lines().next().unwrap_or_default().to_owned();
    seen.lock().unwrap().push(first.clone());
    let mut server = TcpStream::connect(("127.0.0.1", target)).unwrap();
    match first.starts_with("CONNECT ") {
        true => client.write_all(b"HTTP/1.1 200 Go on\r\n\r\n").unwrap(),
        false => {
            // one question a connection, so that every one is seen
            let (method, rest) = first.split_once(" http://").unwrap();
            let path = &rest[rest.find('/').unwrap()..];
            let rest = text.split_once("\r\n").unwrap().1;
            server.write_all(format!("{method} {path}\r\n{rest}").as_bytes()).unwrap();
        }
    }
    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut client, &mut server);
    let _ = server.shutdown(Shutdown::Write);
}
