//! A secret that is given out for a time, and fetched anew before its end by one caller for all.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::broker::SourceFault;
use crate::secrets::Secret;

/// After a failure, nobody is asked again for so many milliseconds.
const PAUSE_MS: i64 = 1_000;

/// A secret with its end, in milliseconds since 1970.
#[derive(Clone, Debug)]
pub(super) struct Lent {
    pub(super) secret: Secret,
    pub(super) until_ms: i64,
}

/// Fetches a secret.
pub(super) type Fetch = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Lent, SourceFault>> + Send>> + Send + Sync>;

/// A secret that is kept fresh. Cheap to clone.
#[derive(Clone)]
pub(super) struct Rotating {
    inner: Arc<Inner>,
}

struct Inner {
    fetch: Fetch,
    before_ms: i64,
    current: ArcSwapOption<Lent>,
    /// Whoever holds it fetches. In it: until when nobody asks again.
    turn: Arc<Mutex<i64>>,
}

impl Rotating {
    /// Nothing yet; a new one is fetched so many milliseconds before the end of the old.
    pub(super) fn new(fetch: Fetch, before_ms: i64) -> Self {
        Self { inner: Arc::new(Inner { fetch, before_ms, current: ArcSwapOption::empty(), turn: Arc::default() }) }
    }

    /// The secret that is good at this moment. Waits only where there is none; one that is about to end is used while somebody
    /// fetches the next, and until its end when that fails.
    pub(super) async fn at(&self, now_ms: i64) -> Result<Arc<Lent>, SourceFault> {
        if let Some(lent) = self.good(now_ms) {
            if lent.until_ms.saturating_sub(self.inner.before_ms) <= now_ms
                && let Ok(turn) = Arc::clone(&self.inner.turn).try_lock_owned()
            {
                self.start(turn, now_ms);
            }
            return Ok(lent);
        }
        let turn = Arc::clone(&self.inner.turn).lock_owned().await;
        if let Some(lent) = self.good(now_ms) {
            return Ok(lent);
        }
        // In a task of its own: whoever waits may give up, and the secret is for all.
        match self.start(turn, now_ms) {
            Some(task) => task.await.unwrap_or(Err(SourceFault::Failed)),
            None => Err(SourceFault::Unreachable),
        }
    }

    /// What was refused may have been replaced before its end: the next caller fetches anew, unless this is no longer the one in use.
    pub(super) fn doubt(&self, lent: &Arc<Lent>, now_ms: i64) {
        let is_current = self.inner.current.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, lent));
        if is_current && let Ok(turn) = Arc::clone(&self.inner.turn).try_lock_owned() {
            self.start(turn, now_ms);
        }
    }

    fn good(&self, now_ms: i64) -> Option<Arc<Lent>> {
        self.inner.current.load_full().filter(|lent| now_ms < lent.until_ms)
    }

    /// Fetches, unless somebody has done so a moment ago.
    fn start(
        &self,
        mut turn: OwnedMutexGuard<i64>,
        now_ms: i64,
    ) -> Option<tokio::task::JoinHandle<Result<Arc<Lent>, SourceFault>>> {
        if now_ms < *turn {
            return None;
        }
        *turn = now_ms.saturating_add(PAUSE_MS);
        let inner = Arc::clone(&self.inner);
        Some(tokio::spawn(async move {
            let _turn = turn;
            let fetched = (inner.fetch)().await;
            tracing::debug!(fault = fetched.as_ref().err().map(|fault| fault.name()), "a secret of a source was asked for");
            let lent = Arc::new(fetched?);
            inner.current.store(Some(Arc::clone(&lent)));
            Ok(lent)
        }))
    }
}

