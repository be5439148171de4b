//! Places for what runs at the same time, whose number follows the configuration while they are taken and given back.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

/// The places.
#[derive(Debug)]
pub(crate) struct Seats {
    semaphore: Arc<Semaphore>,
    /// How many there are to be.
    count: Mutex<usize>,
}

impl Seats {
    /// So many places.
    pub(crate) fn new(count: usize) -> Self {
        let count = within(count);
        Self { semaphore: Arc::new(Semaphore::new(count)), count: Mutex::new(count) }
    }

    /// Where places are taken.
    pub(crate) const fn semaphore(&self) -> &Arc<Semaphore> {
        &self.semaphore
    }

    /// How many there are to be.
    pub(crate) fn count(&self) -> usize {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.count().saturating_sub(self.semaphore.available_permits())
    }

    /// From now on there are so many. Of places that are to go and are taken, each goes when it is given back, before anybody else
    /// gets it. Must be called within the runtime.
    pub(crate) fn resize(&self, count: usize) {
        let count = within(count);
        // Whole after a panic: it is assigned once.
        let mut known = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *known, count);
        if count > before {
            self.semaphore.add_permits(count - before);
            return;
        }
        let gone = before - count;
        let taken = gone - self.semaphore.forget_permits(gone);
        if taken > 0 {
            let semaphore = Arc::clone(&self.semaphore);
            // Who waits here is served in turn, and those that came before wait for fewer places than there were.
            drop(tokio::spawn(async move {
                let all = u32::try_from(taken).unwrap_or(u32::MAX);
                if let Ok(places) = semaphore.acquire_many_owned(all).await {
                    places.forget();
                }
            }));
        }
    }
}

/// What a semaphore can count, and what can be taken of it at once.
fn within(count: usize) -> usize {
    count.min(Semaphore::MAX_PERMITS).min(usize::try_from(u32::MAX).unwrap_or(Semaphore::MAX_PERMITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_that_are_taken_go_when_they_are_given_back() {
        let seats = Seats::new(3);
        let take = || Arc::clone(seats.semaphore()).try_acquire_owned();
        let held: Vec<_> = (0..3).map(|_| take().unwrap()).collect();
        seats.resize(1);
        tokio::task::yield_now().await;
        let mut held = held.into_iter();
        drop(held.next());
        tokio::task::yield_now().await;
        assert!(take().is_err(), "two are still taken, and there is one");
        drop(held);
        tokio::task::yield_now().await;
        let one = take().unwrap();
        assert!(take().is_err());
        seats.resize(2);
        let two = take().unwrap();
        assert!(take().is_err());
        drop((one, two));
        assert_eq!(seats.semaphore().available_permits(), 2);
    }

    #[tokio::test]
    async fn places_that_come_while_others_are_to_go_make_up_for_them() {
        let seats = Seats::new(2);
        let take = || Arc::clone(seats.semaphore()).try_acquire_owned();
        let held = (take().unwrap(), take().unwrap());
        seats.resize(0);
        tokio::task::yield_now().await;
        seats.resize(4);
        tokio::task::yield_now().await;
        assert_eq!(seats.semaphore().available_permits(), 2);
        drop(held);
        assert_eq!(seats.semaphore().available_permits(), 4);
    }
}
