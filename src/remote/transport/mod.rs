//! A remote turned into a conversation with the git program that serves it: what it shows, one request, one answer.

mod answer;
mod file;
mod http;
mod service;
mod ssh;
mod stream;

use super::address::RemoteAddress;
use super::advertisement::Advertisement;
use super::body::Body;
use super::credentials;
use super::error::Fault;
use super::settings::Remote;
use super::silence::Watch;
use crate::secrecy::hidden::Hidden;
use answer::with_words;

pub use answer::Answer;
pub use service::Service;

/// A conversation that has begun.
pub struct Conversation<'r> {
    way: Way<'r>,
    watch: Watch,
    hidden: Hidden,
}

enum Way<'r> {
    Stream(Box<stream::Stream>),
    Http(Box<http::Http<'r>>),
}

impl<'r> Conversation<'r> {
    /// Goes there, and reads what the server shows. No error shows the login that was used.
    pub async fn begin(
        remote: &'r Remote,
        service: Service,
    ) -> Result<(Conversation<'r>, Advertisement), Fault> {
        let (watch, mut hidden) = (Watch::new(remote.silence_timeout), Hidden::default());
        match Self::begin_watched(remote, service, &watch, &mut hidden).await {
            Ok((way, shown)) => Ok((Conversation { way, watch, hidden }, shown)),
            Err(fault) => Err(watch.explain(fault).hiding(&hidden)),
        }
    }

    async fn begin_watched(
        remote: &'r Remote,
        service: Service,
        watch: &Watch,
        hidden: &mut Hidden,
    ) -> Result<(Way<'r>, Advertisement), Fault> {
        let mut stream = match &remote.address {
            RemoteAddress::Http(address) => {
                let authorization = credentials::authorization(&remote.login, hidden)?;
                let proxies = remote.proxies.credentials();
                proxies.iter().for_each(|(user, password)| credentials::hide(user, password, hidden));
                let (http, shown) = http::begin(remote, address, service, (authorization, watch)).await?;
                return Ok((Way::Http(Box::new(http)), shown));
            }
            RemoteAddress::Ssh(address) => ssh::begin(remote, address, service, watch).await?,
            RemoteAddress::File(path) => file::begin(remote, path, service, watch)?,
        };
        match Advertisement::read(&mut stream.answer, None).await {
            Ok(shown) => Ok((Way::Stream(Box::new(stream)), shown)),
            Err(fault) => Err(with_words(fault, &stream.last_words().await)),
        }
    }

    /// What the server must not say back.
    pub fn hidden(&self) -> Hidden {
        self.hidden.clone()
    }

    /// Says something, and reads the answer to it at the same time: a server may talk while it listens.
    pub async fn ask<T>(
        self,
        body: Body<'_>,
        read: impl AsyncFnOnce(&mut Answer) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let Conversation { way, watch, hidden } = self;
        let result = match way {
            Way::Stream(stream) => stream.ask(body, read).await,
            Way::Http(http) => http.ask(body, read).await,
        };
        result.map_err(|fault| watch.explain(fault).hiding(&hidden))
    }

    /// Says that there is nothing to say.
    pub async fn leave(self) {
        if let Way::Stream(stream) = self.way {
            stream.leave().await;
        }
    }
}
