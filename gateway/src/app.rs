//! The composition root: everything that serves requests, made once from the configuration.

use std::sync::Arc;
use std::thread;

use hyper::body::Bytes;

use crate::auth::Callers;
use crate::cache::Cache;
use crate::config::{Config, Faults, Server};
use crate::epochs::Epochs;
use crate::http::Router;
use crate::metrics::Metrics;
use crate::openapi;
use crate::pool::Pool;
use crate::routes::Route;

/// Everything that serves requests.
#[derive(Debug)]
pub struct App {
    /// Limits and times of the public listener.
    pub limits: Server,
    /// Who may call.
    pub callers: Callers,
    /// Which route a request takes.
    pub router: Router,
    /// Verdicts that still hold.
    pub cache: Cache,
    /// What ends them.
    pub epochs: Arc<Epochs>,
    /// Where verification and storage run.
    pub pool: Pool,
    /// Every metric.
    pub metrics: Metrics,
    /// The description of the interface.
    pub openapi: Bytes,
}

impl App {
    /// Puts everything together for this table of routes. Opens the files that the configuration names, but no port.
    ///
    /// # Errors
    /// Every [`crate::config::Fault`] that shows when the files are opened.
    pub fn build(config: &Config, table: &'static [Route]) -> Result<Arc<Self>, Faults> {
        let router = Router::new(table);
        let epochs = Arc::new(Epochs::default());
        let document = openapi::document(router.routes());
        Ok(Arc::new(Self {
            limits: config.server.clone(),
            callers: Callers::new(&config.callers),
            cache: Cache::new(config.cache.verdicts_max.into(), Arc::clone(&epochs)),
            epochs,
            pool: pool(&config.server),
            metrics: Metrics::new().map_err(|error| Faults::one("(metrics)", error.to_string()))?,
            openapi: serde_json::to_vec(&document).map_err(|error| Faults::one("(openapi)", error.to_string()))?.into(),
            router,
        }))
    }
}

fn pool(server: &Server) -> Pool {
    let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let workers = match server.workers_max {
        0 => thread::available_parallelism().map_or(1, usize::from),
        n => size(n),
    };
    Pool::new(workers, size(server.queue_max))
}
