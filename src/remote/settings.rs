//! What has to be known of a remote to talk to it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::pull::http::proxy::Proxies;
use crate::pull::http::tls::Trust;

use super::address::RemoteAddress;

/// How long a connection may take until it stands, logins included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long nothing may come or go: git's servers say something every 5 seconds while a hook runs (`receive.keepAlive`).
pub const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long all of a push or fetch may take: a hook that hangs is kept alive by its server, so that there is no silence.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// Where programs are, where nothing else is said.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A remote, and how it is reached.
#[derive(Clone, Debug)]
pub struct Remote {
    pub address: RemoteAddress,
    pub login: Login,
    /// Certificates, for https.
    pub trust: Trust,
    /// Proxies, for http and https.
    pub proxies: Proxies,
    pub ssh: SshFiles,
    /// The `PATH` of `git` and of the hooks it runs, for remotes that are paths.
    pub search_path: OsString,
    pub connect_timeout: Duration,
    pub silence_timeout: Duration,
    pub total_timeout: Duration,
}

/// Who we are to a server of the web. Files are read anew for every push, so that credentials may rotate; an end of line at their
/// end does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Login {
    #[default]
    Anonymous,
    Basic {
        username_file: PathBuf,
        password_file: PathBuf,
    },
    Bearer {
        token_file: PathBuf,
    },
}

/// Who we are to a server of SSH, and which hosts are trusted. Read anew for every push as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshFiles {
    /// A private key: ed25519, ecdsa or rsa, as `ssh-keygen` writes it.
    pub key_file: Option<PathBuf>,
    /// What the private key is encrypted with.
    pub passphrase_file: Option<PathBuf>,
    /// The keys of hosts, in the format of OpenSSH.
    pub known_hosts_file: Option<PathBuf>,
}

impl Remote {
    /// A remote that wants no login, with the defaults.
    pub fn new(address: RemoteAddress) -> Remote {
        Remote {
            address,
            login: Login::default(),
            trust: Trust::default(),
            proxies: Proxies::default(),
            ssh: SshFiles::default(),
            search_path: SEARCH_PATH.into(),
            connect_timeout: CONNECT_TIMEOUT,
            silence_timeout: SILENCE_TIMEOUT,
            total_timeout: TOTAL_TIMEOUT,
        }
    }
}
