//! A client's requests, counted by what they ask and what is answered; watches are left out, they have no end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, Request, Response};
use kube::client::Body;
use tower::{Layer, Service};

use crate::metrics::Metrics;
use crate::metrics::labels::{Answer, Verb};

/// Puts the counting around a service.
#[derive(Clone)]
pub struct Counting(pub Arc<Metrics>);

impl<S> Layer<S> for Counting {
    type Service = Counted<S>;

    fn layer(&self, service: S) -> Counted<S> {
        Counted { service, metrics: self.0.clone() }
    }
}

/// A service whose requests are counted.
#[derive(Clone)]
pub struct Counted<S> {
    service: S,
    metrics: Arc<Metrics>,
}

impl<S, B> Service<Request<Body>> for Counted<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let asked = Asked::of(&request);
        let (answer, metrics) = (self.service.call(request), self.metrics.clone());
        Box::pin(async move {
            let answer = answer.await;
            let code = answer.as_ref().ok().map(|response| response.status().as_u16());
            asked.count(&metrics, judge(code));
            answer
        })
    }
}

/// What a request asks; none for a watch.
struct Asked {
    verb: Option<Verb>,
    is_status: bool,
}

impl Asked {
    fn of(request: &Request<Body>) -> Self {
        let uri = request.uri();
        let is_watch = uri.query().is_some_and(|query| query.split('&').any(|part| part == "watch=true"));
        let content = request.headers().get("content-type").and_then(|value| value.to_str().ok());
        let is_apply = content.is_some_and(|content| content.contains("apply-patch"));
        let verb = verb(request.method(), uri.path(), is_apply).filter(|_| !is_watch);
        let is_status = is_apply && uri.path().ends_with("/status");
        Asked { verb, is_status }
    }

    fn count(&self, metrics: &Metrics, answer: Answer) {
        if let Some(verb) = self.verb {
            metrics.requested(verb, answer);
        }
        if self.is_status {
            metrics.status_written(answer);
        }
    }
}

fn verb(method: &Method, path: &str, is_apply: bool) -> Option<Verb> {
    Some(match *method {
        Method::GET if is_collection(path) => Verb::List,
        Method::GET => Verb::Get,
        Method::POST => Verb::Create,
        Method::PATCH if is_apply => Verb::Apply,
        Method::PATCH => Verb::Patch,
        Method::DELETE => Verb::Delete,
        _ => return None,
    })
}

/// `/apis/<group>/<version>/[namespaces/<namespace>/]<plural>`, without a name behind it
/// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris>).
fn is_collection(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let rest = match parts.as_slice() {
        ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => rest,
        _ => return false,
    };
    matches!(rest, [_] | ["namespaces", _, _])
}

fn judge(code: Option<u16>) -> Answer {
    match code {
        Some(409) => Answer::Conflict,
        Some(429) | None | Some(500..) => Answer::Failed,
        Some(400..) => Answer::Refused,
        Some(_) => Answer::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_what_its_path_says() {
        let table = [
            (Method::GET, "/api/v1/namespaces/n/pods", Verb::List),
            (Method::GET, "/api/v1/namespaces/n/pods/p", Verb::Get),
            (Method::GET, "/apis/apps/v1/statefulsets", Verb::List),
            (Method::GET, "/apis/apps/v1", Verb::Get),
            (Method::GET, "/version", Verb::Get),
            (Method::DELETE, "/apis/apps/v1/namespaces/n/statefulsets/s", Verb::Delete),
            (Method::POST, "/apis/events.k8s.io/v1/namespaces/n/events", Verb::Create),
        ];
        for (method, path, expected) in table {
            assert_eq!(verb(&method, path, false), Some(expected), "{method} {path}");
        }
        assert_eq!(verb(&Method::PATCH, "/x", true), Some(Verb::Apply));
    }

    #[test]
    fn an_answer_is_what_its_code_says() {
        for (code, expected) in [
            (Some(200), Answer::Ok),
            (Some(404), Answer::Refused),
            (Some(409), Answer::Conflict),
            (Some(429), Answer::Failed),
            (Some(503), Answer::Failed),
            (None, Answer::Failed),
        ] {
            assert_eq!(judge(code), expected, "{code:?}");
        }
    }
}
