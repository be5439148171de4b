//! Whether the gateway can do its work right now, found by doing it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinError;

/// A check that does a real piece of work; its failure is a sentence for the operator, without personal data.
pub type Check = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// Time in which every check together must succeed.
const TIME_MAX: Duration = Duration::from_secs(5);

/// The checks, one round at a time however often anybody asks.
pub struct Health {
    checks: Arc<Vec<(&'static str, Check)>>,
    turn: Arc<Mutex<()>>,
}

impl Health {
    /// These checks, each with its name.
    #[must_use]
    pub fn new(checks: Vec<(&'static str, Check)>) -> Self {
        Self { checks: Arc::new(checks), turn: Arc::default() }
    }

    /// Why the gateway is not ready; nothing when it is.
    pub async fn reasons(&self, draining: bool) -> Vec<String> {
        if draining {
            return vec!["shutdown: the gateway is stopping".to_owned()];
        }
        match tokio::time::timeout(TIME_MAX, self.round()).await {
            Ok(Ok(reasons)) => reasons,
            Ok(Err(_)) => vec!["checks: one of them panicked".to_owned()],
            Err(_) => vec![format!("checks: not done within {} s", TIME_MAX.as_secs())],
        }
    }

    async fn round(&self) -> Result<Vec<String>, JoinError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let checks = Arc::clone(&self.checks);
        let round = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, not with who waits for it: a disk that hangs holds one thread, however often it is asked.
            let _turn = turn;
            let failed = |(name, check): &(&'static str, Check)| check().err().map(|reason| format!("{name}: {reason}"));
            checks.iter().filter_map(failed).collect()
        });
        round.await
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.checks.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn every_reason_is_given() {
        let health =
            Health::new(vec![("verify", Box::new(|| Ok(()))), ("store", Box::new(|| Err("the disk is full".to_owned())))]);
        assert_eq!(health.reasons(false).await, ["store: the disk is full"]);
        assert_eq!(health.reasons(true).await.len(), 1);
        assert!(Health::new(Vec::new()).reasons(false).await.is_empty());
        let broken = Health::new(vec![("verify", Box::new(|| panic!("on purpose")))]);
        assert_eq!(broken.reasons(false).await, ["checks: one of them panicked"]);
        assert_eq!(broken.reasons(false).await, ["checks: one of them panicked"]);
    }

    #[tokio::test]
    async fn a_check_that_hangs_is_not_begun_again() {
        let (release, wait) = mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let hangs = move || {
            begun.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
            Ok(())
        };
        let health = Health::new(vec![("store", Box::new(hangs))]);
        tokio::select! {
            _ = health.reasons(false) => panic!("it hangs"),
            begun = begins.recv() => begun.unwrap(),
        }
        // Who asked has gone away; the work goes on.
        let mut next = Box::pin(health.reasons(false));
        for _ in 0..100 {
            assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(next.as_mut().poll(cx))).await.is_pending());
            tokio::task::yield_now().await;
        }
        assert!(begins.is_empty(), "a second thread waits for the same disk");
        release.send(()).unwrap();
        release.send(()).unwrap();
        assert!(next.await.is_empty());
    }
}
