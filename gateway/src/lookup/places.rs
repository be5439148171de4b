//! How many look-ups run at the same time, and who is put off when they are too many.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::broker::Class;
use crate::config::Lookup;
use crate::http::{Code, Problem};

/// The places that look-ups run in. Those of the class `batch` get none long before the others.
#[derive(Clone, Debug)]
pub struct Places {
    taken: Arc<AtomicU32>,
    all: u32,
    for_batch: u32,
}

/// Places that a look-up has until it ends.
#[derive(Debug)]
pub struct Held {
    taken: Arc<AtomicU32>,
    count: u32,
}

impl Places {
    /// As many as the configuration says.
    #[must_use]
    pub fn new(settings: &Lookup) -> Self {
        let all = settings.in_flight_max;
        let for_batch = u64::from(all) * u64::from(settings.shed_batch_at_permille) / 1000;
        Self { taken: Arc::default(), all, for_batch: u32::try_from(for_batch).unwrap_or(all) }
    }

    /// Takes places for so many subjects.
    ///
    /// # Errors
    /// [`Code::Overloaded`] when there are not so many left for this class.
    pub fn take(&self, class: Class, count: u32) -> Result<Held, Problem> {
        let limit = match class {
            Class::Interactive => self.all,
            Class::Batch => self.for_batch,
        };
        let more = |taken: u32| taken.checked_add(count).filter(|sum| *sum <= limit);
        match self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more) {
            Ok(_) => Ok(Held { taken: Arc::clone(&self.taken), count }),
            Err(_) => Err(Code::Overloaded.into()),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.count, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_put_off_first_and_places_come_back() {
        let places = Places::new(&Lookup { in_flight_max: 10, shed_batch_at_permille: 500, ..Lookup::default() });
        let batch = places.take(Class::Batch, 5).unwrap();
        assert_eq!(places.take(Class::Batch, 1).unwrap_err().code(), Code::Overloaded);
        let clerks: Vec<_> = (0..5).map(|_| places.take(Class::Interactive, 1).unwrap()).collect();
        assert_eq!(places.take(Class::Interactive, 1).unwrap_err().code(), Code::Overloaded);
        drop(batch);
        // The clerks take what a batch may have.
        assert_eq!(places.take(Class::Batch, 1).unwrap_err().code(), Code::Overloaded);
        assert!(places.take(Class::Interactive, 5).is_ok());
        drop(clerks);
        assert!(places.take(Class::Batch, 5).is_ok());
    }
}
