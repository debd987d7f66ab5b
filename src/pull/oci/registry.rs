//! A path of a registry's API turned into its answer, with whatever the registry wants to see first.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, WWW_AUTHENTICATE};

use super::super::address::Address;
use super::super::http::client::{Answer, Client, Question};
use super::super::http::connect::basic;
use super::super::http::send::Limit;
use super::challenge::{self, Challenge};
use super::error::RegistryError;
use super::reference::Reference;
use super::token::{self, Wanted};

/// How often a registry that is busy is asked again (oras-go `retry.DefaultPolicy`).
const MAX_RETRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// One repository of a registry.
pub struct Registry<'a> {
    pub client: &'a Client,
    pub place: Reference,
    /// HTTP instead of HTTPS.
    pub plain: bool,
    /// User and password.
    pub credential: Option<(String, String)>,
    /// What the registry accepted: the next question begins with it.
    pub accepted: Mutex<Option<String>>,
}

impl<'a> Registry<'a> {
    pub fn new(
        client: &'a Client,
        place: Reference,
        plain: bool,
        credential: Option<(String, String)>,
    ) -> Self {
        Registry { client, place, plain, credential, accepted: Mutex::default() }
    }

    /// Where a path below this repository is.
    pub fn address(&self, path: &str) -> Result<Address, RegistryError> {
        let scheme = if self.plain { "http" } else { "https" };
        let text = format!("{scheme}://{}/v2/{}/{path}", self.place.host(), self.place.repository);
        Ok(Address::parse(&text).map_err(super::super::http::fault::Fault::from)?)
    }

    /// Asks; what the registry wants to see is fetched once and shown again.
    pub async fn get(&self, address: &Address, accept: &str, limit: Limit) -> Result<Answer, RegistryError> {
        let known = self.accepted.lock().ok().and_then(|known| known.clone());
        let answer = self.ask(address, accept, limit, known.as_deref()).await?;
        if answer.status != StatusCode::UNAUTHORIZED || !answer.address.same_origin(address) {
            return Ok(answer);
        }
        let header = answer.headers.get(WWW_AUTHENTICATE).and_then(|header| header.to_str().ok());
        let authorization = match challenge::parse(header.unwrap_or_default()) {
            Some(Challenge::Basic) => {
                let (user, password) = self
                    .credential
                    .as_ref()
                    .ok_or_else(|| RegistryError::NoCredential { address: answer.address.to_string() })?;
                basic(user, password)
            }
            Some(Challenge::Bearer { realm, service, scope }) => {
                let scopes = self.scopes(&scope);
                let credential = self.credential.as_ref();
                let wanted = Wanted { realm: &realm, service: &service, scopes: &scopes, credential };
                format!("Bearer {}", token::fetch(self.client, &answer.address, wanted).await?)
            }
            None => return Ok(answer),
        };
        let answer = self.ask(address, accept, limit, Some(&authorization)).await?;
        if let Ok(mut known) = self.accepted.lock() {
            *known = Some(authorization);
        }
        Ok(answer)
    }

    /// What the registry names, and that we only read.
    fn scopes(&self, named: &str) -> Vec<String> {
        let own = format!("repository:{}:pull", self.place.repository);
        let named = named.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned);
        named.chain([own]).collect::<BTreeSet<_>>().into_iter().collect()
    }

    async fn ask(
        &self,
        address: &Address,
        accept: &str,
        limit: Limit,
        authorization: Option<&str>,
    ) -> Result<Answer, RegistryError> {
        let question = || {
            let question = Question::new(address, limit).strict().header(ACCEPT, accept);
            match authorization {
                Some(authorization) => question.header(AUTHORIZATION, authorization),
                None => question,
            }
        };
        let mut pause = FIRST_PAUSE;
        for _ in 0..MAX_RETRIES {
            let answer = self.client.get(question()).await?;
            let busy = matches!(answer.status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
            if !(busy || answer.status.is_server_error()) || !self.client.pause(pause).await {
                return Ok(answer);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(self.client.get(question()).await?)
    }
}
