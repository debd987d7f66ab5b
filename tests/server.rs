//! Health and metrics, asked over real sockets, and judged by the real promtool.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use promgit::metrics::Metrics;
use promgit::server::health::Probes;
use promgit::server::listen::Server;
use promgit::server::pages::pages;
use tokio::sync::oneshot;

/// No answer may take longer; the longest time-out of the server is 10 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on a free port, and what it tells.
struct Running {
    address: SocketAddr,
    probes: Probes,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start() -> Self {
        let probes = Probes::default();
        let router = pages(probes.clone(), Arc::new(Metrics::new("1.2.3")));
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).expect("a free port");
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            let stopped = async { drop(stopped.await) };
            server.serve(router, stopped).await.expect("a server");
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let thread = std::thread::spawn(move || runtime.block_on(serve));
        Running { address, probes, stop: Some(stop), thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream
    }

    /// What comes back until the server closes.
    fn say(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text
    }

    fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        let text =
            self.say(&format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"));
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text:?}"));
        let code = head.split(' ').nth(1).expect("a code").parse().expect("a number");
        Answer { code, head: head.to_lowercase(), body: body.to_string() }
    }

    fn get(&self, path: &str) -> (u16, String) {
        let answer = self.ask("GET", path, "");
        (answer.code, answer.body)
    }

    /// Tells it to stop and waits until it has.
    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("an end without a panic");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

struct Answer {
    code: u16,
    head: String,
    body: String,
}

#[test]
fn probes_say_what_the_agent_said() {
    let server = Running::start();
    let waiting = "the resources have not been listed yet\n".to_string();
    assert_eq!((server.get("/livez"), server.get("/readyz")), ((200, "ok\n".into()), (503, waiting)));
    server.probes.ready();
    assert_eq!(server.get("/readyz"), (200, "ok\n".into()));
    server.probes.not_ready("stopping");
    assert_eq!((server.get("/livez").0, server.get("/readyz")), (200, (503, "stopping\n".into())));
    server.probes.dead("the writer ended");
    let dead = (503, "the writer ended\n".to_string());
    assert_eq!((server.get("/livez"), server.get("/readyz")), (dead.clone(), dead));
}

#[test]
fn only_reading_is_possible() {
    let server = Running::start();
    for path in ["/livez", "/metrics", "/nowhere"] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
            let answer = server.ask(method, path, "");
            assert_eq!(answer.code, 405, "{method} {path}");
            assert!(answer.head.contains("allow: get,head"), "{method} {path}: {}", answer.head);
        }
    }
    let head = server.ask("HEAD", "/metrics", "");
    assert_eq!((head.code, head.body.as_str()), (200, ""));
    for path in ["/", "/nowhere", "/metrics/", "/../etc/passwd", "//livez"] {
        let (code, body) = server.get(path);
        assert_eq!(code, 404, "{path}");
        assert!(body.contains("/livez, /readyz and /metrics"), "{path}: {body}");
    }
    let answer = server.ask("GET", "/livez", "");
    for header in ["cache-control: no-store", "x-content-type-options: nosniff", "content-type: text/plain"] {
        assert!(answer.head.contains(header), "{header}: {}", answer.head);
    }
}

#[test]
fn the_reference_finds_nothing_wrong_with_the_metrics() {
    let (code, text) = Running::start().get("/metrics");
    assert_eq!(code, 200);
    assert_eq!(promtool(&text), (true, String::new()));
    // The same tool does complain where there is reason to.
    let wrong = text.replace("promgit_commits_total", "promgit_commits");
    let (well, complaint) = promtool(&wrong);
    assert!(!well && complaint.contains("promgit_commits"), "{complaint}");
}

fn promtool(text: &str) -> (bool, String) {
    let mut command = Command::new(support::promtool());
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("promtool");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("sent");
    let output = child.wait_with_output().expect("an end");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("UTF-8"))
}

