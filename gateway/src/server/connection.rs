//! One connection: handshake, requests, end.

use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use crypto::digest::Sha256;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::activity::{Activity, Running, Silence};
use super::door::Visit;
use super::leaving::Leaving;
use super::linger::Lingering;
use crate::app::App;
use crate::auth::{Identity, Peer};
use crate::config::Server as Limits;
use crate::flow;
use crate::live::Live;
use crate::shutdown::Shutdown;

/// Requests of one HTTP/2 connection that are answered at the same time.
const STREAMS_MAX: u32 = 128;

/// Streams of one HTTP/2 connection that may be opened and reset before they are served (CVE-2023-44487).
const RESETS_MAX: usize = 32;

/// How far beyond the limit a head is read, so that it can be refused in words.
const HEAD_READ_FACTOR: u32 = 8;

/// How often a silent HTTP/2 client is asked whether it is still there, and how long it may take to say so.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Serves a connection until its end.
pub(super) async fn serve(stream: TcpStream, live: Arc<Live>, visit: &Visit, mut shutdown: Shutdown) {
    // Its own limits stay those of when it began; each request goes by what is in force when it begins.
    let app = live.current();
    // Answers are written whole: waiting for more to send would only delay them.
    if stream.set_nodelay(true).is_err() {
        return; // The client is gone already.
    }
    let address = stream.peer_addr().ok().map(|address| address.ip());
    let acceptor = TlsAcceptor::from(Arc::clone(&app.entrance.tls));
    let handshake = tokio::time::timeout(app.limits.header_timeout(), acceptor.accept(stream));
    let tls = tokio::select! {
        () = shutdown.requested() => return,
        done = handshake => match done {
            Ok(Ok(tls)) => tls,
            Ok(Err(error)) => return no_handshake(&app, address, &error.to_string()),
            Err(_) => return no_handshake(&app, address, "it took too long"),
        },
    };
    let (_, session) = tls.get_ref();
    let presented = session.peer_certificates().into_iter().flatten();
    let peer = Arc::new(Peer::new(presented.map(AsRef::as_ref), address));
    if let Identity::Known { caller, .. } = app.callers.identify(&peer.credentials) {
        let is_admitted = tokio::select! {
            () = shutdown.requested() => false,
            is_admitted = visit.is_of(&caller.name, app.limits.header_timeout()) => is_admitted,
        };
        if !is_admitted {
            return;
        }
    }
    let is_http2 = session.alpn_protocol() == Some(b"h2");
    tracing::debug!(address = address.map(display), is_http2, "a connection is open");
    let tls = Lingering::new(tls, u64::from(app.limits.body_bytes_max).saturating_mul(2));
    let limits = app.limits.clone();
    let leave = Leave { gate: app.entrance.gate.print(), changes: live.changes(), live: Arc::clone(&live), shutdown };
    // A connection that lasts must not keep a generation that is not in force any more.
    drop(app);
    let end = if is_http2 {
        serve_http2(tls, (live, peer), &limits, leave).await
    } else {
        serve_http1(tls, (live, peer), &limits, leave).await
    };
    if end == Silence::Unread {
        visit.reads_too_slowly();
    }
}

/// Counts a handshake that failed, and says why. What is wrong with a certificate is said, and nothing of what it holds.
fn no_handshake(app: &App, address: Option<IpAddr>, why: &str) {
    app.metrics.handshakes_failed.inc();
    tracing::debug!(address = address.map(display), why, "a TLS handshake failed");
}

/// Why a connection is told to leave.
struct Leave {
    /// The gate by which it came in.
    gate: Sha256,
    changes: watch::Receiver<u64>,
    live: Arc<Live>,
    shutdown: Shutdown,
}

impl Leave {
    /// Waits until the gateway stops, or lets others in than when the connection began: then whoever is still let in comes again.
    async fn told(&mut self) {
        let Self { gate, changes, live, shutdown } = self;
        let has_changed = async {
            loop {
                if live.current().entrance.gate.print() != *gate {
                    return;
                }
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            () = shutdown.requested() => {}
            () = has_changed => {}
        }
    }
}

/// Who answers on a connection, and who asks.
type Ends = (Arc<Live>, Arc<Peer>);

async fn serve_http1(tls: Lingering<TlsStream<TcpStream>>, (live, peer): Ends, limits: &Limits, leave: Leave) -> Silence {
    let activity = Arc::new(Activity::new(limits));
    let head_max = usize::try_from(head_read_max(limits)).unwrap_or(usize::MAX);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // Time between requests counts as well, so the shorter limit for the first head is kept by `Activity`.
        .header_read_timeout(limits.idle_timeout())
        .max_header_size(head_max)
        .max_buf_size(head_max.saturating_add(64 << 10))
        .half_close(false);
    let service = service(live, peer, Arc::clone(&activity));
    drive(builder.serve_connection(TokioIo::new(tls), service_fn(service)), activity, leave).await
}

async fn serve_http2(tls: Lingering<TlsStream<TcpStream>>, (live, peer): Ends, limits: &Limits, leave: Leave) -> Silence {
    let activity = Arc::new(Activity::new(limits));
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(head_read_max(limits))
        .max_concurrent_streams(STREAMS_MAX)
        .max_pending_accept_reset_streams(RESETS_MAX)
        .max_local_error_reset_streams(RESETS_MAX)
        .initial_stream_window_size(256 << 10)
        .initial_connection_window_size(1 << 20)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE);
    let service = service(live, peer, Arc::clone(&activity));
    drive(builder.serve_connection(TokioIo::new(tls), service_fn(service)), activity, leave).await
}

const fn head_read_max(limits: &Limits) -> u32 {
    limits.header_bytes_max.saturating_mul(HEAD_READ_FACTOR)
}

type Reply = Result<hyper::Response<Leaving>, std::convert::Infallible>;

fn service(
    live: Arc<Live>,
    peer: Arc<Peer>,
    activity: Arc<Activity>,
) -> impl Fn(hyper::Request<Incoming>) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
    move |request| {
        let running = Running::new(&activity);
        let answer = flow::handle(live.current(), Arc::clone(&peer), request);
        Box::pin(async move {
            let (answer, places) = answer.await;
            let running = running.leaves(answer.body().length(), places);
            Ok(answer.map(|body| Leaving::new(body, running)))
        })
    }
}

/// Runs a connection to its end: its own, the end of its patience, or ours. Says what was wrong with it.
async fn drive<C: GracefulConnection<Error: std::fmt::Display>>(
    connection: C,
    activity: Arc<Activity>,
    mut leave: Leave,
) -> Silence {
    let mut connection = pin!(connection);
    let mut leaving = false;
    loop {
        tokio::select! {
            // Errors here are clients that went away or broke the protocol; there is nobody left to tell but the operator.
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke off");
                }
                return Silence::None;
            }
            () = leave.told(), if !leaving => {
                leaving = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep_until(activity.patience_ends().into()) => match activity.silence() {
                Silence::None => {}
                end @ Silence::Unread => return end,
                end @ Silence::TooLong if leaving => return end,
                Silence::TooLong => {
                    leaving = true;
                    tracing::debug!("a connection is told to leave, as nothing is asked on it");
                    activity.last_chance();
                    connection.as_mut().graceful_shutdown();
                }
            },
        }
    }
}
