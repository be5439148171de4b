//! How much of a grant's quota is used up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::grant::Quota;
use crate::time::Date;

/// A quota is set aside in so many blocks.
const BLOCKS: u64 = 64;
/// The most that is set aside at once.
const BLOCK_MAX: u64 = 4_096;

/// What has been set aside of a grant's quota, by whichever gateway: used or about to be. What a gateway had set aside when it
/// crashed stays counted, so that no more than the quota is ever used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// The day that the daily numbers are of, in China.
    pub day: Date,
    /// Questions of that day.
    pub questions: u64,
    /// Records told on that day.
    pub records: u64,
    /// Questions altogether.
    pub total: u64,
}

/// What one gateway sets aside for itself, or asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// Questions of the day.
    pub questions: u64,
    /// Questions of all.
    pub total: u64,
    /// Records of the day.
    pub records: u64,
}

impl Usage {
    /// Nothing yet.
    #[must_use]
    pub const fn none(day: Date) -> Self {
        Self { day, questions: 0, records: 0, total: 0 }
    }

    /// The same on this day: a new day begins at nothing. A clock that was set back brings no old day back.
    #[must_use]
    pub fn on(self, day: Date) -> Self {
        if day > self.day { Self { total: self.total, ..Self::none(day) } } else { self }
    }

    /// Sets aside what is asked for, each kind rounded up to a block of its quota, as far as there is so much left. What is not
    /// limited is not counted, and nothing of it is set aside.
    pub fn lease(&mut self, quota: &Quota, wanted: Lease) -> Lease {
        let volume = quota.volume.map(|volume| volume.per_day);
        Lease {
            questions: take(&mut self.questions, quota.per_day, wanted.questions),
            total: take(&mut self.total, quota.total, wanted.total),
            records: take(&mut self.records, volume, wanted.records),
        }
    }
}

/// Takes a block or what is wanted, whichever is more, or what is left.
fn take(used: &mut u64, quota: Option<u64>, wanted: u64) -> u64 {
    let Some(quota) = quota.filter(|_| wanted > 0) else { return 0 };
    let block = (quota / BLOCKS).clamp(1, BLOCK_MAX).max(wanted);
    let taken = block.min(quota.saturating_sub(*used));
    *used = used.saturating_add(taken);
    taken
}

#[cfg(test)]
mod tests {
    use super::super::grant::Volume;
    use super::*;

    fn day(day: u8) -> Date {
        Date::new(2026, 7, day).unwrap()
    }

    #[test]
    fn blocks_are_a_part_of_the_quota_and_end_with_it() {
        for (quota, block) in [(1, 1), (63, 1), (64, 1), (6_400, 100), (1_000_000, 4_096)] {
            let limits = Quota { per_day: Some(quota), ..Quota::default() };
            let mut usage = Usage::none(day(1));
            let one = Lease { questions: 1, ..Lease::default() };
            assert_eq!(usage.lease(&limits, one).questions, block, "{quota}");
            let mut sum = block;
            loop {
                let leased = usage.lease(&limits, one).questions;
                if leased == 0 {
                    break;
                }
                sum += leased;
            }
            assert_eq!((sum, usage.questions, usage.total), (quota, quota, 0));
        }
    }

    #[test]
    fn days_are_counted_apart_and_totals_are_not() {
        let limits = Quota { per_day: Some(2), total: Some(3), volume: Some(Volume { per_day: 10 }), per_second: None };
        let all = Lease { questions: 2, total: 2, records: 7 };
        let mut usage = Usage::none(day(2));
        assert_eq!(usage.lease(&limits, all), all);
        assert_eq!(usage.lease(&limits, all), Lease { questions: 0, total: 1, records: 3 });
        let back = usage.on(day(1));
        assert_eq!(back, usage, "a day that is over does not begin again");
        let next = usage.on(day(3));
        assert_eq!(next, Usage { day: day(3), questions: 0, records: 0, total: 3 });
    }

    #[test]
    fn what_is_not_limited_is_not_counted() {
        let mut usage = Usage::none(day(1));
        assert_eq!(usage.lease(&Quota::default(), Lease { questions: 5, total: 5, records: 5 }), Lease::default());
        assert_eq!(usage, Usage::none(day(1)));
    }
}
