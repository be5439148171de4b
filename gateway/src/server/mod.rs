//! The public listener: connections accepted within a bound, each served until it ends or is told to.

mod connection;
mod gate;
mod linger;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use gate::Gate;
pub use tls::{Door, open};

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
    pub async fn run(self, live: Arc<Live>, mut shutdown: Shutdown) -> Drained {
        let mut connections = JoinSet::new();
        let mut changes = live.changes();
        loop {
            while connections.try_join_next().is_some() {}
            let places = usize::try_from(live.current().limits.connections_max).unwrap_or(usize::MAX);
            let has_room = connections.len() < places;
            let accepted = tokio::select! {
                () = shutdown.requested() => break,
                // Places may have come.
                Ok(()) = changes.changed() => continue,
                Some(_) = connections.join_next(), if !has_room => continue,
                accepted = self.listener.accept(), if has_room => accepted,
            };
            match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection::serve(stream, Arc::clone(&live), shutdown.clone()))),
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
