//! A record that a change takes along into its batch.

use std::ops::Deref;
use std::sync::Arc;

use storage::log::Pending;

use super::Trail;

/// The record of a request, with the change that takes it along.
#[derive(Debug)]
pub struct Carried {
    pub(super) pending: Arc<Pending>,
    pub(super) trail: Arc<Trail>,
}

impl Deref for Carried {
    type Target = Arc<Pending>;

    fn deref(&self) -> &Arc<Pending> {
        &self.pending
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.trail.returned(&self.pending);
    }
}
