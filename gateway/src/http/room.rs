//! Room in memory for the bodies of requests, taken as their bytes arrive and given back with the request.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Code, Problem};

/// One caller may fill this part of all the room, so that none can keep the others out.
const SHARES: usize = 4;

/// All the room there is, and each caller's share of it. Counted in KiB.
#[derive(Debug)]
pub struct Rooms {
    all: Arc<Semaphore>,
    shares: BTreeMap<String, Arc<Semaphore>>,
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
        let kib = |bytes: u32| usize::try_from(bytes.div_ceil(1024)).unwrap_or(Semaphore::MAX_PERMITS);
        let share = (kib(bytes) / SHARES).max(kib(body_bytes_max));
        let shares = callers.map(|name| (name.to_owned(), Arc::new(Semaphore::new(share)))).collect();
        Self { all: Arc::new(Semaphore::new(kib(bytes))), shares }
    }

    /// Room for a body of this caller, none taken yet.
    #[must_use]
    pub fn open(&self, caller: &str) -> Room {
        let from = self.shares.get(caller).into_iter().chain([&self.all]).cloned().collect();
        Room { from, taken: Vec::new(), kib: 0 }
    }
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
}
