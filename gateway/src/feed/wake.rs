//! Who waits for what is new in the seal log, and how they are woken.

use std::sync::Arc;
use std::time::Duration;

use crypto::record::LogName;
use storage::log::Logs;
use tokio::sync::watch;

/// How long somebody waits before looking anew in any case.
const LOOK: Duration = Duration::from_secs(5);

/// Wakes those who follow the seal log.
#[derive(Debug)]
pub struct Wake {
    size: Arc<watch::Sender<u64>>,
    closing: watch::Sender<bool>,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// There may be more.
    Look,
    /// The gateway stops.
    Closing,
}

impl Wake {
    /// Is told by these logs when there are records.
    #[must_use]
    pub fn by(logs: &Logs) -> Self {
        let size = Arc::new(watch::Sender::new(0));
        let told = Arc::clone(&size);
        logs.when_grown(Box::new(move |log, now| {
            if log == LogName::Seal {
                told.send_if_modified(|known| now > std::mem::replace(known, now));
            }
        }));
        Self { size, closing: watch::Sender::new(false) }
    }

    /// Waits until the log has more records than this, or for a while.
    pub async fn news(&self, size: u64) -> News {
        let (mut grown, mut closing) = (self.size.subscribe(), self.closing.subscribe());
        let is_closed = closing.wait_for(|closing| *closing);
        let is_grown = tokio::time::timeout(LOOK, grown.wait_for(|now| *now > size));
        tokio::select! {
            biased;
            _ = is_closed => News::Closing,
            _ = is_grown => News::Look,
        }
    }

    /// Lets nobody wait any more: the gateway stops.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Whether the gateway stops.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }
}

#[cfg(test)]
mod tests {
    use crypto::record::{Ending, EventKind, Facts};
    use crypto::time::Timestamp;
    use storage::log::Draft;
    use storage::{Keys, Store};

    use super::*;

    fn draft(event: EventKind) -> Draft {
        Draft::new(Timestamp::from_unix(1_790_000_000), Facts::new(event, Ending::Done, "office".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_record_of_the_seal_log_wakes_and_a_while_does_too() {
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let wake = Wake::by(store.logs());
        store.logs().append_and_wait(&[draft(EventKind::SealFile)]).unwrap();
        let before = tokio::time::Instant::now();
        assert_eq!(wake.news(0).await, News::Look);
        assert_eq!(before.elapsed(), Duration::ZERO);
        // A record of the other log is no news.
        store.logs().append_and_wait(&[draft(EventKind::LicenceRead)]).unwrap();
        assert_eq!(wake.news(1).await, News::Look);
        assert_eq!(before.elapsed(), LOOK);
        wake.close();
        assert_eq!(wake.news(1).await, News::Closing);
        assert!(wake.is_closing());
    }
}
