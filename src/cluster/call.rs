//! Requests with an end: a limit of time for every call, and the failures in the words that a user needs.

use std::future::Future;
use std::time::Duration;

use kube::Error;

use crate::source::cluster::words::root_cause;

/// An API server that is well answers in milliseconds; webhooks may take up to 30 seconds of their own.
const LIMIT: Duration = Duration::from_secs(60);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The API server said no, in its own words.
    #[error("{message}")]
    Refused { code: u16, reason: String, message: String },
    #[error("the API server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the API server did not answer within {} s", LIMIT.as_secs())]
    Late,
}

impl CallError {
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    pub fn is_conflict(&self) -> bool {
        self.code() == Some(409)
    }

    /// The API server will say the same again, until someone changes something.
    pub fn is_final(&self) -> bool {
        matches!(self.code(), Some(400 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 422))
    }

    fn code(&self) -> Option<u16> {
        match self {
            CallError::Refused { code, .. } => Some(*code),
            CallError::Unreachable(_) | CallError::Late => None,
        }
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(status) => {
                let kube::core::Status { code, reason, message, .. } = *status;
                CallError::Refused { code, reason, message }
            }
            other => CallError::Unreachable(root_cause(&other)),
        }
    }
}

/// Awaits a call, but not for ever.
pub async fn limited<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, CallError> {
    match tokio::time::timeout(LIMIT, call).await {
        Ok(result) => result.map_err(CallError::from),
        Err(_) => Err(CallError::Late),
    }
}
