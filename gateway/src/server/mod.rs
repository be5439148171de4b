//! The public listener: connections accepted within a bound, each served until it ends or is told to.

mod connection;
mod linger;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub use tls::config as tls_config;

use crate::live::Live;
use crate::shutdown::Shutdown;

/// How long to wait when the system refuses to accept, which it does when it has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A listener that is bound but accepts nothing yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that had to be cut because their requests did not finish in time.
    pub cut: usize,
}

impl Server {
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

    /// Serves until told to stop; then stops accepting, lets running requests finish within the time for that, and closes.
    pub async fn run(self, live: Arc<Live>, tls: Arc<rustls::ServerConfig>, mut shutdown: Shutdown) -> Drained {
        let acceptor = TlsAcceptor::from(tls);
        let permits = usize::try_from(live.current().limits.connections_max).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(permits));
        let mut connections = JoinSet::new();
        loop {
            let place = tokio::select! {
                () = shutdown.requested() => break,
                Ok(place) = Arc::clone(&places).acquire_owned() => place,
            };
            let accepted = tokio::select! {
                () = shutdown.requested() => break,
                accepted = self.listener.accept() => accepted,
            };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok((stream, _)) => {
                    let serve = connection::serve(stream, acceptor.clone(), Arc::clone(&live), shutdown.clone());
                    connections.spawn(async move {
                        serve.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.listener);
        // Those who only wait would be waited for.
        let app = live.current();
        app.feed.close();
        let finish = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(app.limits.drain_timeout(), finish).await.is_err() {
            tracing::warn!("requests did not finish in time and are cut");
        }
        let cut = connections.len();
        connections.shutdown().await;
        Drained { cut }
    }
}
