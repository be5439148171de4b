//! How often a source may be asked twice.

/// What a second call costs; every first call pays its thousandths.
const COST: u64 = 1000;

/// So many second calls may be saved up.
const SAVED_MAX: u64 = 10;

/// The budget of second calls: never more of a thousand calls than allowed, from the first call on.
#[derive(Debug)]
pub(super) struct Hedges {
    permille: u64,
    saved: u64,
}

impl Hedges {
    /// A budget of so many second calls for a thousand first ones.
    pub(super) fn new(permille: u16) -> Self {
        Self { permille: permille.into(), saved: 0 }
    }

    /// A first call is made.
    pub(super) fn earn(&mut self) {
        self.saved = self.saved.saturating_add(self.permille).min(COST * SAVED_MAX);
    }

    /// Pays for a second call, if there is enough.
    pub(super) fn spend(&mut self) -> bool {
        let left = self.saved.checked_sub(COST);
        self.saved = left.unwrap_or(self.saved);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_the_budget_at_any_moment() {
        let mut hedges = Hedges::new(50);
        let mut spent = 0;
        for calls in 1..=10_000 {
            hedges.earn();
            spent += u32::from(hedges.spend());
            assert!(spent * 1000 <= calls * 50, "{spent} of {calls}");
        }
        assert_eq!(spent, 500);
        (0..10_000).for_each(|_| hedges.earn());
        assert_eq!((0..100).filter(|_| hedges.spend()).count(), 10, "a long quiet time saves up little");
        let mut none = Hedges::new(0);
        (0..10_000).for_each(|_| none.earn());
        assert!(!none.spend());
    }
}
