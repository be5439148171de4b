//! Re-encryption in the background: after a rotation of the keys of the store, every row is sealed under the new one, while the gateway
//! serves.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{IntCounter, IntGauge};
use storage::keyring::Resealing;
use storage::{StorageError, Store};

use crate::clock;
use crate::shutdown::Shutdown;

/// How often it is looked whether there is something to do.
const IDLE: Duration = Duration::from_secs(5);

/// How long it pauses after a stretch, as a multiple of the time that the stretch took: others have the disk for most of the time, and
/// the more so the busier it is.
const PAUSE: u32 = 3;

/// The metrics of the keys of the store.
#[derive(Clone, Debug)]
pub struct Tally {
    keys: IntGauge,
    resealed: IntCounter,
    permille: IntGauge,
    damaged: IntGauge,
    failures: IntCounter,
}

impl Tally {
    /// Makes the metrics.
    ///
    /// # Errors
    /// When one is malformed, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        Ok(Self {
            keys: IntGauge::new("licet_store_keys", "Keys under which values of the store are sealed")?,
            resealed: IntCounter::new("licet_resealed_rows_total", "Rows that were sealed anew under the current key")?,
            permille: IntGauge::new("licet_reseal_permille", "How far re-encryption has come, in thousandths")?,
            damaged: IntGauge::new("licet_reseal_damaged_rows", "Rows that re-encryption could not open")?,
            failures: IntCounter::new("licet_reseal_failures_total", "Stretches of re-encryption that failed")?,
        })
    }

    /// Everything that is measured.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 5] {
        [
            Box::new(self.keys.clone()),
            Box::new(self.resealed.clone()),
            Box::new(self.permille.clone()),
            Box::new(self.damaged.clone()),
            Box::new(self.failures.clone()),
        ]
    }

    fn came(&self, before: u64, at: &Resealing, rows: u64) {
        self.resealed.inc_by(at.resealed.saturating_sub(before));
        self.permille.set(at.permille(rows).try_into().unwrap_or(i64::MAX));
        self.damaged.set(at.damaged.try_into().unwrap_or(i64::MAX));
    }
}

/// Re-encrypts whenever there is something to re-encrypt, until it is time to stop.
pub async fn run(store: Store, tally: Tally, mut shutdown: Shutdown) {
    let mut pause = IDLE;
    tally.permille.set(1000);
    while tokio::time::timeout(pause, shutdown.requested()).await.is_err() {
        let (store, counts) = (store.clone(), tally.clone());
        let began = clock::tokio_instant();
        let stretch = tokio::task::spawn_blocking(move || stretch(&store, &counts)).await;
        pause = match stretch {
            Ok(Ok(true)) => began.elapsed().saturating_mul(PAUSE).min(IDLE),
            Ok(Ok(false)) => IDLE,
            Ok(Err(error)) => {
                tally.failures.inc();
                tracing::warn!(code = error.code(), %error, "the store could not be re-encrypted further");
                IDLE
            }
            Err(error) => {
                tally.failures.inc();
                tracing::error!(panic = error.is_panic(), "a stretch of re-encryption did not end");
                IDLE
            }
        };
    }
}

/// Does one stretch. Says whether there is another.
fn stretch(store: &Store, tally: &Tally) -> Result<bool, StorageError> {
    let keyring = store.keyring();
    tally.keys.set(keyring.list()?.len().try_into().unwrap_or(i64::MAX));
    let before = keyring.resealing()?;
    let Some(now) = keyring.reseal(clock::now())? else { return Ok(false) };
    let of_this = before.as_ref().filter(|before| before.to == now.to);
    let was_done = of_this.is_some_and(|before| before.is_done);
    tally.came(of_this.map_or(0, |before| before.resealed), &now, keyring.rows().unwrap_or_default());
    if now.is_done && !was_done {
        let (key, rows, damaged) = (now.to, now.resealed, now.damaged);
        tracing::info!(%key, rows, damaged, "every row was looked at, and sealed under the current key");
    }
    Ok(!now.is_done)
}

#[cfg(test)]
mod tests {
    use storage::tokens::TokenUse;
    use storage::{Cipher, Keys};

    use super::*;
    use crate::shutdown;

    #[tokio::test(start_paused = true)]
    async fn a_rotation_is_followed_by_itself() {
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let now = clock::now();
        for n in 0..700 {
            let id = n.to_string();
            assert!(store.tokens().spend(&TokenUse { issuer: "a", id: &id, dead_at: now.plus(600), now }).unwrap());
        }
        let first = store.keyring().list().unwrap()[0].id;
        let tally = Tally::new().unwrap();
        let (trigger, shutdown) = shutdown::channel();
        let running = tokio::spawn(run(store.clone(), tally.clone(), shutdown));
        let second = store.keyring().rotate(Cipher::Sm4Gcm, now).unwrap();
        // It has to wait before time passes.
        tokio::task::yield_now().await;
        while !store.keyring().resealing().unwrap().is_some_and(|at| at.is_done) {
            tokio::time::advance(IDLE + Duration::from_millis(1)).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(store.keyring().count().unwrap().into_keys().collect::<Vec<_>>(), [second]);
        store.keyring().retire(first).unwrap();
        trigger.stop();
        running.await.unwrap();
        assert_eq!(tally.resealed.get(), 700);
        assert_eq!((tally.permille.get(), tally.damaged.get(), tally.failures.get()), (1000, 0, 0));
    }
}
