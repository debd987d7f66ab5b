//! OpenSSH's own server on loopback, with its own keys.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use promgit::remote::settings::{Remote, SshFiles};

use super::origin::remote;
use crate::support;

/// What is installed, else what `tests/tools/install.sh` unpacked.
fn program() -> Option<PathBuf> {
    let installed = PathBuf::from("/usr/sbin/sshd");
    if installed.exists() { Some(installed) } else { support::sshd() }
}

pub struct Sshd {
    pub folder: PathBuf,
    pub port: u16,
    server: Child,
    program: PathBuf,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Sshd {
    /// Nothing where no sshd is installed: said, and the test goes on without.
    pub fn start(folder: &Path) -> Option<Sshd> {
        let Some(program) = program() else {
            eprintln!("skipped: sshd is missing; `make tools` fetches it to test remotes over ssh");
            return None;
        };
        let folder = folder.join("ssh");
        std::fs::create_dir(&folder).unwrap();
        keygen(&folder, "host", "ed25519", "");
        keygen(&folder, "key", "ed25519", "");
        std::fs::copy(folder.join("key.pub"), folder.join("authorized")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = run(&program, &folder, port, "host");
        let sshd = Sshd { folder, port, server, program };
        sshd.wait();
        let host = std::fs::read_to_string(sshd.folder.join("host.pub")).unwrap();
        sshd.know(&format!("[127.0.0.1]:{port} {host}"));
        Some(sshd)
    }

    /// The same place with another key.
    pub fn restart_with_key(&mut self, name: &str, kind: &str) {
        keygen(&self.folder, name, kind, "");
        let _ = self.server.kill();
        let _ = self.server.wait();
        self.server = run(&self.program, &self.folder, self.port, name);
        self.wait();
    }

    fn wait(&self) {
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("sshd does not listen");
    }

    /// What the file of known hosts says from now on.
    pub fn know(&self, text: &str) {
        std::fs::write(self.folder.join("known_hosts"), text).unwrap();
    }

    pub fn allow(&self, public: &str) {
        let all = std::fs::read_to_string(self.folder.join("authorized")).unwrap();
        let new = std::fs::read_to_string(self.folder.join(public)).unwrap();
        std::fs::write(self.folder.join("authorized"), all + &new).unwrap();
    }

    /// The address of a repository there, for whoever runs the tests: nobody else can be logged in without rights.
    pub fn url(&self, path: &Path) -> String {
        let who = Command::new("id").arg("-un").output().unwrap();
        let who = String::from_utf8(who.stdout).unwrap();
        format!("ssh://{}@127.0.0.1:{}{}", who.trim(), self.port, path.display())
    }

    pub fn remote(&self, path: &Path) -> Remote {
        let mut remote = remote(&self.url(path));
        remote.ssh = SshFiles {
            key_file: Some(self.folder.join("key")),
            passphrase_file: None,
            known_hosts_file: Some(self.folder.join("known_hosts")),
        };
        remote
    }
}

pub fn keygen(folder: &Path, name: &str, kind: &str, passphrase: &str) {
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", passphrase, "-C", "test", "-f"])
        .arg(folder.join(name))
        .status()
        .unwrap();
    assert!(status.success());
}

fn run(program: &Path, folder: &Path, port: u16, key: &str) -> Child {
    // needed by a server with rights to give up, and only that one can make it
    let _ = std::fs::create_dir_all("/run/sshd");
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/{key}\nAuthorizedKeysFile {0}/authorized\nPidFile none\n\
         StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nMaxStartups 100\n",
        folder.display()
    );
    std::fs::write(folder.join("config"), config).unwrap();
    let mut command = Command::new(program);
    command.args(["-D", "-e", "-f"]).arg(folder.join("config")).stderr(Stdio::null());
    command.spawn().unwrap()
}
