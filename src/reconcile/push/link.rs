//! The settings of a remote turned into where it is and how it is reached.

use crate::pull::environment::Environment;
use crate::pull::http::tls::Trust;
use crate::remote::address::{RemoteAddress, RemoteAddressError};
use crate::remote::settings::{CONNECT_TIMEOUT, Login, Remote, SILENCE_TIMEOUT, SshFiles};
use crate::settings::remote;

/// The remote's address cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("remote.url: {0}")]
pub struct LinkError(#[from] RemoteAddressError);

/// Where the remote is that the settings name, if they name one.
pub fn address(settings: &remote::Remote) -> Result<Option<RemoteAddress>, LinkError> {
    Ok(settings.url.as_deref().map(RemoteAddress::parse).transpose()?)
}

/// The same, and how it is reached.
pub fn remote(settings: &remote::Remote) -> Result<Option<Remote>, LinkError> {
    let Some(address) = address(settings)? else { return Ok(None) };
    let timeout = settings.timeout.get();
    Ok(Some(Remote {
        login: login(settings),
        trust: Trust { ca_file: settings.ca_file.clone(), ..Trust::default() },
        proxies: Environment::of_process().proxies(),
        ssh: SshFiles {
            key_file: settings.ssh_key_file.clone(),
            passphrase_file: settings.ssh_passphrase_file.clone(),
            known_hosts_file: settings.ssh_known_hosts_file.clone(),
        },
        connect_timeout: CONNECT_TIMEOUT.min(timeout),
        silence_timeout: SILENCE_TIMEOUT.min(timeout),
        total_timeout: timeout,
        ..Remote::new(address)
    }))
}

fn login(settings: &remote::Remote) -> Login {
    match (&settings.username_file, &settings.password_file, &settings.token_file) {
        (Some(username_file), Some(password_file), _) => {
            Login::Basic { username_file: username_file.clone(), password_file: password_file.clone() }
        }
        (_, _, Some(token_file)) => Login::Bearer { token_file: token_file.clone() },
        _ => Login::Anonymous,
    }
}
