//! What is over is let go in the background: codes and notes of tokens. Nobody who asks for something waits for that.

use std::time::Duration;

use crypto::time::Timestamp;
use storage::{StorageError, Store};

use crate::clock;
use crate::shutdown::Shutdown;

/// How often.
const EVERY: Duration = Duration::from_secs(60);

/// Sweeps until it is time to stop.
pub async fn run(store: Store, mut shutdown: Shutdown) {
    while tokio::time::timeout(EVERY, shutdown.requested()).await.is_err() {
        let store = store.clone();
        match tokio::task::spawn_blocking(move || sweep(&store, clock::now())).await {
            Ok(Ok(0)) => {}
            Ok(Ok(rows)) => tracing::debug!(rows, "what was over was let go"),
            Ok(Err(error)) => tracing::warn!(code = error.code(), %error, "what is over was not let go"),
            Err(error) => tracing::error!(panic = error.is_panic(), "a sweep did not end"),
        }
    }
}

fn sweep(store: &Store, now: Timestamp) -> Result<usize, StorageError> {
    Ok(store.use_codes().sweep(now)? + store.tokens().sweep(now)?)
}

#[cfg(test)]
mod tests {
    use storage::Keys;
    use storage::tokens::TokenUse;

    use super::*;
    use crate::shutdown;

    #[tokio::test(start_paused = true)]
    async fn what_is_over_goes_by_itself_and_what_is_not_stays() {
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let now = clock::now();
        for (id, dead_at) in [("over", now.plus(-2 * 86_400)), ("young", now.plus(600))] {
            assert!(store.tokens().spend(&TokenUse { issuer: "a", id, dead_at, now }).unwrap());
        }
        let (trigger, shutdown) = shutdown::channel();
        let running = tokio::spawn(run(store.clone(), shutdown));
        // It has to wait before time passes.
        tokio::task::yield_now().await;
        tokio::time::advance(EVERY + Duration::from_millis(1)).await;
        while store.tokens().is_spent("a", "over").unwrap() {
            tokio::task::yield_now().await;
        }
        assert!(store.tokens().is_spent("a", "young").unwrap());
        trigger.stop();
        running.await.unwrap();
    }
}
