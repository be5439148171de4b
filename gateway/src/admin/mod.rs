//! The listener for operators: metrics, and whether the gateway lives and works. Plain HTTP, by default for this machine alone.

mod check;
mod checks;
mod health;
mod log_watch;
mod rehearsal;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use check::{Check, Found, Sight, State};
pub use checks::all as checks;
pub use health::{CheckView, Health, Report};
pub use log_watch::LogWatch;

use crate::app::App;
use crate::live::Live;
use crate::memory_watch;
use crate::shutdown::Shutdown;
use crate::{clock, http};

/// Connections served at the same time.
const CONNECTIONS_MAX: usize = 32;

/// Time for the head of a request, and between requests.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The listener, bound.
#[derive(Debug)]
pub struct Admin {
    listener: TcpListener,
    address: SocketAddr,
}

impl Admin {
    /// Binds the address.
    ///
    /// # Errors
    /// Those of the system.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address with the port that was really bound.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves for as long as it is polled: health stays visible while the gateway drains.
    pub async fn run(self, live: Arc<Live>, shutdown: Shutdown) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            while connections.try_join_next().is_some() {}
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let serve = serve(stream, Arc::clone(&live), shutdown.clone());
            connections.spawn(async move {
                serve.await;
                drop(place);
            });
        }
    }
}

async fn serve(stream: TcpStream, live: Arc<Live>, shutdown: Shutdown) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (app, shutdown) = (live.current(), shutdown.clone());
        async move { Ok::<_, Infallible>(answer(app, &shutdown, &request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(16 << 10);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a client of the admin listener went away");
    }
}

async fn answer(app: Arc<App>, shutdown: &Shutdown, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "GET only\n");
    }
    match request.uri().path() {
        // Of the process alone: who restarts what does not live must not restart what waits for a disk.
        "/live" => text(StatusCode::OK, "application/json", json!({ "live": true }).to_string()),
        "/ready" => {
            let report = report(&app, shutdown.is_requested()).await;
            let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            text(status, "application/json", json!(report).to_string())
        }
        "/metrics" => {
            report(&app, shutdown.is_requested()).await;
            measure(&app).await;
            match app.metrics.text() {
                Ok(metrics) => text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics),
                Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "metrics cannot be written\n"),
            }
        }
        _ => text(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "/live, /ready, /metrics\n"),
    }
}

/// How the gateway stands, which the metrics show as well.
pub async fn report(app: &Arc<App>, is_draining: bool) -> Report {
    let now = clock::now();
    let sight = Sight { app: Arc::clone(app), now, at: clock::instant() };
    let report = app.condition.health.report(&sight, now, is_draining).await;
    for check in &report.checks {
        app.metrics.condition.ready.with_label_values(&[check.name]).set(check.state.measure());
    }
    report
}

/// Brings up to date what changes by time alone.
async fn measure(app: &App) {
    let now = clock::now();
    app.metrics.trust.show(&app.trust.standing(), app.trust.current().policy().version, now);
    app.status.measure(&app.metrics, now);
    app.metrics.hot_keys.measure();
    app.metrics.reloads.show(app.generation, app.since, now);
    app.metrics.condition.measure(app, now);
    app.metrics.backups.tell_lag(app.config.backup.as_ref(), now);
    let pools = [("verify", &app.pool), ("look-up", &app.reading), ("audit", &app.auditing)];
    app.metrics.admission.memory(memory_watch::used_bytes().unwrap_or(0), app.memory.max_bytes());
    app.admission.measure(&pools.map(|(name, pool)| (name, pool.depth())));
    match &app.witnesses {
        Some(witnesses) => witnesses.measure(&app.metrics.witnesses, now),
        None => app.metrics.witnesses.is_idle(),
    }
    let recorder = Arc::clone(&app.recorder);
    if !matches!(tokio::task::spawn_blocking(move || recorder.measure()).await, Ok(Ok(()))) {
        tracing::warn!("the logs could not be measured");
    }
}

fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    http::guard(response.headers_mut());
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(content_type));
    response
}
