//! Places for what runs at the same time, of which no caller gets more than its share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places.
#[derive(Clone, Debug)]
pub struct Shares {
    taken: Arc<Mutex<Taken>>,
    all: u32,
    each: u32,
}

#[derive(Debug, Default)]
struct Taken {
    all: u32,
    /// By caller; nobody who has none.
    of: BTreeMap<String, u32>,
}

/// Places that somebody has until this is dropped.
#[derive(Debug)]
pub struct Share {
    taken: Arc<Mutex<Taken>>,
    caller: String,
    count: u32,
}

impl Shares {
    /// So many places, of which each caller may have so many.
    #[must_use]
    pub fn new(all: u32, each: u32) -> Self {
        Self { taken: Arc::default(), all, each }
    }

    /// The same places, taken as they are, with other numbers.
    #[must_use]
    pub fn of(&self, all: u32, each: u32) -> Self {
        Self { taken: Arc::clone(&self.taken), all, each }
    }

    /// Takes places, unless that would leave more than `limit` of all taken, or the caller with more than its share.
    #[must_use]
    pub fn take(&self, caller: &str, count: u32, limit: u32) -> Option<Share> {
        let mut taken = lock(&self.taken);
        let all = taken.all.checked_add(count).filter(|all| *all <= limit.min(self.all))?;
        let own = taken.of.get(caller).copied().unwrap_or(0).checked_add(count).filter(|own| *own <= self.each)?;
        taken.all = all;
        taken.of.insert(caller.to_owned(), own);
        Some(Share { taken: Arc::clone(&self.taken), caller: caller.to_owned(), count })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all = taken.all.saturating_sub(self.count);
        if let Some(own) = taken.of.get_mut(&self.caller) {
            *own = own.saturating_sub(self.count);
            if *own == 0 {
                taken.of.remove(&self.caller);
            }
        }
    }
}

// Counts are whole after a panic too: each change is one assignment.
fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_more_than_a_share_and_places_come_back() {
        let shares = Shares::new(10, 6);
        let first = shares.take("a", 6, 10).unwrap();
        assert!(shares.take("a", 1, 10).is_none());
        let second = shares.take("b", 3, 10).unwrap();
        assert!(shares.take("b", 2, 10).is_none() && shares.take("b", 1, 9).is_none());
        assert!(shares.take("b", u32::MAX, u32::MAX).is_none());
        drop(first);
        assert!(shares.take("a", 6, 10).is_some());
        drop(second);
        assert!(lock(&shares.taken).of.is_empty());
        assert_eq!(lock(&shares.taken).all, 0);
    }
}
