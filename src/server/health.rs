//! Whether the agent lives and is ready, told by the threads that know and read by whoever asks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The answers to `/livez` and `/readyz`; clones share them. Alive and not ready at first.
#[derive(Clone, Debug)]
pub struct Probes(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Why not.
    unready: Option<String>,
    dead: Option<String>,
}

const AT_FIRST: &str = "the resources have not been listed yet";

impl Default for Probes {
    fn default() -> Self {
        Probes(Arc::new(Mutex::new(State { unready: Some(AT_FIRST.to_string()), dead: None })))
    }
}

impl Probes {
    /// The first listing is complete and its branches are read.
    pub fn ready(&self) {
        self.state().unready = None;
    }

    /// Nothing is handled now, for this reason; it may pass by itself.
    pub fn not_ready(&self, reason: impl Into<String>) {
        self.state().unready = Some(reason.into());
    }

    /// What cannot be mended without a new process. The first reason stays, and stays for good.
    pub fn dead(&self, reason: impl Into<String>) {
        self.state().dead.get_or_insert(reason.into());
    }

    /// `/livez`: an error is the reason to start the process again.
    pub fn liveness(&self) -> Result<(), String> {
        self.state().dead.clone().map_or(Ok(()), Err)
    }

    /// `/readyz`: an error is what is waited for. What is dead is not ready either.
    pub fn readiness(&self) -> Result<(), String> {
        let state = self.state();
        state.dead.clone().or_else(|| state.unready.clone()).map_or(Ok(()), Err)
    }

    /// Every write is a single assignment: a thread that panicked left nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dead_stays_dead() {
        let probes = Probes::default();
        assert_eq!((probes.liveness(), probes.readiness()), (Ok(()), Err(AT_FIRST.into())));
        probes.ready();
        assert_eq!(probes.readiness(), Ok(()));
        probes.not_ready("listing again");
        assert_eq!((probes.liveness(), probes.readiness()), (Ok(()), Err("listing again".into())));
        probes.clone().dead("the writer ended");
        probes.dead("something else");
        probes.ready();
        let reason = || Err("the writer ended".to_string());
        assert_eq!((probes.liveness(), probes.readiness()), (reason(), reason()));
    }
}
