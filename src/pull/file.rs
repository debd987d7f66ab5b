//! The address of a file turned into its bytes (Helm `pkg/getter`, as `pkg/cli/values` uses it).

use std::time::Duration;

use http::StatusCode;

use super::address::Address;
use super::http::client::{Client, Question};
use super::http::proxy::Proxies;
use super::http::send::Limit;
use super::http::tls::Trust;
use super::locate::LocateError;
use super::wait::wait;

/// Helm waits as long (`DefaultHTTPTimeout`).
const TIMEOUT: Duration = Duration::from_secs(120);
/// As large as no file of values is that a person wrote: those of kube-prometheus-stack have 200 kB.
const FILE: Limit = Limit { bytes: 32 << 20, what: "file of values" };

/// What a server said of a file.
pub struct File {
    /// The contents; of an answer that is not 200 whatever came with it.
    pub bytes: Vec<u8>,
    pub code: StatusCode,
    /// `200 OK`
    pub status: String,
    /// None where the server did not tell it before.
    pub length: Option<String>,
}

/// Asks for it. The flags about a chart's repository mean nothing here, as in Helm: the system's authorities are trusted, and only
/// credentials in the address are sent.
pub fn fetch(address: &Address, proxies: Proxies) -> Result<File, LocateError> {
    let answer = wait(async {
        let client = Client::new(&Trust::default(), proxies, TIMEOUT)?;
        client.get(Question::new(address, FILE)).await.map_err(|fault| LocateError::Fetch(fault.into()))
    });
    let answer = answer.map_err(LocateError::Runtime)??;
    let length = answer.headers.get(http::header::CONTENT_LENGTH);
    let length = length.map(|length| String::from_utf8_lossy(length.as_bytes()).into_owned());
    Ok(File { bytes: answer.body, code: answer.status, status: answer.status_text, length })
}
