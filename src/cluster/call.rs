//! Requests with an end: a limit of time for every call, and the failures in the words that a user needs.

use std::future::Future;
use std::time::Duration;

use kube::Error;

use crate::source::cluster::words::root_cause;

/// An API server that is well answers in milliseconds; webhooks may take up to 30 seconds of their own.
const LIMIT: Duration = Duration::from_secs(60);

/// Said behind a refusal for want of a right.
const WAY_OUT: &str = "; give the agent the rights in charts/promgit (rbac.discovery: roles, rbac.records: Helm's history, rbac.locks: random values and Secrets of charts, rbac.hooks: Jobs and Pods of hooks, rbac.extraRules: what other charts make)";

/// How the answer begins to an object with a field that its kind does not have, or a value of another type: a 500, though the object is
/// at fault (`k8s.io/apimachinery/pkg/util/managedfields/internal/structuredmerge.go`, `Apply`).
const UNTYPED: &str = "failed to create typed patch object";

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

    /// The object breaks a rule of its kind, or changes what cannot be changed.
    pub fn is_invalid(&self) -> bool {
        self.code() == Some(422)
            || matches!(self, CallError::Refused { message, .. } if message.starts_with(UNTYPED))
    }

    /// A webhook stands before the object that cannot be asked without acting.
    pub fn is_no_dry_run(&self) -> bool {
        matches!(self, CallError::Refused { code: 400, message, .. } if message.contains("does not support dry run"))
    }

    /// The API server will say the same again, until someone changes something.
    pub fn is_final(&self) -> bool {
        self.is_invalid() || matches!(self.code(), Some(400 | 403 | 404 | 405 | 409 | 410 | 413 | 415))
    }

    /// The agent may not do it.
    pub fn is_lack_of_rights(&self) -> bool {
        matches!(self, CallError::Refused { code, message, .. } if is_lack_of_rights(*code, message))
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
                let way_out = if is_lack_of_rights(code, &message) { WAY_OUT } else { "" };
                CallError::Refused { code, reason, message: message + way_out }
            }
            // told by a layer of the client (`acting`)
            Error::Service(error) => error
                .downcast::<CallError>()
                .map_or_else(|error| CallError::Unreachable(root_cause(error.as_ref())), |told| *told),
            other => CallError::Unreachable(root_cause(&other)),
        }
    }
}

/// The API server names who may not do what to which resource; a quota or a webhook that forbids something does not
/// (`k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go`, `forbiddenMessage`).
pub(super) fn is_lack_of_rights(code: u16, message: &str) -> bool {
    code == 403 && message.contains("User \"") && message.contains("\" cannot ")
}

/// Awaits a call, but not for ever.
pub async fn limited<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, CallError> {
    match tokio::time::timeout(LIMIT, call).await {
        Ok(result) => result.map_err(CallError::from),
        Err(_) => Err(CallError::Late),
    }
}

#[cfg(test)]
mod tests {
    use super::{CallError, is_lack_of_rights};

    #[test]
    fn a_missing_right_is_told_from_what_is_forbidden_to_all() {
        let user = r#"services "a" is forbidden: User "x" cannot patch resource "services" in API group """#;
        assert!(is_lack_of_rights(403, user) && !is_lack_of_rights(409, user));
        assert!(!is_lack_of_rights(403, r#"pods "a" is forbidden: exceeded quota: few"#));
    }

    #[test]
    fn an_object_at_fault_is_told_from_an_api_server_that_is() {
        let refused = |message: &str| CallError::Refused {
            code: 500,
            reason: "InternalError".into(),
            message: message.into(),
        };
        let typed = refused(
            "failed to create typed patch object (n/a; v1, Kind=Pod): .spec.x: field not declared in schema",
        );
        let webhook = refused("Internal error occurred: failed calling webhook");
        assert!(typed.is_invalid() && typed.is_final() && !webhook.is_invalid() && !webhook.is_final());
    }
}
