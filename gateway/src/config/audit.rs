//! `[audit]`: what the ready questions of auditors go by.

use std::collections::BTreeSet;

use crypto::grants::Calendar;
use crypto::time::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use storage::log;

use super::Faults;

/// What the ready questions of auditors go by.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// When a seal is used within office hours.
    pub office_hours: OfficeHours,
}

/// Office hours, in the legal time of China (UTC+08:00).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OfficeHours {
    /// The times of day at which the office is open, each `HH:MM-HH:MM`. Default `08:30-17:30`.
    pub hours: Vec<String>,
    /// The days of the week on which it is open, 1 for Monday to 7 for Sunday. Default Monday to Friday.
    pub weekdays: BTreeSet<u8>,
    /// Days on which it is closed whatever day of the week they are: public holidays. Default none.
    pub holidays: BTreeSet<Date>,
    /// Days on which it is open whatever day of the week they are: shifted working days (调休). Default none.
    pub workdays: BTreeSet<Date>,
}

impl Default for OfficeHours {
    fn default() -> Self {
        Self {
            hours: vec!["08:30-17:30".to_owned()],
            weekdays: (1..=5).collect(),
            holidays: BTreeSet::new(),
            workdays: BTreeSet::new(),
        }
    }
}

impl OfficeHours {
    /// As the store takes them. What is malformed was refused with the configuration.
    #[must_use]
    pub fn hours(&self) -> log::OfficeHours {
        log::OfficeHours {
            weekdays: [1, 2, 3, 4, 5, 6, 7].map(|day| self.weekdays.contains(&day)),
            hours: self.hours.iter().filter_map(|text| span(text)).collect(),
            holidays: self.holidays.clone(),
            workdays: self.workdays.clone(),
        }
    }
}

impl OfficeHours {
    /// The working days, by which time limits are counted.
    #[must_use]
    pub fn calendar(&self) -> Calendar {
        let log::OfficeHours { weekdays, holidays, workdays, .. } = self.hours();
        Calendar { weekdays, holidays, workdays }
    }
}

impl Audit {
    pub(super) fn check(&self, faults: &mut Faults) {
        let hours = &self.office_hours;
        let key = |name: &str| format!("audit.office_hours.{name}");
        faults.demand(!hours.hours.is_empty(), key("hours"), "must have at least one time of day");
        for text in hours.hours.iter().filter(|text| span(text).is_none()) {
            faults.add(key("hours"), format!("{text:?} is not a time of day such as \"08:30-17:30\""));
        }
        let are_days = hours.weekdays.iter().all(|day| (1..=7).contains(day));
        faults.demand(are_days, key("weekdays"), "are 1 for Monday to 7 for Sunday");
        let is_both = hours.holidays.intersection(&hours.workdays).next();
        faults.demand(is_both.is_none(), key("workdays"), "has a day that is a holiday as well");
    }
}

/// `08:30-17:30`, in minutes of the day.
fn span(text: &str) -> Option<(u16, u16)> {
    let (from, until) = text.split_once('-')?;
    Some((minutes(from)?, minutes(until)?)).filter(|(from, until)| from < until)
}

/// `08:30`, or `24:00` for the end of the day.
fn minutes(text: &str) -> Option<u16> {
    let number = |text: &str| -> Option<u16> {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok())?
    };
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    Some(hours * 60 + minutes).filter(|sum| minutes < 60 && *sum <= 24 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        assert_eq!(span("08:30-17:30"), Some((510, 1050)));
        assert_eq!(span("00:00-24:00"), Some((0, 1440)));
        for bad in
            ["", "08:30", "8:30-17:30", "08:30-24:01", "10:60-11:00", "1a:00-02:00", "+1:00-02:00", "10:00-09:00", "09:00-09:00"]
        {
            assert_eq!(span(bad), None, "{bad}");
        }
    }

    #[test]
    fn offices_are_open_on_the_days_that_are_named() {
        let hours = OfficeHours { weekdays: BTreeSet::from([7]), ..OfficeHours::default() }.hours();
        let is_open = |text: &str| hours.is_open(text.parse().unwrap());
        // 2026-07-05 was a Sunday.
        assert!(is_open("2026-07-05T08:30:00+08:00") && !is_open("2026-07-05T17:30:00+08:00"));
        assert!(!is_open("2026-07-06T08:30:00+08:00") && !is_open("2026-07-04T08:30:00+08:00"));
    }
}
