//! An account on a host turned into a git program that runs there, over SSH spoken in this process.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use russh::client::{self, Handle, Handler};
use russh::keys::{Algorithm, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelMsg, ChannelReadHalf, Preferred};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::pull::http::fault::system;

use super::super::address::SshAddress;
use super::super::credentials;
use super::super::error::Fault;
use super::super::known_hosts::{self, HostKey};
use super::super::settings::{Remote, SshFiles};
use super::super::silence::Watch;
use super::answer::answer;
use super::service::Service;
use super::stream::{Collected, Errors, Stream};

/// Bytes of an answer that wait to be read.
const BUFFER: usize = 256 << 10;
/// What a program says beside its answer, among the data of a channel (RFC 4254, 5.2).
const STANDARD_ERROR: u32 = 1;

/// Logs in and starts the program.
pub async fn begin(
    remote: &Remote,
    address: &SshAddress,
    service: Service,
    watch: &Watch,
) -> Result<Stream, Fault> {
    let limit = remote.connect_timeout;
    let begun = timeout(limit, connect(&remote.ssh, address, service, watch)).await;
    begun.map_err(|_| Fault::ConnectTimeout(limit))?
}

async fn connect(
    files: &SshFiles,
    address: &SshAddress,
    service: Service,
    watch: &Watch,
) -> Result<Stream, Fault> {
    let key = private_key(files)?;
    let mut session = open(files, address, watch).await?;
    log_in(&mut session, &address.user, key, files).await?;
    let channel = session.channel_open_session().await.map_err(|error| fault(&error))?;
    let command = format!("{} {}", service.name(), quoted(&address.path));
    channel.exec(false, command).await.map_err(|error| fault(&error))?;
    let (from, to) = channel.split();
    let words = Collected::default();
    let (source, pipe) = tokio::io::duplex(BUFFER);
    let task = tokio::spawn(pump(from, pipe, words.clone()));
    Ok(Stream {
        answer: answer(Box::new(source)),
        sink: Box::new(to.make_writer()),
        errors: Errors { words, task },
        _guard: Box::new((session, to)),
    })
}

async fn open(files: &SshFiles, address: &SshAddress, watch: &Watch) -> Result<Handle<Judge>, Fault> {
    let known = match &files.known_hosts_file {
        Some(file) => Some(credentials::text(file, "read the known hosts in")?),
        None => None,
    };
    let algorithms =
        known_hosts::algorithms(known.as_deref().unwrap_or_default(), &address.host, address.port);
    let config = client::Config { preferred: preferred(&algorithms), ..client::Config::default() };
    let reached = TcpStream::connect((address.host.as_str(), address.port)).await;
    let stream = reached.map_err(|error| {
        Fault::Unreachable(format!("{}:{}: {}", address.host, address.port, system(&error)))
    })?;
    let _ = stream.set_nodelay(true);
    let verdict = Arc::new(Mutex::new(None));
    let judge = Judge {
        host: address.host.clone(),
        port: address.port,
        known,
        files: files.clone(),
        verdict: Arc::clone(&verdict),
    };
    let connected = client::connect_stream(Arc::new(config), watch.over(stream), judge).await;
    connected.map_err(|error| {
        let verdict = verdict.lock().unwrap_or_else(PoisonError::into_inner).take();
        verdict.unwrap_or_else(|| fault(&error))
    })
}

/// Decides whether the host is who it should be.
struct Judge {
    host: String,
    port: u16,
    known: Option<String>,
    files: SshFiles,
    /// Why not.
    verdict: Arc<Mutex<Option<Fault>>>,
}

impl Judge {
    fn check(&self, shown: &PublicKeyOrCertificate) -> Result<(), Fault> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else {
            return Err(Fault::Protocol("it shows a certificate, which was not asked for".to_owned()));
        };
        let unreadable = |_| Fault::Protocol("its host key is none".to_owned());
        let host_key = HostKey {
            host: self.host.clone(),
            port: self.port,
            algorithm: key.algorithm().as_str().to_owned(),
            blob: key.to_bytes().map_err(unreadable)?,
        };
        match (&self.known, &self.files.known_hosts_file) {
            (Some(text), Some(file)) => Ok(host_key.check(text, file)?),
            _ => Err(host_key.without_file().into()),
        }
    }
}

