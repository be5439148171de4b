//! Where work runs that takes a processor or waits for a disk: beside the tasks that speak to the network, and bounded.

use std::sync::Arc;

use tokio::sync::TryAcquireError;
use tokio::task::JoinError;

use crate::clock;
use crate::http::{Code, Problem};
use crate::seats::Seats;
use crate::telemetry;

/// A bounded number of jobs at a time, and a bounded number that wait. What is beyond is refused at once.
#[derive(Debug)]
pub struct Pool {
    running: Seats,
    admitted: Seats,
}

impl Pool {
    /// A pool for `workers` jobs at a time and `queue` that wait.
    #[must_use]
    pub fn new(workers: usize, queue: usize) -> Self {
        let (running, admitted) = sizes(workers, queue);
        Self { running: Seats::new(running), admitted: Seats::new(admitted) }
    }

    /// From now on it is one for so many. Jobs that run or wait are not touched. Must be called within the runtime.
    pub fn resize(&self, workers: usize, queue: usize) {
        let (running, admitted) = sizes(workers, queue);
        self.running.resize(running);
        self.admitted.resize(admitted);
    }

    /// How many jobs run or wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.admitted.taken()
    }

    /// How many of those that may run or wait do, in thousandths.
    #[must_use]
    pub fn filled_permille(&self) -> u32 {
        u32::try_from(self.depth().saturating_mul(1000) / self.admitted.count().max(1)).unwrap_or(u32::MAX)
    }

    /// Runs a job. A job that has begun runs to its end even if nobody waits for it any more.
    ///
    /// # Errors
    /// [`Code::Overloaded`] when too many wait already; [`Code::Internal`] when the job panicked.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let admitted = Arc::clone(self.admitted.semaphore()).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => Problem::new(Code::Overloaded),
            TryAcquireError::Closed => Problem::new(Code::Unavailable),
        })?;
        let (waiting, came) = (telemetry::step("wait"), clock::instant());
        let running = Arc::clone(self.running.semaphore()).acquire_owned().await.or(Err(Code::Unavailable))?;
        drop(waiting);
        let waited_ms = clock::instant().saturating_duration_since(came).as_secs_f64() * 1000.0;
        tracing::debug!(waited_ms, depth = self.depth(), "a job begins");
        let (step, job) = (telemetry::step("work"), telemetry::carried_off(job));
        let task = tokio::task::spawn_blocking(move || {
            // The places are given back, and the step ends, when the job ends, not when its caller goes away.
            let _places = (admitted, running, step);
            job()
        });
        task.await.map_err(|error| failed(&error))
    }
}

/// How many jobs run, and how many are there at all.
fn sizes(workers: usize, queue: usize) -> (usize, usize) {
    (workers.max(1), workers.saturating_add(queue).max(1))
}

fn failed(error: &JoinError) -> Problem {
    tracing::error!(panic = error.is_panic(), "a job of the pool did not end");
    Problem::new(Code::Internal)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_is_beyond_the_queue_is_refused() {
        let pool = Arc::new(Pool::new(1, 1));
        let (release, wait) = mpsc::channel::<()>();
        let (begun, is_running) = tokio::sync::oneshot::channel();
        let first = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move {
                pool.run(move || {
                    begun.send(()).unwrap();
                    wait.recv().unwrap();
                })
                .await
            }
        });
        is_running.await.unwrap();
        let mut second = Box::pin(pool.run(|| 2));
        assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(second.as_mut().poll(cx))).await.is_pending());
        assert_eq!(pool.run(|| 3).await.unwrap_err().code(), Code::Overloaded);
        assert_eq!((pool.depth(), pool.filled_permille()), (2, 1000));
        release.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        assert_eq!(second.await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_problem_and_gives_its_place_back() {
        let pool = Pool::new(1, 1);
        for _ in 0..3 {
            let result: Result<(), _> = pool.run(|| panic!("on purpose")).await;
            assert_eq!(result.unwrap_err().code(), Code::Internal);
        }
        assert_eq!(pool.run(|| 1).await.unwrap(), 1);
        assert_eq!(pool.filled_permille(), 0);
    }
}
