//! The agent's client turned into one that acts as a ServiceAccount of a namespace: with its rights, and no others.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Client;
use kube::api::Api;
use kube::client::Body;
use kube::core::Status;
use tower::{BoxError, Service};

use super::call::{CallError, is_lack_of_rights, limited};
use crate::settings::target::Accounts;

/// Names whom a request is made as. A ServiceAccount alone is enough: the API server adds the groups that every one has, and
/// wants no right to act as a group for that (`k8s.io/apiserver/pkg/endpoints/filters/impersonation`).
const ACT_AS: &str = "impersonate-user";

/// Longest refusal that is read: a sentence. One of a role lists every right that it would grant.
const MOST_REFUSAL: usize = 1024 * 1024;

/// Who deals with the objects of which namespace.
#[derive(Clone)]
pub struct Clients {
    own: Client,
    accounts: Arc<Accounts>,
}

impl Clients {
    /// `own`: the agent's client, over whose connections all requests go.
    pub fn new(own: Client, accounts: Accounts) -> Self {
        Clients { own, accounts: Arc::new(accounts) }
    }

    /// The client for objects of a namespace. It is made for each use and kept by nobody, so that a thousand accounts take no
    /// more than those that are used at the same time.
    pub fn of(&self, namespace: &str) -> Client {
        let Some(name) = self.accounts.of(namespace) else { return self.own.clone() };
        let account = Account { namespace: namespace.to_string(), name: name.to_string() };
        Client::new(Acting { own: self.own.clone(), account: Arc::new(account) }, namespace)
    }
}

struct Account {
    namespace: String,
    name: String,
}

impl Account {
    /// As the API server calls it (`k8s.io/apiserver/pkg/authentication/serviceaccount/util.go`).
    fn user(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name)
    }
}

/// A client whose requests are made as somebody else.
struct Acting {
    own: Client,
    account: Arc<Account>,
}

impl Service<Request<Body>> for Acting {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(act(self.own.clone(), self.account.clone(), request))
    }
}

async fn act(
    own: Client,
    account: Arc<Account>,
    mut request: Request<Body>,
) -> Result<Response<Body>, BoxError> {
    let user = HeaderValue::from_str(&account.user())?;
    request.headers_mut().insert(ACT_AS, user);
    let response = own.send(request).await?;
    if response.status() != StatusCode::FORBIDDEN {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let body: Bytes = Limited::new(body, MOST_REFUSAL).collect().await?.to_bytes();
    let Some(refusal) = refusal(&body) else {
        return Ok(Response::from_parts(head, Body::from(body)));
    };
    let Status { reason, message, .. } = refusal;
    let way_out = way_out(&own, &account, &message).await;
    Err(Box::new(CallError::Refused { code: head.status.as_u16(), reason, message: message + &way_out }))
}

/// A refusal for want of a right; none for what a quota or a webhook forbids.
fn refusal(body: &[u8]) -> Option<Status> {
    let status: Status = serde_json::from_slice(body).ok()?;
    (is_lack_of_rights(403, &status.message) || is_escalation(&status.message)).then_some(status)
}

/// Nobody can grant what he does not hold (`pkg/registry/rbac/validation/rule.go`, `ConfirmNoEscalation`).
fn is_escalation(message: &str) -> bool {
    message.contains("is attempting to grant RBAC permissions not currently held")
}

async fn way_out(own: &Client, Account { namespace, name }: &Account, message: &str) -> String {
    if message.contains("cannot impersonate") {
        return "; give the agent the right to act as it (rbac.impersonate in charts/promgit)".to_string();
    }
    let accounts: Api<ServiceAccount> = Api::namespaced(own.clone(), namespace);
    let found = limited(accounts.get_metadata(name)).await;
    match found.is_err_and(|error| error.is_not_found()) {
        true => format!(
            "; ServiceAccount {namespace}/{name}, as which promgit acts here, does not exist: make it and give it that right"
        ),
        false => format!(
            "; give that right to ServiceAccount {namespace}/{name}, as which promgit acts here (delivery.serviceAccountName), not to the agent"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn what_an_account_lacks_is_told_from_what_is_forbidden_to_all() {
        let is_lack = |message: &str| {
            let body = serde_json::json!({"kind": "Status", "code": 403, "message": message}).to_string();
            refusal(body.as_bytes()).is_some()
        };
        assert!(is_lack(
            r#"services "a" is forbidden: User "x" cannot patch resource "services" in API group """#
        ));
        assert!(is_lack(
            r#"roles "a" is forbidden: user "x" is attempting to grant RBAC permissions not currently held:"#
        ));
        assert!(!is_lack(r#"pods "a" is forbidden: exceeded quota: few"#));
        assert!(refusal(b"<html>").is_none());
    }
}
