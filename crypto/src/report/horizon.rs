//! How long an answer keeps.

use crate::time::Timestamp;

/// Collects the moments that an answer was compared with, and knows the next one.
///
/// An answer given for `at` stays the same until then, as long as nothing new is learned: that is how long it may be cached.
#[derive(Clone, Copy, Debug)]
pub struct Horizon {
    at: Timestamp,
    next: Option<Timestamp>,
}

impl Horizon {
    /// For questions about this moment.
    #[must_use]
    pub const fn new(at: Timestamp) -> Self {
        Self { at, next: None }
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
    }
}
