//! A client's requests turned into as many at the same time as the API server takes: fewer when it answers 429, more again when it does not.
//!
//! The API server tells all clients of a priority level to come later (`429` and `Retry-After`,
//! <https://kubernetes.io/docs/concepts/cluster-administration/flow-control/>). A client whose requests each wait for themselves asks as
//! much as before; here all of them wait, and half as many go on, as TCP has it.
#![allow(clippy::disallowed_methods)] // how long to wait

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{Request, Response, StatusCode};
use kube::client::Body;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::sleep_until;
use tower::{BoxError, Layer, Service, ServiceExt};

/// Requests on their way at the same time. Each is a connection with its buffers, and an API server has as many seats for
/// all of its clients together (`--max-requests-inflight`, 400, shared by priority). A watch counts until it begins.
pub const MOST_REQUESTS: usize = 48;

/// What is waited where the API server does not say how long, and at most, whatever it says.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Puts the pacing around a service.
#[derive(Clone, Default)]
pub struct Pacing(Arc<Gate>);

impl<S> Layer<S> for Pacing {
    type Service = Paced<S>;

    fn layer(&self, service: S) -> Paced<S> {
        Paced { service, gate: self.0.clone() }
    }
}

/// A service whose requests wait for their turn.
#[derive(Clone)]
pub struct Paced<S> {
    service: S,
    gate: Arc<Gate>,
}

impl<S, B> Service<Request<Body>> for Paced<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send,
    B: Send,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (service, gate) = (self.service.clone(), self.gate.clone());
        Box::pin(async move {
            let seat = gate.seat().await?;
            let answer = service.oneshot(request).await;
            if let Ok(response) = &answer {
                gate.look(response.status(), retry_after(response), Instant::now());
            }
            gate.leave(seat);
            answer
        })
    }
}

/// How long the API server wants to be left alone.
fn retry_after<B>(response: &Response<B>) -> Duration {
    let header = response.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = header.and_then(|text| text.parse().ok()).map(Duration::from_secs);
    seconds.unwrap_or(PAUSE).min(LONGEST)
}

/// Lets requests through.
struct Gate {
    seats: Semaphore,
    state: Mutex<State>,
}

struct State {
    /// Requests that may be on their way at the same time.
    limit: usize,
    /// Seats that go when their request comes back.
    owed: usize,
    /// Good answers since the limit changed.
    good: usize,
    not_before: Instant,
}

impl Default for Gate {
    fn default() -> Self {
        let state = State { limit: MOST_REQUESTS, owed: 0, good: 0, not_before: Instant::now() };
        Gate { seats: Semaphore::new(MOST_REQUESTS), state: Mutex::new(state) }
    }
}

impl Gate {
    /// In the order of arrival.
    async fn seat(&self) -> Result<SemaphorePermit<'_>, BoxError> {
        let seat = self.seats.acquire().await?;
        loop {
            let not_before = self.state().not_before;
            if not_before <= Instant::now() {
                return Ok(seat);
            }
            sleep_until(not_before.into()).await;
        }
    }

    fn leave(&self, seat: SemaphorePermit<'_>) {
        let mut state = self.state();
        if state.owed > 0 {
            state.owed -= 1;
            seat.forget();
        }
    }

    /// Takes in an answer. Those to requests that were on their way together say one thing, once.
    fn look(&self, status: StatusCode, pause: Duration, now: Instant) {
        let mut state = self.state();
        if status == StatusCode::TOO_MANY_REQUESTS {
            if state.not_before <= now {
                let limit = (state.limit / 2).max(1);
                let less = state.limit - limit;
                state.owed += less - self.seats.forget_permits(less);
                (state.limit, state.good) = (limit, 0);
                tracing::warn!(
                    limit,
                    seconds = pause.as_secs(),
                    "the API server is busy (429); it is asked less"
                );
            }
            state.not_before = state.not_before.max(now + pause);
            return;
        }
        state.good += 1;
        if state.good >= state.limit && state.limit < MOST_REQUESTS {
            (state.limit, state.good) = (state.limit + 1, 0);
            match state.owed {
                0 => self.seats.add_permits(1),
                _ => state.owed -= 1,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_half_as_much_once_for_answers_that_come_together_and_more_again_later() {
        let (gate, start) = (Gate::default(), Instant::now());
        let limit = || gate.state().limit;
        let busy = |at| gate.look(StatusCode::TOO_MANY_REQUESTS, PAUSE, at);
        (0..10).for_each(|_| busy(start + PAUSE));
        assert_eq!((limit(), gate.seats.available_permits()), (24, 24));
        busy(start + 3 * PAUSE);
        assert_eq!(limit(), 12);
        (0..12).for_each(|_| gate.look(StatusCode::OK, PAUSE, start));
        assert_eq!((limit(), gate.seats.available_permits()), (13, 13));
        (0..10_000).for_each(|_| gate.look(StatusCode::NOT_FOUND, PAUSE, start));
        assert_eq!((limit(), gate.seats.available_permits()), (MOST_REQUESTS, MOST_REQUESTS));
        (4..20).for_each(|second| busy(start + 2 * second * PAUSE));
        assert_eq!(limit(), 1, "never none");
    }

    #[tokio::test]
    async fn seats_that_are_taken_go_when_they_are_left() {
        let gate = Gate::default();
        let mut taken = Vec::new();
        for _ in 0..MOST_REQUESTS {
            taken.push(gate.seat().await.unwrap());
        }
        gate.look(StatusCode::TOO_MANY_REQUESTS, Duration::ZERO, Instant::now());
        taken.into_iter().for_each(|seat| gate.leave(seat));
        assert_eq!((gate.state().owed, gate.seats.available_permits()), (0, 24));
    }
}
