//! A proxy on loopback that wants a password and leads to one server, by whatever name it is asked for.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

#[derive(Default)]
struct Shared {
    /// `host:port` of the server.
    server: Mutex<String>,
    /// What was asked for, with the right password.
    seen: Mutex<Vec<String>>,
}

pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// One that lets `user:password` through.
    pub fn start(user: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, shared) = (listener.local_addr().unwrap().port(), Arc::<Shared>::default());
        let (known, lent) = (format!("basic {}", STANDARD.encode(user)), shared.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (known, shared) = (known.clone(), lent.clone());
                thread::spawn(move || serve(stream, &known, &shared));
            }
        });
        Proxy { port, shared }
    }

    pub fn leads_to(&self, server: &str) {
        server.clone_into(&mut self.shared.server.lock().unwrap());
    }

    /// Its address, with `user:password@` before the host.
    pub fn url(&self, user: &str) -> String {
        format!("http://{user}127.0.0.1:{}", self.port)
    }

    pub fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.seen.lock().unwrap())
    }
}

fn serve(mut client: TcpStream, known: &str, shared: &Shared) -> Option<()> {
    let head = head(&mut client)?;
    let mut lines = head.lines();
    let target = lines.next()?.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    let mut headers = lines.filter_map(|line| line.split_once(": "));
    let login = headers.find(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization"));
    let is_known = login.is_some_and(|(_, value)| {
        value.split_once(' ').is_some_and(|(kind, text)| format!("{} {text}", kind.to_lowercase()) == known)
    });
    if !is_known {
        client.write_all(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n").ok()?;
        return None;
    }
    shared.seen.lock().unwrap().push(target);
    let address = shared.server.lock().unwrap().clone();
    let server = TcpStream::connect(address).ok()?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let back = (server.try_clone().ok()?, client.try_clone().ok()?);
    thread::spawn(move || pass(back.0, back.1));
    pass(client, server)
}

/// Up to the empty line.
fn head(client: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

fn pass(mut from: TcpStream, mut to: TcpStream) -> Option<()> {
    let _ = copy(&mut from, &mut to);
    to.shutdown(Shutdown::Write).ok()
}
