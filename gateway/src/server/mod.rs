//! The public listener: connections accepted within a bound, each served until it ends or is told to.

mod activity;
mod connection;
pub mod door;
mod gate;
mod leaving;
mod linger;
mod shown;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use gate::Gate;
pub use shown::Shown;
pub use tls::{Entrance, open};

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
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                () = shutdown.requested() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => {
                    let visit = live.current().door.enter(Some(address.ip()));
                    let (live, shutdown) = (Arc::clone(&live), shutdown.clone());
                    connections.spawn(async move {
                        tokio::select! {
                            () = connection::serve(stream, live, &visit, shutdown) => {}
                            () = visit.pushed_out() => {}
                        }
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
