//! The generation that answers: what the configuration in force made, swapped whole.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::app::App;

/// Holds the generation in force. Whoever begins something reads it once, and keeps to it until that is done: no answer is made of
/// two configurations.
#[derive(Debug)]
pub struct Live {
    current: ArcSwap<App>,
    changes: watch::Sender<u64>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The right to put another generation in force, which one has at a time.
pub type Turn = tokio::sync::OwnedMutexGuard<()>;

impl Live {
    /// With this generation in force.
    #[must_use]
    pub fn new(app: Arc<App>) -> Arc<Self> {
        let changes = watch::Sender::new(app.generation);
        Arc::new(Self { current: ArcSwap::new(app), changes, turn: Arc::default() })
    }

    /// What is in force.
    #[must_use]
    pub fn current(&self) -> Arc<App> {
        self.current.load_full()
    }

    /// Tells of changes: the number of the generation in force.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Waits until nobody else is about to put another generation in force, and keeps it so.
    pub async fn turn(&self) -> Turn {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Puts another generation in force: whatever begins from now on goes by it. For a thread that may wait, within the runtime.
    pub fn put_in_force(&self, _turn: &Turn, app: &Arc<App>) {
        let before = self.current();
        // Evidence that comes in at this moment waits: it must not be in force before and missing after.
        let evidence = before.status.turn();
        app.catch_up(&before, &evidence);
        self.current.store(Arc::clone(app));
        drop(evidence);
        app.take_over();
        self.changes.send_replace(app.generation);
    }
}
