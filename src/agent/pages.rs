//! Health and metrics, served while the agent runs.

use std::sync::Arc;

use crate::metrics::Metrics;
use crate::server::health::Probes;
use crate::server::listen::Server;
use crate::server::pages;

/// Health and metrics over HTTP, for as long as this value lives.
pub struct Pages(tokio::task::JoinHandle<()>);

impl Pages {
    pub fn start(server: Server, probes: &Probes, metrics: &Arc<Metrics>) -> Self {
        let pages = pages::pages(probes.clone(), metrics.clone());
        Pages(tokio::spawn(async move {
            if let Err(error) = server.serve(pages, std::future::pending()).await {
                tracing::error!(%error, "health and metrics are not served any more");
            }
        }))
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.0.abort();
    }
}
