//! A request that leaves more than one record: about each of several people one.

use std::sync::Arc;

use storage::StorageError;
use storage::log::{Draft, Pending, Recorded};
use tokio::sync::watch;

use super::{Carried, Stage, Trail, WAIT_MAX};
use crate::http::{Code, Problem};

impl Trail {
    /// Puts it on record as [`Trail::record`] does, and these further records behind it: all of them or none.
    ///
    /// # Errors
    /// [`Code::Unavailable`] when the log takes no records: then nothing may be answered.
    pub async fn record_with(&self, further: Vec<Draft>) -> Result<Recorded, Problem> {
        if let Some(recorded) = self.recorded() {
            return Ok(recorded);
        }
        let (tell, told) = watch::channel(None);
        let drafts: Vec<_> = {
            let mut state = self.state();
            state.stage = Stage::Underway(told.clone());
            std::iter::once(state.draft()).chain(further).collect()
        };
        let recorder = Arc::clone(&self.recorder);
        // A task of its own: when nobody waits for the answer any more, what came of the record is still to be known.
        tokio::spawn(async move {
            let made = recorder.append(drafts, WAIT_MAX).await;
            tell.send_replace(Some(made.and_then(|recorded| recorded.into_iter().next().ok_or(StorageError::Internal))));
        });
        self.settle(told).await.map_err(|_error| Code::Unavailable.into())
    }

    /// The record as it is now, and these further ones behind it, for one change to take along: as [`Trail::carried`].
    #[must_use]
    pub fn carried_with(self: &Arc<Self>, further: Vec<Draft>) -> Carried {
        let mut state = self.state();
        let pending = Pending::new(std::iter::once(state.draft()).chain(further).collect());
        state.stage = Stage::Carried(Arc::clone(&pending), None);
        drop(state);
        Carried { pending, trail: Arc::clone(self) }
    }
}
