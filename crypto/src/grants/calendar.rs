//! Working days: until when something is due.

use std::collections::BTreeSet;

use crate::time::{Date, Timestamp};

const DAY_S: i64 = 86_400;
/// From the legal time of China to that of the world, in seconds.
const CHINA_S: i64 = 8 * 3600;
/// The most days that are looked through: a calendar without a working day must not take for ever.
const DAYS_MAX: u32 = 3_660;

/// Which days are working days, in China.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The days of the week, from Monday.
    pub weekdays: [bool; 7],
    /// Days off, whatever the day of the week: 法定节假日.
    pub holidays: BTreeSet<Date>,
    /// Working days, whatever the day of the week: 调休上班.
    pub workdays: BTreeSet<Date>,
}

impl Calendar {
    /// Whether the day of this moment is a working day.
    #[must_use]
    pub fn is_working_day(&self, at: Timestamp) -> bool {
        let local = at.plus(CHINA_S);
        let (day, date) = (local.unix().div_euclid(DAY_S), local.date());
        // The first of January 1970 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).ok().and_then(|weekday| self.weekdays.get(weekday));
        self.workdays.contains(&date) || (!self.holidays.contains(&date) && weekday.is_some_and(|open| *open))
    }

    /// The first moment that is too late for what is due within so many working days: the day on which they begin does not count,
    /// and the last of them counts whole.
    #[must_use]
    pub fn due(&self, from: Timestamp, days: u32) -> Timestamp {
        let mut day = from;
        let mut left = days;
        for _ in 0..DAYS_MAX {
            if left == 0 {
                break;
            }
            day = day.plus(DAY_S);
            left -= u32::from(self.is_working_day(day));
        }
        day.plus(CHINA_S).date().end_in_china()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        Calendar {
            weekdays: [true, true, true, true, true, false, false],
            holidays: (1..=7).filter_map(|day| Date::new(2026, 10, day)).collect(),
            workdays: BTreeSet::from([Date::new(2026, 10, 10).unwrap()]),
        }
    }

    #[test]
    fn days_off_do_not_count() {
        for (from, days, due) in [
            // A Monday; the day itself does not count.
            ("2026-07-06T09:00:00+08:00", 2, "2026-07-09T00:00:00+08:00"),
            ("2026-07-06T00:00:00+08:00", 0, "2026-07-07T00:00:00+08:00"),
            // Still Sunday in Greenwich, but Monday in China.
            ("2026-07-05T16:00:00Z", 1, "2026-07-08T00:00:00+08:00"),
            // A Friday, and the Saturday after it.
            ("2026-07-10T23:59:59+08:00", 2, "2026-07-15T00:00:00+08:00"),
            ("2026-07-11T12:00:00+08:00", 5, "2026-07-18T00:00:00+08:00"),
            // Over the holidays of October: the 8th, the 9th, and the Saturday that is worked.
            ("2026-09-30T10:00:00+08:00", 2, "2026-10-10T00:00:00+08:00"),
            ("2026-09-30T10:00:00+08:00", 3, "2026-10-11T00:00:00+08:00"),
            ("2026-09-30T10:00:00+08:00", 4, "2026-10-13T00:00:00+08:00"),
        ] {
            assert_eq!(calendar().due(from.parse().unwrap(), days), due.parse().unwrap(), "{from} {days}");
        }
    }

    #[test]
    fn a_calendar_without_working_days_ends() {
        let none = Calendar { weekdays: [false; 7], holidays: BTreeSet::new(), workdays: BTreeSet::new() };
        let from: Timestamp = "2026-07-06T09:00:00+08:00".parse().unwrap();
        assert!(none.due(from, 2) > from.plus(3_000 * DAY_S));
    }
}
