//! The signal to stop, as everything that runs sees it.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Asks everything to stop.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

/// Knows whether to stop.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

/// A signal and those who wait for it.
#[must_use]
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    /// Asks everything to stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Whether to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is time to stop. Whoever could ask being gone counts as well.
    pub async fn requested(&mut self) {
        // An error means that whoever could ask is gone, and nothing else can end the wait.
        drop(self.0.wait_for(|stop| *stop).await);
    }
}

/// Signals that say to read the configuration again.
#[derive(Debug)]
pub struct Hangups(Signal);

/// From now on, SIGHUP does not end the process.
///
/// # Errors
/// When the system refuses to watch for signals.
pub fn hangups() -> io::Result<Hangups> {
    signal(SignalKind::hangup()).map(Hangups)
}

impl Hangups {
    /// Waits for the next one. Several that come while nobody waits count as one.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            // There will be no more.
            std::future::pending::<()>().await;
        }
    }
}

/// The signals to stop.
#[derive(Debug)]
pub struct Stops {
    terminate: Signal,
    interrupt: Signal,
}

/// Watches for SIGTERM and SIGINT from now on: before, they end the process.
///
/// # Errors
/// When the system refuses to watch for signals.
pub fn stops() -> io::Result<Stops> {
    Ok(Stops { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
}

impl Stops {
    /// Waits for one of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
