//! Two addresses turned into whether they lead to one repository, however they are written.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::pull::address::unescape;
use crate::settings::place::Place;

use super::address::{RemoteAddress, SshAddress};

/// Forges give everybody this account, and the key says who it is: paths below its home are the same for all.
const FORGE: &str = "git";

/// What an address leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repository {
    /// On this machine.
    Here(Place),
    There {
        host: String,
        /// Nothing for the usual one, of whatever way.
        port: Option<u16>,
        path: String,
        /// Whose home the path is below; nothing where that says nothing.
        home: Option<String>,
    },
}

impl Repository {
    /// Nothing for a path that nobody may look at.
    pub fn of(address: &RemoteAddress) -> Option<Repository> {
        Some(match address {
            RemoteAddress::File(path) => Repository::Here(entered(path)?),
            RemoteAddress::Http(address) => {
                let usual = if address.scheme == "https" { 443 } else { 80 };
                there(&address.hostname(), (address.port(), usual), &unescape(&address.path), None)
            }
            RemoteAddress::Ssh(SshAddress { user, host, port, path }) => {
                let home = (!path.starts_with('/') && user != FORGE).then(|| user.clone());
                there(host, (*port, 22), path, home)
            }
        })
    }
}

fn there(host: &str, (port, usual): (u16, u16), path: &str, home: Option<String>) -> Repository {
    let host = host.trim_end_matches('.').to_lowercase();
    let host = host.parse::<IpAddr>().map_or(host, |address| address.to_canonical().to_string());
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    let path = path.strip_suffix(".git").unwrap_or(&path).trim_end_matches('/').to_owned();
    Repository::There { host, port: Some(port).filter(|port| *port != usual), path, home }
}

/// The folder that git takes for this path (path.c, `enter_repo`): the first of these that is a repository.
fn entered(path: &Path) -> Option<Place> {
    let with = |end: &str| {
        let mut name = path.components().as_path().as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let found =
        ["/.git", "", ".git/.git", ".git"].map(with).into_iter().find(|path| path.join("HEAD").exists());
    Place::of(found.as_deref().unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let [one, other] =
            [one, other].map(|text| Repository::of(&RemoteAddress::parse(text).unwrap()).unwrap());
        one == other
    }

    #[test]
    fn spellings_of_one_repository() {
        for (one, other) in [
            ("https://h/a/r.git", "https://h/a/r"),
            ("https://h/a/r.git", "https://h/a/r.git/"),
            ("https://h/a/r.git", "https://H:443/a//./r.git"),
            ("https://h/a/r.git", "https://h./a/b/../r"),
            ("https://h/a/r.git", "https://h/%61/r.git"),
            ("https://h/a/r.git", "http://h:80/a/r.git"),
            ("https://h:8443/a", "https://h:8443/a.git"),
            ("https://h/a/r.git", "git@h:a/r.git"),
            ("ssh://git@h/x", "git@h:x"),
            ("ssh://git@h:22/x", "git@H:/x.git"),
            ("ssh://git@h/~/x", "git@h:x"),
            ("ssh://me@h/srv/x", "you@h:/srv/x"),
            ("ssh://me@h/~/x", "me@h:x"),
            ("https://[::1]/a", "https://[0:0::1]/a"),
            ("/no/r.git", "file:///no/./r.git/"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn look_alikes() {
        for (one, other) in [
            ("https://h/a/r.git", "https://h/b/r.git"),
            ("https://h/a/r.git", "https://g/a/r.git"),
            ("https://h/a/r.git", "https://h:8443/a/r.git"),
            ("https://h/a/r", "https://h/a/R"),
            ("https://h/a/r", "https://h/a/rgit"),
            ("https://h/a", "https://h/a/r"),
            ("ssh://git@h/x", "ssh://git@h:2222/x"),
            ("me@h:x", "you@h:x"),
            ("me@h:x", "git@h:x"),
            ("/no/h/a", "https://h/a"),
            ("/no/a", "/no/a.git"),
            ("/no/a", "/no/b/a"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_path_is_what_git_takes_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        for name in ["r.git", "two", "two.git", "work/.git"] {
            std::fs::create_dir_all(folder.path().join(name).join("HEAD")).unwrap();
        }
        assert!(same(&path("r"), &path("r.git")));
        assert!(same(&path("work"), &path("work/.git")));
        assert!(!same(&path("two"), &path("two.git")));
    }
}
