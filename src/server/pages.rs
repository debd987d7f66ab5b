//! A request turned into an answer: the paths, what stands there, and in which form.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::health::Probes;
use crate::metrics::Metrics;

const TEXT: &str = "text/plain; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone)]
struct Shared {
    probes: Probes,
    metrics: Arc<Metrics>,
}

/// All paths. They answer GET and HEAD; another method is 405, another path 404.
pub fn pages(probes: Probes, metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/livez", get(|State(shared): State<Shared>| async move { health(shared.probes.liveness()) }))
        .route(
            "/readyz",
            get(|State(shared): State<Shared>| async move { health(shared.probes.readiness()) }),
        )
        .route("/metrics", get(exposition))
        .fallback(get(absent))
        .with_state(Shared { probes, metrics })
}

fn health(state: Result<(), String>) -> Response {
    match state {
        Ok(()) => answer(StatusCode::OK, TEXT, "ok\n".into()),
        Err(reason) => answer(StatusCode::SERVICE_UNAVAILABLE, TEXT, reason + "\n"),
    }
}

/// OpenMetrics to who asks for it, as Prometheus does; the older text to everybody else, which people read too.
async fn exposition(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let accepts = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let open = accepts.flat_map(|value| value.split(',')).any(|range| {
        range
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/openmetrics-text"))
    });
    let mut response = match open {
        true => answer(StatusCode::OK, OPENMETRICS, shared.metrics.openmetrics()),
        false => answer(StatusCode::OK, PROMETHEUS, shared.metrics.prometheus()),
    };
    response.headers_mut().insert(VARY, ACCEPT.into());
    response
}

async fn absent() -> Response {
    answer(StatusCode::NOT_FOUND, TEXT, "nothing here; there are /livez, /readyz and /metrics\n".into())
}

fn answer(status: StatusCode, kind: &'static str, body: String) -> Response {
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (status, headers, body).into_response()
}
