//! Looks for the highest rate that passes: doubles until one does not, then halves what lies between.

/// Which rate is tried next.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    from: u64,
    most: u64,
    passed: Option<u64>,
    failed: Option<u64>,
}

impl Search {
    /// Begins here, and tries nothing above `most`.
    #[must_use]
    pub fn new(from: u64, most: u64) -> Self {
        Self { from: from.clamp(1, most.max(1)), most: most.max(1), passed: None, failed: None }
    }

    /// The next rate; nothing once the limit is known to five in a hundred.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        match (self.passed, self.failed) {
            (None, None) => Some(self.from),
            (Some(passed), None) => (passed < self.most).then(|| (passed * 2).min(self.most)),
            (None, Some(failed)) => Some(failed / 2).filter(|rate| *rate > 0),
            (Some(passed), Some(failed)) => {
                let between = failed.saturating_sub(passed);
                (between * 20 > passed && between > 1).then(|| passed + between / 2)
            }
        }
    }

    /// What came of a rate.
    pub fn tell(&mut self, rate: u64, has_passed: bool) {
        if has_passed {
            self.passed = self.passed.max(Some(rate));
        } else {
            self.failed = Some(self.failed.map_or(rate, |failed| failed.min(rate)));
        }
    }

    /// The highest rate that has passed.
    #[must_use]
    pub const fn passed(&self) -> Option<u64> {
        self.passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::real;

    /// A server whose answers take the longer the nearer the rate comes to what it can do.
    fn p99_ms(rate: u64, capacity: f64) -> f64 {
        let busy = real(rate) / capacity;
        if busy >= 1.0 { f64::INFINITY } else { 1.0 / (1.0 - busy) }
    }

    fn find(capacity: f64, from: u64) -> (u64, usize) {
        let (mut search, mut steps) = (Search::new(from, 1_000_000), 0);
        while let Some(rate) = search.next() {
            search.tell(rate, p99_ms(rate, capacity) <= 20.0);
            steps += 1;
            assert!(steps < 60);
        }
        (search.passed().unwrap_or(0), steps)
    }

    #[test]
    fn the_limit_is_found_wherever_one_begins() {
        for capacity in [40.0, 900.0, 12_345.0, 170_000.0] {
            // Up to 95 % of the capacity the answers come within 20 ms.
            let limit = capacity * 0.95;
            for from in [1, 500, 1_000_000] {
                let (found, steps) = find(capacity, from);
                assert!(real(found) <= limit && real(found) >= limit * 0.93, "{capacity} {from}: {found}");
                assert!(steps <= 30, "{steps}");
            }
        }
    }

    #[test]
    fn there_may_be_no_limit_or_nothing_that_passes() {
        let (mut search, mut tried) = (Search::new(100, 1_000), Vec::new());
        while let Some(rate) = search.next() {
            search.tell(rate, true);
            tried.push(rate);
        }
        assert_eq!(tried, [100, 200, 400, 800, 1_000]);
        assert_eq!(find(0.5, 1_000).0, 0);
    }
}