/// A label whose values users choose would make a series for each of them.
#[test]
fn labels_are_few_and_known() {
    let (_, text) = Running::start().get("/metrics");
    let mut labels = BTreeSet::new();
    let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for sample in &samples {
        assert!(sample.starts_with("promgit_"), "{sample}");
        let inside = sample
            .split_once('{')
            .and_then(|(_, rest)| rest.split_once('}'))
            .map_or("", |(inside, _)| inside);
        labels.extend(
            inside.split(',').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name.to_string()),
        );
    }
    let known = ["kind", "le", "outcome", "state", "type", "verb", "version"];
    assert_eq!(labels.iter().map(String::as_str).collect::<Vec<_>>(), known);
    assert!(samples.len() < 150, "{} series", samples.len());
}

/// The page names every family and no other, and its rules are good.
#[test]
fn the_reference_page_is_complete() {
    let (_, text) = Running::start().get("/metrics");
    let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let page = std::fs::read_to_string(support::root().join("docs/reference/metrics.md")).expect("the page");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.collect::<BTreeSet<_>>(), families.collect::<BTreeSet<_>>());
    let rules = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("rules");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), rules).expect("writable");
    let check = Command::new(support::promtool()).args(["check", "rules"]).arg(file.path()).output();
    let check = check.expect("promtool");
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
}

#[test]
fn prometheus_gets_openmetrics_and_people_get_text() {
    let server = Running::start();
    let prometheus = "Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                      text/plain;version=0.0.4;q=0.4,*/*;q=0.1\r\n";
    let open = server.ask("GET", "/metrics", prometheus);
    assert!(open.head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{}", open.head);
    assert!(open.body.ends_with("# EOF\n") && open.body.contains("# TYPE promgit_commits counter\n"));
    for accept in ["", "Accept: */*\r\n", "Accept: text/html,text/plain\r\n"] {
        let old = server.ask("GET", "/metrics", accept);
        assert!(old.head.contains("content-type: text/plain; version=0.0.4"), "{accept}: {}", old.head);
        assert!(old.body.contains("# TYPE promgit_commits_total counter\n"), "{accept}: {}", old.body);
    }
}

#[test]
fn a_request_is_bounded_in_size() {
    let server = Running::start();
    let long = format!("X-Long: {}\r\n", "a".repeat(20_000));
    assert_eq!(server.ask("GET", "/livez", &long).code, 431);
    let many: String = (0..200).map(|n| format!("X-{n}: a\r\n")).collect();
    assert_eq!(server.ask("GET", "/livez", &many).code, 431);
    let path = format!("/{}", "a".repeat(20_000));
    assert!([414, 431].contains(&server.ask("GET", &path, "").code));
    assert_eq!(server.say("what is this\r\n\r\n").split(' ').nth(1), Some("400"));
    assert_eq!(server.get("/livez").0, 200);
}

#[test]
fn a_request_is_bounded_in_time() {
    let server = Running::start();
    let started = Instant::now();
    let answer = server.say("GET /livez HTTP/1.1\r\nHost: x\r\n");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(started.elapsed() < PATIENCE);
}

#[test]
fn told_to_stop_it_closes_what_is_idle_and_gives_the_address_back() {
    let mut server = Running::start();
    let mut idle = server.connect();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    let mut start = [0; 12];
    idle.read_exact(&mut start).expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 200");
    let started = Instant::now();
    server.end();
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    idle.read_to_end(&mut Vec::new()).expect("closed in order");
    assert!(TcpListener::bind(server.address).is_ok());
}

#[test]
fn an_address_that_cannot_be_taken_is_explained() {
    let first = Server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let text = Server::bind(first.address()).unwrap_err().to_string();
    let taken = format!("server.listen {}: Address already in use", first.address());
    assert!(text.starts_with(&taken) && text.contains("choose another port (--listen)"), "{text}");
    let text = Server::bind("192.0.2.1:0".parse().unwrap()).unwrap_err().to_string();
    assert!(text.contains("0.0.0.0 means all that it has"), "{text}");
}
