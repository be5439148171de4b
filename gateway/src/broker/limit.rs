//! How many calls a source gets at the same time: as many as it answers without slowing down.

use std::time::Duration;

use super::Class;
use super::SourceFault;

/// So many answers are looked at together: one that is late by chance says nothing.
const ROUND: usize = 16;

/// With so many calls it begins, where more are allowed.
const FIRST: u32 = 20;

/// What can be thousandths of a call.
const MILLI: u64 = 1000;

/// Of the calls at a time batches may make so many quarters: the rest stays for those who stand at a counter.
const BATCH_QUARTERS: u64 = 3;

/// How many calls a source gets at the same time. In rounds of answers the median is compared with what is usual: above twice of it
/// there are fewer, below it there are more, as long as they are wanted.
#[derive(Debug)]
pub(super) struct Limit {
    max: u64,
    milli: u64,
    in_flight: u32,
    /// The most that were under way in this round.
    peak: u32,
    /// How many ended in this round, and how long those took that were answered.
    ended: usize,
    round: Vec<Duration>,
    /// Whether there are fewer of them since this round began.
    is_cut: bool,
    usual: Option<Duration>,
}

impl Limit {
    /// Up to so many.
    pub(super) fn new(max: u32) -> Self {
        let max = max.max(1);
        let milli = u64::from(max.min(FIRST)) * MILLI;
        let round = Vec::with_capacity(ROUND);
        Self { max: u64::from(max) * MILLI, milli, in_flight: 0, peak: 0, ended: 0, round, is_cut: false, usual: None }
    }

    /// How many there may be now.
    pub(super) fn allowed(&self, class: Class) -> u32 {
        let milli = match class {
            Class::Interactive => self.milli,
            Class::Batch => self.milli * BATCH_QUARTERS / 4,
        };
        u32::try_from(milli / MILLI).unwrap_or(u32::MAX).max(1)
    }

    /// How many there are.
    pub(super) const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Whether one more may be made.
    pub(super) fn has_room(&self, class: Class) -> bool {
        self.in_flight < self.allowed(class)
    }

    /// One more is made.
    pub(super) fn enter(&mut self) {
        self.in_flight = self.in_flight.saturating_add(1);
        self.peak = self.peak.max(self.in_flight);
    }

    /// One is over, and its answer, where there was one, took so long.
    pub(super) fn leave(&mut self, took: Option<Duration>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.round.extend(took);
        self.ended = self.ended.saturating_add(1);
        if self.ended >= ROUND {
            self.close_round();
        }
    }

    /// One is over because the source had too much to do, or seems to. Once in a round that makes fewer of them: what is under way
    /// together fails together.
    pub(super) fn leave_crowded(&mut self, fault: SourceFault) {
        if !self.is_cut {
            let tenths = if fault == SourceFault::Overloaded { 7 } else { 9 };
            self.set(self.milli * tenths / 10);
            self.is_cut = true;
        }
        self.leave(None);
    }

    /// How long a call waits for its turn that has so many before it, where one takes so long.
    pub(super) fn wait(&self, ahead: u32, each: Duration, class: Class) -> Duration {
        each.saturating_mul(ahead.saturating_add(1)) / self.allowed(class)
    }

    fn close_round(&mut self) {
        // A round of failures says nothing about how long answers take.
        if self.round.len() * 2 >= ROUND {
            self.round.sort_unstable();
            let median = self.round.get(self.round.len() / 2).copied().unwrap_or_default();
            self.compare(median);
        }
        self.round.clear();
        self.ended = 0;
        self.peak = self.in_flight;
        self.is_cut = false;
    }

    fn compare(&mut self, median: Duration) {
        let usual = self.usual.unwrap_or(median);
        // Falls fast and rises slowly: what is slow for long becomes usual.
        let usual = if median < usual { (usual + median) / 2 } else { usual + (median - usual) / 32 };
        self.usual = Some(usual);
        // Answers that slow down while few are under way do so for reasons of their own.
        if !self.is_cut && u64::from(self.peak) * 2 * MILLI >= self.milli {
            let part = permille(usual.saturating_mul(2), median).clamp(500, 1000);
            let wanted = self.milli * part / 1000 + 2 * MILLI;
            self.set((self.milli * 3 + wanted) / 4);
        }
    }

    fn set(&mut self, milli: u64) {
        self.milli = milli.clamp(MILLI, self.max);
    }
}

fn permille(part: Duration, whole: Duration) -> u64 {
    let thousandths = part.as_micros().saturating_mul(1000).checked_div(whole.as_micros());
    thousandths.and_then(|n| u64::try_from(n).ok()).unwrap_or(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// So many rounds of a source that takes 10 ms, and longer in proportion when more than `capacity` calls are under way.
    fn rounds(limit: &mut Limit, count: usize, capacity: u32) {
        for _ in 0..count {
            while limit.has_room(Class::Interactive) {
                limit.enter();
            }
            let took = ms(10) * limit.in_flight().max(capacity) / capacity;
            for _ in 0..limit.in_flight() {
                limit.leave(Some(took));
            }
        }
    }

    #[test]
    fn finds_what_the_source_can_do() {
        let mut limit = Limit::new(200);
        assert_eq!(limit.allowed(Class::Interactive), 20);
        rounds(&mut limit, 200, 1000);
        assert_eq!(limit.allowed(Class::Interactive), 200, "as many as allowed, where they do not slow it down");
        rounds(&mut limit, 10, 10);
        let found = limit.allowed(Class::Interactive);
        assert!((10..70).contains(&found), "{found}");
        (0..3).for_each(|_| limit.enter());
        (0..3).for_each(|_| limit.leave_crowded(SourceFault::Overloaded));
        let left = limit.allowed(Class::Interactive);
        assert!((found * 6 / 10..found * 8 / 10).contains(&left), "{left} of {found}: what failed together counts once");
    }

    #[test]
    fn never_none_and_never_more_than_the_most() {
        let mut limit = Limit::new(3);
        rounds(&mut limit, 100, 1000);
        assert_eq!((limit.allowed(Class::Interactive), limit.allowed(Class::Batch)), (3, 2));
        for _ in 0..100 {
            limit.enter();
            limit.leave_crowded(SourceFault::Overloaded);
        }
        assert_eq!((limit.allowed(Class::Interactive), limit.allowed(Class::Batch)), (1, 1));
        limit.enter();
        assert!(!limit.has_room(Class::Interactive));
        assert_eq!(limit.wait(0, ms(10), Class::Interactive), ms(10));
        assert_eq!(limit.wait(4, ms(10), Class::Interactive), ms(50));
    }

    #[test]
    fn what_few_calls_take_changes_nothing_and_one_late_answer_neither() {
        let mut limit = Limit::new(100);
        for n in 0..1000 {
            limit.enter();
            limit.leave(Some(ms(10 + n)));
        }
        assert_eq!(limit.allowed(Class::Interactive), 20);
        for n in 0..1000_u32 {
            while limit.has_room(Class::Interactive) {
                limit.enter();
            }
            limit.leave(Some(if n.is_multiple_of(10) { ms(2000) } else { ms(10) }));
        }
        assert!(limit.allowed(Class::Interactive) > 40);
    }
}
