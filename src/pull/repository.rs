//! A repository's address turned into its index, and an entry's into an archive (Helm `pkg/repo`, `pkg/getter`).

use http::StatusCode;
use http::header::ACCEPT;

use super::address::{Address, AddressError, redact};
use super::http::client::{Client, Question};
use super::http::fault::Fault;
use super::http::send::Limit;
use super::index::{self, Index, IndexError, MAX_INDEX};
use crate::chart::load::MAX_ARCHIVE;

const INDEX: Limit = Limit { bytes: MAX_INDEX, what: "index of charts" };
const ARCHIVE: Limit = Limit { bytes: MAX_ARCHIVE, what: "chart" };
/// What Helm says it wants (`DownloadToCache`).
const ARCHIVE_TYPES: &str = "application/gzip,application/octet-stream";

/// Who asks a repository, and who may know it.
#[derive(Clone, Default)]
pub struct Credentials {
    pub username: String,
    pub password: String,
    /// Send them to whatever host the index names, not only to the repository's.
    pub pass_to_all: bool,
}

/// Why nothing came from a repository. Displays as Helm says it.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error("failed to fetch {address} : {status}")]
    Status { address: String, status: String, code: StatusCode },
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error("failed to parse {text} as URL: {source}")]
    Reference { text: String, source: AddressError },
}

/// Fetches the index of the repository at `base`.
pub async fn index(client: &Client, base: &Address, credentials: &Credentials) -> Result<Index, FetchError> {
    let address = resolve(base, "index.yaml")?;
    let bytes = get(client, base, &address, credentials, INDEX, None).await?;
    Ok(index::parse(&bytes, &base.to_string())?)
}

/// Fetches an archive; `base` is whom the credentials are for.
pub async fn archive(
    client: &Client,
    base: &Address,
    address: &Address,
    credentials: &Credentials,
) -> Result<Vec<u8>, FetchError> {
    get(client, base, address, credentials, ARCHIVE, Some(ARCHIVE_TYPES)).await
}

async fn get(
    client: &Client,
    base: &Address,
    address: &Address,
    credentials: &Credentials,
    limit: Limit,
    accept: Option<&str>,
) -> Result<Vec<u8>, FetchError> {
    let Credentials { username, password, pass_to_all } = credentials;
    let mut question = Question::new(address, limit);
    if let Some(accept) = accept {
        question = question.header(ACCEPT, accept);
    }
    let same = base.scheme == address.scheme && base.host == address.host;
    if (*pass_to_all || same) && !username.is_empty() && !password.is_empty() {
        question = question.basic(username, password);
    }
    let answer = client.get(question).await?;
    if answer.status != StatusCode::OK {
        let (status, code) = (answer.status_text, answer.status);
        return Err(FetchError::Status { address: address.to_string(), status, code });
    }
    Ok(answer.body)
}

/// What a reference in an index means: relative ones are below the repository and keep its query (`ResolveReferenceURL`).
pub fn resolve(base: &Address, reference: &str) -> Result<Address, FetchError> {
    let failed = |source| FetchError::Reference { text: redact(reference), source };
    if Address::parse(reference).map_err(failed)?.is_absolute() {
        return Address::parse(reference).map_err(failed);
    }
    let path = format!("{}/", base.path.strip_suffix('/').unwrap_or(&base.path));
    let mut resolved = base.with_path(&path).join(reference).map_err(failed)?;
    resolved.query.clone_from(&base.query);
    Ok(resolved)
}
