//! A real registry (Debian's `docker-registry`) as a process on loopback, for as long as the value lives.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support;
use crate::token;

/// Slow machines included.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whom a registry lets in.
pub enum Access<'a> {
    Open,
    /// User `u` with the password `p`.
    Password,
    /// Whoever has a token of that server.
    Token(&'a token::Server),
}

pub struct Registry {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Registry {
    pub fn start(root: &Path, access: &Access<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Free a moment ago: whoever takes it in between makes the start fail, not the test pass.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.path().join("config.yml");
        fs::write(&config, configuration(root, port, access, folder.path())).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(support::registry())
            .args(["serve", config.to_str().unwrap()])
            .env_clear()
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the registry");
        let mut registry = Registry { child, port, _folder: folder };
        registry.wait();
        registry
    }

    fn wait(&mut self) {
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = fs::read_to_string(self._folder.path().join("log")).unwrap_or_default();
            assert!(self.child.try_wait().unwrap().is_none() && Instant::now() < end, "no registry: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The digest of a manifest, as the registry keeps it.
    pub fn digest(&self, repository: &str, tag: &str) -> String {
        let text = get(self.port, &format!("/v2/{repository}/manifests/{tag}"));
        let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with("docker-content-digest:"));
        line.unwrap_or_else(|| panic!("{text}")).split_once(": ").unwrap().1.trim().to_owned()
    }
}

/// The head of an answer to a question about an OCI manifest.
fn get(port: u16, path: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let accept = "application/vnd.oci.image.manifest.v1+json";
    let request = format!("GET {path} HTTP/1.0\r\nHost: x\r\nAccept: {accept}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(root: &Path, port: u16, access: &Access<'_>, folder: &Path) -> String {
    let auth = match access {
        Access::Open => String::new(),
        Access::Password => {
            let file: PathBuf = folder.join("htpasswd");
            fs::write(&file, format!("u:{}\n", bcrypt::hash("p", 4).unwrap())).unwrap();
            format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", file.display())
        }
        Access::Token(server) => {
            let bundle = folder.join("bundle.pem");
            fs::write(&bundle, server.certificate()).unwrap();
            format!(
                "auth: {{token: {{realm: \"{}\", service: test, issuer: {}, rootcertbundle: {}}}}}\n",
                server.realm(),
                token::ISSUER,
                bundle.display()
            )
        }
    };
    format!(
        "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
         storage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"127.0.0.1:{port}\"}}\n{auth}",
        root.display()
    )
}
