//! Uses of a seal and changes of what is on file about it, one after the other: a use that was let in while the seal was in use
//! is on record before the change that takes it out of use.

use std::sync::Arc;

use crypto::digest::Sha256;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// Seals whose names fall into the same slot wait for each other, which costs a little time and nothing else.
const SLOTS: usize = 256;

/// Whose turn it is, for each group of seals.
#[derive(Debug)]
pub struct Turns(Vec<Arc<RwLock<()>>>);

/// For those who use a seal: any number at a time.
pub type Using = OwnedRwLockReadGuard<()>;

/// For the one who changes what is on file.
pub type Changing = OwnedRwLockWriteGuard<()>;

impl Default for Turns {
    fn default() -> Self {
        Self((0..SLOTS).map(|_| Arc::default()).collect())
    }
}

impl Turns {
    /// Waits until nobody changes what is on file about the seal, and keeps it so.
    pub async fn using(&self, seal: &str) -> Option<Using> {
        Some(self.slot(seal)?.read_owned().await)
    }

    /// Waits until nobody uses the seal or changes what is on file about it, and keeps it so.
    pub async fn change(&self, seal: &str) -> Option<Changing> {
        Some(self.slot(seal)?.write_owned().await)
    }

    fn slot(&self, seal: &str) -> Option<Arc<RwLock<()>>> {
        let [first, ..] = Sha256::of(&[seal.as_bytes()]).0;
        self.0.get(usize::from(first)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn uses_go_together_and_a_change_goes_alone() {
        let turns = Turns::default();
        let first = turns.using("33010500000001").await;
        let second = turns.using("33010500000001").await;
        assert!(first.is_some() && second.is_some());
        let mut change = Box::pin(turns.change("33010500000001"));
        assert!(futures_are_pending(&mut change).await);
        drop((first, second));
        assert!(change.await.is_some());
    }

    async fn futures_are_pending<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx).is_pending())).await
    }
}
