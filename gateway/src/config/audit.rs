//! `[audit]`: what the ready questions of auditors go by.

use std::collections::BTreeSet;

use crypto::time::Date;
use serde::Deserialize;

use super::Faults;

/// What the ready questions of auditors go by.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// When a seal is used within office hours.
    pub office_hours: OfficeHours,
}

/// Office hours, in the legal time of China (UTC+08:00).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfficeHours {
    /// When the office opens, `HH:MM`. Default `08:30`.
    pub opens: String,
    /// When it closes, `HH:MM`. Default `17:30`.
    pub closes: String,
    /// The days of the week on which it is open, 1 for Monday to 7 for Sunday. Default Monday to Friday.
    pub weekdays: BTreeSet<u8>,
    /// Days on which it is closed whatever day of the week they are: public holidays. Default none.
    pub holidays: BTreeSet<Date>,
    /// Days on which it is open whatever day of the week they are: shifted working days (调休). Default none.
    pub workdays: BTreeSet<Date>,
}

impl Default for Audit {
    fn default() -> Self {
        Self { office_hours: OfficeHours::default() }
    }
}

impl Default for OfficeHours {
    fn default() -> Self {
        Self {
            opens: "08:30".to_owned(),
            closes: "17:30".to_owned(),
            weekdays: (1..=5).collect(),
            holidays: BTreeSet::new(),
            workdays: BTreeSet::new(),
        }
    }
}

impl OfficeHours {
    /// Minutes after midnight at which the office opens and closes. Both are 0 for what was refused with the configuration.
    #[must_use]
    pub fn minutes(&self) -> (u16, u16) {
        (minutes(&self.opens).unwrap_or(0), minutes(&self.closes).unwrap_or(0))
    }
}

impl Audit {
    pub(super) fn check(&self, faults: &mut Faults) {
        let hours = &self.office_hours;
        const SHAPE: &str = "is not a time of day such as \"08:30\"";
        let (opens, closes) = (minutes(&hours.opens), minutes(&hours.closes));
        faults.demand(opens.is_some(), "audit.office_hours.opens", SHAPE);
        faults.demand(closes.is_some(), "audit.office_hours.closes", SHAPE);
        if let (Some(opens), Some(closes)) = (opens, closes) {
            faults.demand(opens < closes, "audit.office_hours.closes", "must be later than opens");
        }
        let are_days = hours.weekdays.iter().all(|day| (1..=7).contains(day));
        faults.demand(are_days, "audit.office_hours.weekdays", "are 1 for Monday to 7 for Sunday");
        let is_both = hours.holidays.intersection(&hours.workdays).next();
        faults.demand(is_both.is_none(), "audit.office_hours.workdays", "has a day that is a holiday as well");
    }
}

/// `08:30`, or `24:00` for the end of the day.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number =
        |text: &str| (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<u16>().ok())?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let sum = hours * 60 + minutes;
    (minutes < 60 && sum <= 24 * 60).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        assert_eq!(minutes("08:30"), Some(510));
        assert_eq!(minutes("24:00"), Some(1440));
        for bad in ["", "8:30", "24:01", "10:60", "1a:00", "10:00:00", "+1:00"] {
            assert_eq!(minutes(bad), None, "{bad}");
        }
    }
}
