//! Room in memory for the bodies of requests, taken as their bytes arrive and given back with the request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Code, Problem};
use crate::seats::Seats;

/// One caller may fill this part of all the room, so that none can keep the others out.
const SHARES: usize = 4;

/// All the room there is, and each caller's share of it. Counted in KiB.
#[derive(Debug)]
pub struct Rooms {
    all: Seats,
    shares: Mutex<BTreeMap<String, Seats>>,
}

/// The room that one body takes.
#[derive(Debug)]
pub struct Room {
    from: Vec<Arc<Semaphore>>,
    taken: Vec<OwnedSemaphorePermit>,
    kib: usize,
}

impl Rooms {
    /// Room for so many bytes together, of which each caller may take a quarter, and at least one whole body.
    #[must_use]
    pub fn new<'a>(bytes: u32, body_bytes_max: u32, callers: impl Iterator<Item = &'a str>) -> Self {
        let share = share(bytes, body_bytes_max);
        let shares = callers.map(|name| (name.to_owned(), Seats::new(share))).collect();
        Self { all: Seats::new(kib(bytes)), shares: Mutex::new(shares) }
    }

    /// From now on there is so much room, for these callers. What is taken stays taken. Must be called within the runtime.
    pub fn follow<'a>(&self, bytes: u32, body_bytes_max: u32, callers: impl Iterator<Item = &'a str>) {
        let share = share(bytes, body_bytes_max);
        let mut shares = self.shares();
        let mut before = std::mem::take(&mut *shares);
        for name in callers {
            let own = before.remove(name).unwrap_or_else(|| Seats::new(share));
            own.resize(share);
            shares.insert(name.to_owned(), own);
        }
        self.all.resize(kib(bytes));
    }

    /// Room for a body of this caller, none taken yet.
    #[must_use]
    pub fn open(&self, caller: &str) -> Room {
        let from = self.shares().get(caller).into_iter().chain([&self.all]).map(|seats| Arc::clone(seats.semaphore())).collect();
        Room { from, taken: Vec::new(), kib: 0 }
    }

    // After a panic some may have no share of their own: they take from all the room until the next change.
    fn shares(&self) -> MutexGuard<'_, BTreeMap<String, Seats>> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn share(bytes: u32, body_bytes_max: u32) -> usize {
    (kib(bytes) / SHARES).max(kib(body_bytes_max))
}

fn kib(bytes: u32) -> usize {
    usize::try_from(bytes.div_ceil(1024)).unwrap_or(Semaphore::MAX_PERMITS)
}

impl Room {
    /// Takes what is missing for a body of so many bytes.
    ///
    /// # Errors
    /// [`Code::Overloaded`] when there is no more.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let missing = bytes.div_ceil(1024).saturating_sub(self.kib);
        if missing == 0 {
            return Ok(());
        }
        let permits = u32::try_from(missing).or(Err(Code::Overloaded))?;
        for semaphore in &self.from {
            let taken = Arc::clone(semaphore).try_acquire_many_owned(permits);
            self.taken.push(taken.or(Err(Code::Overloaded))?);
        }
        self.kib = self.kib.saturating_add(missing);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_as_it_is_used_and_given_back() {
        let rooms = Rooms::new(8 << 10, 2 << 10, ["a", "b", "c", "d", "e"].into_iter());
        let mut first = rooms.open("a");
        first.grow(1).unwrap();
        first.grow(1024).unwrap();
        first.grow(2048).unwrap();
        assert_eq!(rooms.open("a").grow(1).unwrap_err().code(), Code::Overloaded, "the caller's share is used up");
        let others: Vec<_> = ["b", "c", "d"]
            .map(|name| {
                let mut room = rooms.open(name);
                room.grow(2048).unwrap();
                room
            })
            .into();
        assert_eq!(rooms.open("e").grow(1).unwrap_err().code(), Code::Overloaded, "all of it is used up");
        drop(others);
        rooms.open("e").grow(2048).unwrap();
        drop(first);
        rooms.open("a").grow(2048).unwrap();
    }

    #[tokio::test]
    async fn room_that_is_taken_stays_so_when_there_is_another_amount_of_it() {
        let rooms = Rooms::new(8 << 10, 2 << 10, ["a"].into_iter());
        let mut first = rooms.open("a");
        first.grow(2048).unwrap();
        rooms.follow(16 << 10, 2 << 10, ["a", "b"].into_iter());
        let mut second = rooms.open("a");
        second.grow(2048).unwrap();
        assert_eq!(rooms.open("a").grow(1).unwrap_err().code(), Code::Overloaded, "of its four it has four");
        rooms.open("b").grow(4096).unwrap();
        rooms.follow(4 << 10, 2 << 10, ["b"].into_iter());
        assert_eq!(rooms.open("b").grow(1).unwrap_err().code(), Code::Overloaded, "all of it is taken");
        drop((first, second));
        tokio::task::yield_now().await;
        rooms.open("b").grow(2048).unwrap();
    }
}
