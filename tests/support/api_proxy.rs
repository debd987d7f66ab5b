//! A server between an agent and a real API server that answers, delays, loses or holds requests as a test wants.
#![allow(dead_code, clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::bed::Bed;

/// What is asked.
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub path: String,
}

impl Asked {
    /// Whether it is to change something.
    pub fn writes(&self) -> bool {
        self.method != "GET" && !self.path.contains("dryRun=All")
    }

    pub fn is_watch(&self) -> bool {
        self.path.contains("watch=true")
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Pass,
    /// Answered with this status; with a second of `Retry-After` if it is 429.
    Refuse(u16),
    Delay(Duration),
    /// It is done, and the connection is cut before the answer.
    Lose,
    /// Neither done nor answered.
    Hold,
    /// Done and never answered.
    Swallow,
}

type Rule = Box<dyn FnMut(&Asked) -> Fate + Send>;

pub struct ApiProxy {
    port: u16,
    rule: Arc<Mutex<Rule>>,
    /// Knows the API server, its certificates and a user's login.
    kubectl: Child,
}

impl Drop for ApiProxy {
    fn drop(&mut self) {
        let _ = self.kubectl.kill();
        let _ = self.kubectl.wait();
    }
}

impl ApiProxy {
    /// In front of the API server, as this user.
    pub fn start(bed: &Bed, user: &str) -> ApiProxy {
        let mut command = bed.command(&bed.about().kubectl, &bed.kubeconfig_for(user));
        let mut kubectl =
            command.args(["proxy", "--port=0"]).stdout(Stdio::piped()).spawn().expect("kubectl proxy");
        let mut line = String::new();
        BufReader::new(kubectl.stdout.take().expect("stdout")).read_line(&mut line).expect("a line");
        let upstream: u16 =
            line.trim().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Box::new(|_| Fate::Pass)));
        let shared = rule.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let rule = shared.clone();
                std::thread::spawn(move || drop(serve(stream, upstream, &rule)));
            }
        });
        ApiProxy { port, rule, kubectl }
    }

    /// From now on.
    pub fn rule(&self, rule: impl FnMut(&Asked) -> Fate + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    /// A kubeconfig that leads here.
    pub fn kubeconfig(&self, folder: &Path) -> PathBuf {
        let path = folder.join("proxied.kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\nclusters: [{{name: a, cluster: {{server: 'http://127.0.0.1:{}'}}}}]\n\
             users: [{{name: a, user: {{}}}}]\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\ncurrent-context: a\n",
            self.port
        );
        std::fs::write(&path, text).expect("writable");
        path
    }
}

/// One connection; a client that wants more makes another.
fn serve(mut stream: TcpStream, upstream: u16, rule: &Mutex<Rule>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("connection:") {
            head += &line;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = head.split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    let asked = Asked { method: word(), path: word() };
    let fate = (rule.lock().unwrap())(&asked);
    match fate {
        Fate::Pass => {}
        Fate::Refuse(code) => return refuse(&mut stream, code),
        Fate::Delay(time) => std::thread::sleep(time),
        Fate::Hold => forever(),
        Fate::Lose | Fate::Swallow => {}
    }
    let mut server = TcpStream::connect(("127.0.0.1", upstream))?;
    write!(server, "{head}Connection: close\r\n\r\n")?;
    server.write_all(&body)?;
    if matches!(fate, Fate::Lose | Fate::Swallow) {
        std::io::copy(&mut server, &mut std::io::sink())?;
        if fate == Fate::Swallow {
            forever();
        }
        return stream.shutdown(Shutdown::Both);
    }
    // whoever goes away while it is watched ends that
    let (ended, client) = (server.try_clone()?, stream.try_clone()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut &client, &mut std::io::sink());
        let _ = ended.shutdown(Shutdown::Both);
    });
    std::io::copy(&mut server, &mut stream)?;
    stream.shutdown(Shutdown::Both)
}

/// Until the test ends, and the process with it.
fn forever() -> ! {
    loop {
        std::thread::park();
    }
}

fn refuse(stream: &mut TcpStream, code: u16) -> std::io::Result<()> {
    let body = format!(
        r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"a storm","code":{code}}}"#
    );
    let later = if code == 429 { "Retry-After: 1\r\n" } else { "" };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {code} Storm\r\nContent-Type: application/json\r\n{later}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
