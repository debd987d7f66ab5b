//! A real Gitea on loopback, with a database and repositories of its own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support;

/// Longer than a start takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A start takes some seconds and 200 MB: tests that run at the same time share one.
static SHARED: Mutex<Weak<Gitea>> = Mutex::new(Weak::new());

pub struct Gitea {
    folder: TempDir,
    port: u16,
    server: Child,
    /// Of the account that owns every repository.
    owner: String,
    /// Of the agent's account.
    pub token: String,
}

impl Drop for Gitea {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Gitea {
    /// Nothing where it is not built: said, and the test goes on without.
    pub fn shared() -> Option<Arc<Gitea>> {
        let Some(program) = support::gitea() else {
            eprintln!("skipped: gitea is missing; `tests/tools/install.sh gitea` builds it to test a forge");
            return None;
        };
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let running = shared.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Gitea::start(&program));
            *shared = Arc::downgrade(&started);
            started
        });
        Some(running)
    }

    fn start(program: &Path) -> Gitea {
        let folder = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = folder.path().join("app.ini");
        let command = |args: &[&str]| {
            let mut command = support::hermetic(program, folder.path());
            // the account of a container may be root
            command.env("GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT", "true");
            command.args(args).arg("--config").arg(&settings).stdin(Stdio::null());
            command
        };
        let said = |args: &[&str]| support::stdout(command(args).output().unwrap());
        let secret = said(&["generate", "secret", "INTERNAL_TOKEN"]);
        let work = folder.path().display();
        let files = program.parent().unwrap().display();
        let text = format!(
            "WORK_PATH = {work}\nRUN_MODE = prod\n\
             [server]\nHTTP_ADDR = 127.0.0.1\nHTTP_PORT = {port}\nROOT_URL = http://127.0.0.1:{port}/\n\
             STATIC_ROOT_PATH = {files}\nDISABLE_SSH = true\nOFFLINE_MODE = true\n\
             [database]\nDB_TYPE = sqlite3\nPATH = {work}/gitea.db\n\
             [repository]\nROOT = {work}/repositories\n\
             [security]\nINSTALL_LOCK = true\nINTERNAL_TOKEN = {secret}\n\
             [log]\nLEVEL = error\n[actions]\nENABLED = false\n"
        );
        std::fs::write(&settings, text).unwrap();
        said(&["migrate"]);
        let (owner, token) = (account(&said, "ops", "all"), account(&said, "promgit", "write:repository"));
        let server = command(&["web"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let gitea = Gitea { folder, port, server, owner, token };
        gitea.wait();
        gitea
    }

    fn wait(&self) {
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < end, "gitea does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(self.api("GET", "/version", &Value::Null)["version"], "1.26.0");
    }

    /// What its API answers; nothing but success is taken. `path` starts behind `/api/v1`.
    pub fn api(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, text) = self.ask(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (token, length) = (&self.owner, body.len());
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        // of the old protocol: one answer, whole, up to the end
        let head = format!(
            "{method} /api/v1{path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: token {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), text.to_owned())
    }

    /// An empty repository that the account of the agent may write to.
    pub fn create(&self, name: &str) {
        self.api("POST", "/user/repos", &json!({"name": name, "private": true}));
        let path = format!("/repos/ops/{name}/collaborators/promgit");
        self.api("PUT", &path, &json!({"permission": "write"}));
    }

    pub fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/ops/{name}.git", self.port)
    }

    /// Where it keeps the repository.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("repositories/ops/{name}.git"))
    }
}

/// A new account; its token, which people give a program as its password.
fn account(said: &dyn Fn(&[&str]) -> String, name: &str, scopes: &str) -> String {
    let email = format!("{name}@example.com");
    let flags = ["--username", name, "--email", &email, "--random-password", "--must-change-password=false"];
    let token = ["--access-token", "--access-token-scopes", scopes];
    let text = said(&[&["admin", "user", "create"], &flags[..], &token].concat());
    let (_, token) = text.split_once("Access token was successfully created... ").unwrap();
    token.trim().to_owned()
}