impl fmt::Debug for Rotating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotating").field("current", &self.inner.current.load()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// A key service that lends the n-th secret until n × 100,000, answers when it is let, and fails while told to.
    struct Service {
        asked: AtomicI64,
        is_down: std::sync::atomic::AtomicBool,
        answers: Semaphore,
    }

    fn service(answers: usize) -> (Arc<Service>, Rotating) {
        let service = Arc::new(Service { asked: AtomicI64::new(0), is_down: false.into(), answers: Semaphore::new(answers) });
        let served = Arc::clone(&service);
        let fetch: Fetch = Box::new(move || {
            let service = Arc::clone(&served);
            Box::pin(async move {
                let n = service.asked.fetch_add(1, Ordering::SeqCst) + 1;
                service.answers.acquire().await.unwrap().forget();
                if service.is_down.load(Ordering::SeqCst) {
                    return Err(SourceFault::Unreachable);
                }
                Ok(Lent { secret: Secret::new(format!("secret {n}")), until_ms: n * 100_000 })
            })
        });
        (service, Rotating::new(fetch, 10_000))
    }

    async fn name(rotating: &Rotating, now_ms: i64) -> Result<String, SourceFault> {
        rotating.at(now_ms).await.map(|lent| lent.secret.expose().to_owned())
    }

    /// Lets tasks that were started come to their end.
    async fn settle() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_fetches_for_all() {
        let (service, rotating) = service(0);
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                tokio::spawn({
                    let one = rotating.clone();
                    async move { name(&one, 1).await }
                })
            })
            .collect();
        settle().await;
        service.answers.add_permits(1);
        for one in waiting {
            assert_eq!(one.await.unwrap(), Ok("secret 1".to_owned()));
        }
        assert_eq!(service.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn the_old_one_serves_while_the_next_is_fetched_and_until_its_end() {
        let (service, rotating) = service(1);
        assert_eq!(name(&rotating, 1).await.as_deref(), Ok("secret 1"));
        assert_eq!(name(&rotating, 89_999).await.as_deref(), Ok("secret 1"));
        settle().await;
        assert_eq!(service.asked.load(Ordering::SeqCst), 1, "not before its time");
        service.is_down.store(true, Ordering::SeqCst);
        service.answers.add_permits(1);
        assert_eq!(name(&rotating, 90_000).await.as_deref(), Ok("secret 1"));
        settle().await;
        assert_eq!(name(&rotating, 90_999).await.as_deref(), Ok("secret 1"));
        settle().await;
        assert_eq!(service.asked.load(Ordering::SeqCst), 2, "a failure is not tried again at once");
        assert_eq!(name(&rotating, 99_999).await.as_deref(), Ok("secret 1"), "while it is asked again, and waits");
        settle().await;
        assert_eq!(service.asked.load(Ordering::SeqCst), 3);
        service.is_down.store(false, Ordering::SeqCst);
        service.answers.add_permits(1);
        settle().await;
        assert_eq!(name(&rotating, 100_000).await.as_deref(), Ok("secret 3"));
    }

    #[tokio::test]
    async fn without_any_a_failure_is_told_and_asked_again_later() {
        let (service, rotating) = service(1);
        service.is_down.store(true, Ordering::SeqCst);
        assert_eq!(name(&rotating, 1).await, Err(SourceFault::Unreachable));
        assert_eq!(name(&rotating, 2).await, Err(SourceFault::Unreachable));
        assert_eq!(service.asked.load(Ordering::SeqCst), 1);
        service.is_down.store(false, Ordering::SeqCst);
        service.answers.add_permits(1);
        assert_eq!(name(&rotating, 1_001).await.as_deref(), Ok("secret 2"));
    }

    #[tokio::test]
    async fn whoever_gives_up_does_not_stop_the_fetch() {
        let (service, rotating) = service(0);
        let first = tokio::spawn({
            let one = rotating.clone();
            async move { name(&one, 1).await }
        });
        settle().await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        service.answers.add_permits(1);
        assert_eq!(name(&rotating, 2).await.as_deref(), Ok("secret 1"));
        assert_eq!(service.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_refused_secret_is_replaced() {
        let (service, rotating) = service(2);
        let first = rotating.at(1).await.unwrap();
        rotating.doubt(&first, 2);
        settle().await;
        assert_eq!(service.asked.load(Ordering::SeqCst), 1, "too soon after the first");
        rotating.doubt(&first, 5_000);
        settle().await;
        assert_eq!(name(&rotating, 5_001).await.as_deref(), Ok("secret 2"));
        rotating.doubt(&first, 9_000);
        settle().await;
        assert_eq!(service.asked.load(Ordering::SeqCst), 2, "it was not the one in use");
    }
}
