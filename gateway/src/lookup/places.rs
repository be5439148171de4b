//! How many look-ups run at the same time, and who is put off when they are too many.

use crate::broker::Class;
use crate::config::Lookup;
use crate::http::{Code, Problem};
use crate::shares::{Share, Shares};

/// The places that look-ups run in. Those of the class `batch` get none long before the others, and no caller gets more than half.
#[derive(Clone, Debug)]
pub struct Places {
    shares: Shares,
    all: u32,
    for_batch: u32,
}

/// Places that a look-up has until it ends.
pub type Held = Share;

impl Places {
    /// As many as the configuration says.
    #[must_use]
    pub fn new(settings: &Lookup) -> Self {
        Self::over(&Shares::new(0, 0), settings)
    }

    /// As many as another configuration says, of which those are taken that are taken of these.
    #[must_use]
    pub fn renewed(&self, settings: &Lookup) -> Self {
        Self::over(&self.shares, settings)
    }

    fn over(shares: &Shares, settings: &Lookup) -> Self {
        let all = settings.in_flight_max;
        let for_batch = u64::from(all) * u64::from(settings.shed_batch_at_permille) / 1000;
        // A batch always fits into the share of a caller.
        let each = all.div_ceil(2).max(settings.batch_max.min(all));
        Self { shares: shares.of(all, each), all, for_batch: u32::try_from(for_batch).unwrap_or(all) }
    }

    /// Takes places for so many subjects.
    ///
    /// # Errors
    /// [`Code::Overloaded`] when there are not so many left for this class, or for this caller.
    pub fn take(&self, caller: &str, class: Class, count: u32) -> Result<Held, Problem> {
        let limit = match class {
            Class::Interactive => self.all,
            Class::Batch => self.for_batch,
        };
        self.shares.take(caller, count, limit).ok_or_else(|| Code::Overloaded.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_put_off_first_and_places_come_back() {
        let settings = Lookup { in_flight_max: 10, shed_batch_at_permille: 500, batch_max: 5, ..Lookup::default() };
        let places = Places::new(&settings);
        let batch = places.take("a", Class::Batch, 5).unwrap();
        assert_eq!(places.take("b", Class::Batch, 1).unwrap_err().code(), Code::Overloaded);
        assert_eq!(places.take("a", Class::Interactive, 1).unwrap_err().code(), Code::Overloaded, "it has its half");
        let clerks: Vec<_> = (0..5).map(|_| places.take("b", Class::Interactive, 1).unwrap()).collect();
        assert_eq!(places.take("c", Class::Interactive, 1).unwrap_err().code(), Code::Overloaded);
        drop(batch);
        // The clerks take what a batch may have.
        assert_eq!(places.take("a", Class::Batch, 1).unwrap_err().code(), Code::Overloaded);
        assert!(places.take("a", Class::Interactive, 5).is_ok());
        drop(clerks);
        assert!(places.take("a", Class::Batch, 5).is_ok());
    }

    #[test]
    fn other_limits_count_what_is_taken() {
        let settings = |in_flight_max| Lookup { in_flight_max, batch_max: 1, ..Lookup::default() };
        let before = Places::new(&settings(4));
        let held = [before.take("a", Class::Interactive, 2).unwrap(), before.take("b", Class::Interactive, 2).unwrap()];
        let after = before.renewed(&settings(5));
        let more = after.take("c", Class::Interactive, 1).unwrap();
        assert!(after.take("c", Class::Interactive, 1).is_err() && before.take("c", Class::Interactive, 1).is_err());
        drop((held, more));
        assert!(after.take("c", Class::Interactive, 3).is_ok() && before.take("c", Class::Interactive, 3).is_err());
    }
}
