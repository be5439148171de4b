//! The listener for operators: metrics, and whether the gateway lives and works. Plain HTTP, by default for this machine alone.

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
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use health::{Check, Health};
pub use log_watch::LogWatch;
pub use rehearsal::verification as rehearse_verification;

use crate::clock;
use crate::live::Live;
use crate::shutdown::Shutdown;

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
    pub async fn run(self, live: Arc<Live>, health: Arc<Health>, shutdown: Shutdown) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            while connections.try_join_next().is_some() {}
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let serve = serve(stream, Arc::clone(&live), Arc::clone(&health), shutdown.clone());
            connections.spawn(async move {
                serve.await;
                drop(place);
            });
        }
    }
}

async fn serve(stream: TcpStream, live: Arc<Live>, health: Arc<Health>, shutdown: Shutdown) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (app, health, shutdown) = (live.current(), Arc::clone(&health), shutdown.clone());
        async move { Ok::<_, Infallible>(answer(&app, &health, &shutdown, &request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(16 << 10);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a client of the admin listener went away");
    }
}

async fn answer(
    app: &crate::app::App,
    health: &Health,
    shutdown: &Shutdown,
    request: &Request<Incoming>,
) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "GET only\n");
    }
    match request.uri().path() {
        "/live" => text(StatusCode::OK, "application/json", json!({ "live": true }).to_string()),
        "/ready" => {
            let mut reasons = health.reasons(shutdown.is_requested()).await;
            let standing = app.trust.standing();
            if app.renewal.requires_fresh() && standing.is_stale(clock::now()) {
                reasons.push("trust: the list is overdue".to_owned());
            }
            let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            let ready = json!({ "ready": reasons.is_empty(), "reasons": reasons });
            let mut warnings = standing.warnings(clock::now());
            warnings.extend(app.status.warnings(&app.trust.current()));
            warnings.extend(app.reloads.warnings());
            let answer = match ready {
                Value::Object(mut ready) if !warnings.is_empty() => {
                    ready.insert("warnings".to_owned(), json!(warnings));
                    Value::Object(ready)
                }
                ready => ready,
            };
            text(status, "application/json", answer.to_string())
        }
        "/metrics" => {
            app.metrics.trust.show(&app.trust.standing(), app.trust.current().policy().version, clock::now());
            app.status.measure(&app.metrics, clock::now());
            app.metrics.hot_keys.measure();
            app.metrics.reloads.show(app.generation, app.since, clock::now());
            if let Some(witnesses) = &app.witnesses {
                witnesses.measure(clock::now());
            }
            let recorder = Arc::clone(&app.recorder);
            if !matches!(tokio::task::spawn_blocking(move || recorder.measure()).await, Ok(Ok(()))) {
                tracing::warn!("the logs could not be measured");
            }
            match app.metrics.text() {
                Ok(metrics) => text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics),
                Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "metrics cannot be written\n"),
            }
        }
        _ => text(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "/live, /ready, /metrics\n"),
    }
}

fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(content_type));
    response
}
