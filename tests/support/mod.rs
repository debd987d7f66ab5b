//! Where the tests find the reference tools, and how they ask them.
#![allow(dead_code, clippy::disallowed_methods, clippy::expect_used)] // a test that cannot start may panic

use std::path::PathBuf;
use std::process::{Command, Output};

/// The real helm, as `tests/tools/install.sh` built it.
pub fn helm() -> PathBuf {
    tool("helm-4.3.1")
}

/// The helm of those who have not come to 4 yet: it reads the same records.
pub fn helm3() -> PathBuf {
    tool("helm-3.22.0")
}

/// The real promtool.
pub fn promtool() -> PathBuf {
    tool("promtool-0.316.0")
}

/// A real registry, as `tests/tools/install.sh` found it.
pub fn registry() -> PathBuf {
    tool("docker-registry")
}

/// OpenSSH's server, where `tests/tools/install.sh` had to unpack one.
pub fn sshd() -> Option<PathBuf> {
    let path = tools().join("sshd");
    path.exists().then_some(path)
}

/// A real Gitea beside the files that it reads, where somebody asked `tests/tools/install.sh gitea` for it.
pub fn gitea() -> Option<PathBuf> {
    let path = tools().join("gitea-1.26.0/gitea");
    path.exists().then_some(path)
}

fn tool(file: &str) -> PathBuf {
    let path = tools().join(file);
    assert!(path.exists(), "{} is missing; `make tools` builds it", path.display());
    path
}

fn tools() -> PathBuf {
    if let Some(folder) = std::env::var_os("PROMGIT_TOOLS") {
        return folder.into();
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").expect("HOME")).join(".cache");
    cache.unwrap_or_else(home).join("promgit/tools")
}

/// The root of the checkout.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A command that sees nothing of the host's helm, git and Kubernetes configuration.
pub fn hermetic(program: impl AsRef<std::ffi::OsStr>, home: &std::path::Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").expect("PATH"));
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    command
}

/// What the command printed on stdout, after checking that it succeeded.
pub fn stdout(output: Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8 on stdout")
}
