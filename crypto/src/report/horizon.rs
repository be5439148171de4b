//! How long an answer keeps.

use std::collections::BTreeSet;

use crate::time::Timestamp;

/// Moments that are remembered for the reader of a report. What comes beyond still counts for the next change.
const COMPARED_MAX: usize = 256;

/// Collects the moments that an answer was compared with, and knows the next one.
///
/// An answer given for `at` stays the same until then, as long as nothing new is learned: that is how long it may be cached.
#[derive(Clone, Debug)]
pub struct Horizon {
    at: Timestamp,
    next: Option<Timestamp>,
    compared: BTreeSet<Timestamp>,
}

impl Horizon {
    /// For questions about this moment.
    #[must_use]
    pub const fn new(at: Timestamp) -> Self {
        Self { at, next: None, compared: BTreeSet::new() }
    }

    /// The moment in question.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether the moment in question lies within `[from, until]`, both included.
    pub fn within(&mut self, from: Timestamp, until: Timestamp) -> bool {
        self.reached(from) && !self.reached(until.plus(1))
    }

    /// Whether the moment in question is `start` or later.
    pub fn reached(&mut self, start: Timestamp) -> bool {
        if self.compared.len() < COMPARED_MAX {
            self.compared.insert(start);
        }
        if self.at >= start {
            return true;
        }
        self.next = Some(self.next.map_or(start, |next| next.min(start)));
        false
    }

    /// The earliest later moment that was compared with.
    #[must_use]
    pub const fn next(&self) -> Option<Timestamp> {
        self.next
    }

    /// The moments that were compared with, earlier and later ones.
    #[must_use]
    pub const fn compared(&self) -> &BTreeSet<Timestamp> {
        &self.compared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_next_change() {
        let t = Timestamp::from_unix;
        let mut horizon = Horizon::new(t(100));
        assert!(horizon.within(t(50), t(200)));
        assert_eq!(horizon.next(), Some(t(201)));
        assert!(horizon.within(t(100), t(100)));
        assert_eq!(horizon.next(), Some(t(101)));
        assert!(!horizon.within(t(150), t(160)));
        assert!(!horizon.within(t(10), t(20)));
        assert_eq!(horizon.next(), Some(t(101)));
        assert_eq!(horizon.compared().iter().map(|time| time.unix()).collect::<Vec<_>>(), [10, 21, 50, 100, 101, 150, 201]);
    }
}
