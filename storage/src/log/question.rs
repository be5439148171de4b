//! Questions that auditors ask again and again, ready to be asked.

use std::collections::BTreeSet;

use crypto::record::{Ending, EventKind, Facts, Opening, Stamp};
use crypto::time::{Date, Timestamp};

use super::query::Query;

/// How many records are read for one page at most: then it ends, with or without a hit.
pub(crate) const READ_MAX: usize = 2000;

/// What uses of seals are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Uses in one of these periods: of a seal that was frozen, stopped, cancelled or expired then. Both the moment of the record
    /// and the one that the record names count.
    During(Vec<Period>),
    /// Uses that rest on no approval.
    WithoutApproval,
    /// Uses outside office hours, by the moment that the record names, or else its own.
    OutsideHours(OfficeHours),
}

/// A period of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// When it begins.
    pub from: Timestamp,
    /// The first moment after it; absent when it has no end.
    pub until: Option<Timestamp>,
}

/// When offices are open, in the legal time of China (UTC+08:00).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeHours {
    /// On which days of the week, from Monday.
    pub weekdays: [bool; 7],
    /// From when until before when, in minutes of the day.
    pub hours: Vec<(u16, u16)>,
    /// Days on which they are closed whatever the day of the week: 法定节假日.
    pub holidays: BTreeSet<Date>,
    /// Days on which they are open whatever the day of the week: 调休上班.
    pub workdays: BTreeSet<Date>,
}

impl Period {
    /// Whether a moment is in the period.
    #[must_use]
    pub fn has(&self, at: Timestamp) -> bool {
        at >= self.from && self.until.is_none_or(|until| at < until)
    }
}

impl OfficeHours {
    /// Whether offices are open.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = at.plus(8 * 3600);
        let (day, date) = (local.unix().div_euclid(86_400), local.date());
        // The first of January 1970 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).ok().and_then(|weekday| self.weekdays.get(weekday));
        let is_workday = self.workdays.contains(&date) || (!self.holidays.contains(&date) && weekday.is_some_and(|open| *open));
        let minute = local.unix().rem_euclid(86_400) / 60;
        is_workday && self.hours.iter().any(|(from, until)| (i64::from(*from)..i64::from(*until)).contains(&minute))
    }
}

impl Question {
    /// What can be found by the index: uses that were done, of whatever else `scope` asks for.
    pub(crate) fn query(&self, scope: &Query) -> Query {
        let mut query = scope.clone();
        query.event = Some(EventKind::SealUse);
        query.outcome = Some(Ending::Done);
        if let Self::During(periods) = self {
            // What has happened is recorded afterwards.
            let first = periods.iter().map(|period| period.from).min();
            query.from = query.from.max(first);
        }
        query
    }

    /// Whether a record is what is looked for. One that does not show its facts may be.
    pub(crate) fn is_answered_by(&self, opening: &Opening) -> bool {
        let facts: Option<Facts> = opening.read(Opening::FACTS);
        let recorded = opening.read::<Stamp>(Opening::STAMP).map(|stamp| stamp.at);
        let named = facts.as_ref().and_then(|facts| facts.effective_at);
        match self {
            Self::During(periods) => {
                let is_inside = |at: Timestamp| periods.iter().any(|period| period.has(at));
                recorded.is_none_or(is_inside) || named.is_some_and(is_inside)
            }
            Self::WithoutApproval => facts.and_then(|facts| facts.approval).is_none_or(|approval| approval.trim().is_empty()),
            Self::OutsideHours(hours) => named.or(recorded).is_none_or(|at| !hours.is_open(at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours() -> OfficeHours {
        let day = |text: &str| BTreeSet::from([text.parse().unwrap()]);
        OfficeHours {
            weekdays: [true, true, true, true, true, false, false],
            hours: vec![(8 * 60 + 30, 12 * 60), (14 * 60, 17 * 60 + 30)],
            holidays: day("2026-10-01"),
            workdays: day("2026-10-10"),
        }
    }

    #[test]
    fn offices_are_open_by_chinese_time() {
        let is_open = |text: &str| hours().is_open(text.parse().unwrap());
        // 2026-03-02 was a Monday.
        for open in
            ["2026-03-02T08:30:00+08:00", "2026-03-06T17:29:59+08:00", "2026-03-02T03:59:59Z", "2026-10-10T09:00:00+08:00"]
        {
            assert!(is_open(open), "{open}");
        }
        for closed in [
            "2026-03-02T08:29:59+08:00",
            "2026-03-02T12:00:00+08:00",
            "2026-03-02T17:30:00+08:00",
            "2026-03-07T09:00:00+08:00",
            "2026-03-08T09:00:00+08:00",
            "2026-10-01T09:00:00+08:00",
            "2026-03-02T16:00:00Z",
        ] {
            assert!(!is_open(closed), "{closed}");
        }
    }

    #[test]
    fn a_period_ends_before_its_end() {
        let at = Timestamp::from_unix;
        let period = Period { from: at(10), until: Some(at(20)) };
        assert_eq!([9, 10, 19, 20].map(|n| period.has(at(n))), [false, true, true, false]);
        assert!(Period { until: None, ..period }.has(Timestamp::MAX));
    }
}
