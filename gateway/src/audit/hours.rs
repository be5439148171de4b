//! Office hours, in the legal time of China.

use std::collections::BTreeSet;

use crypto::time::{Date, Timestamp};

use crate::config::OfficeHours;

const DAY_S: i64 = 86_400;
const CHINA_S: i64 = 8 * 3600;

/// When an office is open.
#[derive(Clone, Debug)]
pub struct Hours {
    opens_s: i64,
    closes_s: i64,
    weekdays: BTreeSet<u8>,
    holidays: BTreeSet<Date>,
    workdays: BTreeSet<Date>,
}

impl Hours {
    /// Those of the configuration.
    #[must_use]
    pub fn new(hours: &OfficeHours) -> Self {
        let (opens, closes) = hours.minutes();
        Self {
            opens_s: i64::from(opens) * 60,
            closes_s: i64::from(closes) * 60,
            weekdays: hours.weekdays.clone(),
            holidays: hours.holidays.clone(),
            workdays: hours.workdays.clone(),
        }
    }

    /// Whether the office is open at this moment: from the second in which it opens until before the one in which it closes.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        let china = at.plus(CHINA_S);
        let date = china.date();
        // The first day of the epoch was a Thursday.
        let weekday = u8::try_from((china.unix().div_euclid(DAY_S) + 3).rem_euclid(7) + 1).unwrap_or(0);
        let is_workday = self.workdays.contains(&date) || self.weekdays.contains(&weekday) && !self.holidays.contains(&date);
        is_workday && (self.opens_s..self.closes_s).contains(&china.unix().rem_euclid(DAY_S))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_those_of_china() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let hours = Hours::new(&OfficeHours {
            holidays: BTreeSet::from([day("2026-10-01")]),
            workdays: BTreeSet::from([day("2026-10-10")]),
            ..OfficeHours::default()
        });
        for (at, expected) in [
            // Wednesday, 1 July 2026.
            ("2026-07-01T08:29:59+08:00", false),
            ("2026-07-01T08:30:00+08:00", true),
            ("2026-07-01T17:29:59+08:00", true),
            ("2026-07-01T17:30:00+08:00", false),
            ("2026-07-01T08:30:00Z", true),
            ("2026-07-01T10:00:00Z", false),
            // It is Monday in China already, and still Sunday in London.
            ("2026-07-05T23:59:00Z", false),
            ("2026-07-06T00:30:00Z", true),
            ("2026-07-04T10:00:00+08:00", false),
            ("2026-07-05T10:00:00+08:00", false),
            // A holiday on a Thursday; a Saturday that is worked for it.
            ("2026-10-01T10:00:00+08:00", false),
            ("2026-10-10T10:00:00+08:00", true),
            ("2026-10-10T20:00:00+08:00", false),
        ] {
            assert_eq!(hours.contains(at.parse().unwrap()), expected, "{at}");
        }
    }
}
