//! The generation that answers: what the configuration in force made, swapped whole.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::app::App;

/// Holds the generation in force. Whoever begins something reads it once, and keeps to it until that is done: no answer is made of
/// two configurations.
#[derive(Debug)]
pub struct Live {
    current: ArcSwap<App>,
}

impl Live {
    /// With this generation in force.
    #[must_use]
    pub fn new(app: Arc<App>) -> Arc<Self> {
        Arc::new(Self { current: ArcSwap::new(app) })
    }

    /// What is in force.
    #[must_use]
    pub fn current(&self) -> Arc<App> {
        self.current.load_full()
    }
}