impl Handler for Judge {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let checked = self.check(shown);
        let trusted = checked.is_ok();
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = checked.err();
        Ok(trusted)
    }
}

/// Algorithms that the file has a key for come first, as OpenSSH does it; SHA-1 is not offered.
fn preferred(known: &[String]) -> Preferred {
    let is_known = |algorithm: &Algorithm| {
        let name = match algorithm {
            Algorithm::Rsa { .. } => "ssh-rsa",
            other => other.as_str(),
        };
        known.iter().any(|known| known == name)
    };
    let offered = Preferred::DEFAULT.key.iter().filter(|one| **one != Algorithm::Rsa { hash: None }).cloned();
    let (first, then): (Vec<Algorithm>, Vec<Algorithm>) = offered.partition(is_known);
    Preferred { key: Cow::Owned(first.into_iter().chain(then).collect()), ..Preferred::DEFAULT }
}

fn private_key(files: &SshFiles) -> Result<PrivateKey, Fault> {
    let Some(path) = &files.key_file else {
        return Err(Fault::Settings("ssh wants a key; name its file as remote.sshKeyFile".to_owned()));
    };
    let action = "use the key in";
    let text = credentials::text(path, action)?;
    let passphrase = match &files.passphrase_file {
        Some(file) => Some(credentials::secret(file, "read the passphrase in")?),
        None => None,
    };
    russh::keys::decode_secret_key(&text, passphrase.as_deref()).map_err(|error| {
        let reason = match (error, &files.passphrase_file) {
            (russh::keys::Error::KeyIsEncrypted, None) => {
                "it is encrypted; name the file of its passphrase as passphrase_file".to_owned()
            }
            (_, Some(file)) => {
                format!("the passphrase in {} does not open it, or it is no private key", file.display())
            }
            (_, None) => "it is no private key of the kind ed25519, ecdsa or rsa".to_owned(),
        };
        Fault::File { action, path: path.clone(), reason }
    })
}

async fn log_in(
    session: &mut Handle<Judge>,
    user: &str,
    key: PrivateKey,
    files: &SshFiles,
) -> Result<(), Fault> {
    let hash = match key.algorithm().is_rsa() {
        // a server that does not say takes the newer one
        true => match session.best_supported_rsa_hash().await.map_err(|error| fault(&error))? {
            Some(Some(hash)) => Some(hash),
            _ => Some(HashAlg::Sha256),
        },
        false => None,
    };
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    match session.authenticate_publickey(user, key).await.map_err(|error| fault(&error))?.success() {
        true => Ok(()),
        false => {
            let file = files.key_file.as_deref().unwrap_or("".as_ref()).display();
            let way_out = format!("it does not take the key in {file} for {user}; give it the public half");
            Err(Fault::Login { way_out, words: String::new() })
        }
    }
}

/// What comes goes on to who reads it; what is said beside it is collected.
async fn pump(mut from: ChannelReadHalf, mut pipe: tokio::io::DuplexStream, words: Collected) {
    while let Some(message) = from.wait().await {
        match message {
            ChannelMsg::Data { data } if pipe.write_all(&data).await.is_err() => return,
            ChannelMsg::ExtendedData { data, ext: STANDARD_ERROR } => words.add(&data),
            ChannelMsg::Close => return,
            _ => {}
        }
    }
}

/// As a shell reads it as one word (git `sq_quote_buf`).
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''").replace('!', "'\\!'"))
}

fn fault(error: &russh::Error) -> Fault {
    match error {
        russh::Error::Disconnect | russh::Error::HUP | russh::Error::SendError => Fault::Ended(String::new()),
        russh::Error::IO(error) => super::super::silence::fault(error),
        russh::Error::Version => Fault::NotGit("it does not speak ssh".to_owned()),
        error => Fault::Protocol(super::super::words::clean(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word() {
        assert_eq!(quoted("/a b/c"), "'/a b/c'");
        assert_eq!(quoted("/it's!"), "'/it'\\''s'\\!''");
    }
}
