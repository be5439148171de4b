//! Points in time. Nothing here reads a clock: time is always an argument.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, in whole seconds since 1970-01-01T00:00:00Z.
///
/// Serialised as RFC 3339 text in UTC, such as `2026-07-01T08:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not a point in time in the expected form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTime;

impl Timestamp {
    /// Before every certificate: the start of the year 1.
    pub const MIN: Self = Self(-62_135_596_800);
    /// After every certificate: the last second of the year 9999.
    pub const MAX: Self = Self(253_402_300_799);

    /// The point in time `seconds` after the Unix epoch.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// This moment moved by `seconds`, kept within the years 1 to 9999.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// The moment of a civil date and time in UTC, if it exists (leap seconds do not).
    #[must_use]
    pub fn from_civil(date: Date, hour: u8, minute: u8, second: u8) -> Option<Self> {
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(Self(date.days_from_epoch() * 86_400 + of_day))
    }

    /// The civil date in UTC.
    #[must_use]
    pub fn date(self) -> Date {
        Date::from_days(self.0.div_euclid(86_400))
    }

    /// `HHMMSS`.
    fn digits_of_day(self) -> [u8; 6] {
        let second = u32::try_from(self.0.rem_euclid(86_400)).unwrap_or_default();
        digits(second / 3600 * 10_000 + second / 60 % 60 * 100 + second % 60)
    }

    /// Reads ASN.1 `UTCTime` content, `YYMMDDHHMMSSZ`; two-digit years from 50 are of the twentieth century (RFC 5280 4.1.2.5.1).
    ///
    /// # Errors
    /// [`BadTime`] for any other form.
    pub fn from_utc_time(content: &[u8]) -> Result<Self, BadTime> {
        let [digits @ .., b'Z'] = content else { return Err(BadTime) };
        let n = Digits::new(digits, 12)?;
        let year = n.at(0, 2)?;
        let year = if year >= 50 { 1900 + year } else { 2000 + year };
        n.civil(year, 2)
    }

    /// Reads ASN.1 `GeneralizedTime` content, `YYYYMMDDHHMMSSZ` (RFC 5280 4.1.2.5.2).
    ///
    /// # Errors
    /// [`BadTime`] for any other form, fractions and offsets included.
    pub fn from_generalized_time(content: &[u8]) -> Result<Self, BadTime> {
        let [digits @ .., b'Z'] = content else { return Err(BadTime) };
        let n = Digits::new(digits, 14)?;
        n.civil(n.at(0, 4)?, 4)
    }

    /// The content octets of an ASN.1 `GeneralizedTime`.
    #[must_use]
    pub fn to_generalized_time(self) -> String {
        let time = self.digits_of_day();
        format!("{}{}Z", self.date().compact(), str::from_utf8(&time).unwrap_or_default())
    }
}

/// The last `N` decimal digits of a number. Records and reports are full of times, and `fmt` takes ten times as long.
fn digits<const N: usize>(mut number: u32) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    digits
}

struct Digits<'a>(&'a [u8]);

impl<'a> Digits<'a> {
    fn new(text: &'a [u8], len: usize) -> Result<Self, BadTime> {
        if text.len() == len && text.iter().all(u8::is_ascii_digit) { Ok(Self(text)) } else { Err(BadTime) }
    }

    fn at(&self, from: usize, len: usize) -> Result<u16, BadTime> {
        let digits = self.0.get(from..from.saturating_add(len)).ok_or(BadTime)?;
        Ok(digits.iter().fold(0, |n, d| n * 10 + u16::from(d - b'0')))
    }

    fn byte(&self, from: usize) -> Result<u8, BadTime> {
        u8::try_from(self.at(from, 2)?).or(Err(BadTime))
    }

    fn civil(&self, year: u16, from: usize) -> Result<Timestamp, BadTime> {
        let date = Date::new(year, self.byte(from)?, self.byte(from + 2)?).ok_or(BadTime)?;
        Timestamp::from_civil(date, self.byte(from + 4)?, self.byte(from + 6)?, self.byte(from + 8)?).ok_or(BadTime)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([y1, y2, y3, y4, m1, m2, d1, d2], [h1, h2, i1, i2, s1, s2]) = (self.date().digits(), self.digits_of_day());
        let text = [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', i1, i2, b':', s1, s2, b'Z'];
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

impl FromStr for Timestamp {
    type Err = BadTime;

    /// Reads RFC 3339 text in UTC or with an offset, without fractions of a second.
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let (date, rest) = text.split_at_checked(10).ok_or(BadTime)?;
        let date: Date = date.parse()?;
        let rest = rest.strip_prefix(['T', 't', ' ']).ok_or(BadTime)?;
        let (clock, zone) = rest.split_at_checked(8).ok_or(BadTime)?;
        let local = clock_seconds(clock)?;
        let offset = match zone {
            "Z" | "z" => 0,
            _ => {
                let sign = if zone.starts_with('+') { 1 } else { -1 };
                let zone = zone.strip_prefix(['+', '-']).ok_or(BadTime)?;
                sign * clock_seconds(&format!("{zone}:00"))?
            }
        };
        Ok(Self(date.days_from_epoch() * 86_400 + local - offset))
    }
}

fn clock_seconds(text: &str) -> Result<i64, BadTime> {
    let bytes = text.as_bytes();
    let [h1, h2, b':', m1, m2, b':', s1, s2] = bytes else { return Err(BadTime) };
    let digits = [*h1, *h2, *m1, *m2, *s1, *s2];
    let n = Digits::new(&digits, 6)?;
    let (hour, minute, second) = (n.byte(0)?, n.byte(2)?, n.byte(4)?);
    if hour > 23 || minute > 59 || second > 59 {
        return Err(BadTime);
    }
    Ok(i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second))
}

impl fmt::Display for BadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a date or time in the expected form")
    }
}

impl std::error::Error for BadTime {}

/// A day of the Gregorian calendar, years 1 to 9999. Serialised as `2026-07-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day with this year, month (1 to 12) and day of the month, if it exists.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        ((1..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Self { year, month, day })
    }

    /// The calendar year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// `20260701`.
    #[must_use]
    pub fn compact(self) -> String {
        str::from_utf8(&self.digits()).unwrap_or_default().to_owned()
    }

    /// `YYYYMMDD`.
    fn digits(self) -> [u8; 8] {
        digits(u32::from(self.year) * 10_000 + u32::from(self.month) * 100 + u32::from(self.day))
    }

    /// The first second of this day in UTC+08:00, the legal time of China, in which licences are dated.
    #[must_use]
    pub fn start_in_china(self) -> Timestamp {
        Timestamp(self.days_from_epoch() * 86_400 - 8 * 3600)
    }

    /// The first second after this day in UTC+08:00.
    #[must_use]
    pub fn end_in_china(self) -> Timestamp {
        self.start_in_china().plus(86_400)
    }

    // The two conversions follow the well-known algorithm over 400-year eras that start in March.
    fn days_from_epoch(self) -> i64 {
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    fn from_days(days: i64) -> Self {
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self {
            year: u16::try_from(year).unwrap_or(9999).min(9999),
            month: u8::try_from(month).unwrap_or(12),
            day: u8::try_from(day).unwrap_or(31),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = BadTime;

    /// Reads `2026-07-01` or `20260701`; both occur in licences.
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let compact: Cow<'_, [u8]> = match text.as_bytes() {
            [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] => Cow::Owned(vec![*y1, *y2, *y3, *y4, *m1, *m2, *d1, *d2]),
            other => Cow::Borrowed(other),
        };
        let n = Digits::new(&compact, 8)?;
        Self::new(n.at(0, 4)?, n.byte(4)?, n.byte(6)?).ok_or(BadTime)
    }
}

macro_rules! text_serde {
    ($type:ty, $name:literal, $format:literal, $text:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": $format, "description": $text })
            }
        }
    };
}

text_serde!(Timestamp, "Timestamp", "date-time", "RFC 3339, in whole seconds.");
text_serde!(Date, "Date", "date", "A day of the calendar.");

/// The earlier of two moments, of which either may be unknown.
pub(crate) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_round_trip_over_four_centuries() {
        for days in (-200_000..200_000).step_by(37) {
            assert_eq!(Date::from_days(days).days_from_epoch(), days);
        }
        assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn asn1_times() {
        let at = |text: &str| text.parse::<Timestamp>();
        assert_eq!(Timestamp::from_utc_time(b"491231235959Z"), at("2049-12-31T23:59:59Z"));
        assert_eq!(Timestamp::from_utc_time(b"500101000000Z"), at("1950-01-01T00:00:00Z"));
        assert_eq!(Timestamp::from_generalized_time(b"20240229120000Z"), at("2024-02-29T12:00:00Z"));
        for bad in [&b"20230229120000Z"[..], b"20240229120000", b"2024022912000Z", b"20240229240000Z", b"20240229120000.5Z"] {
            assert_eq!(Timestamp::from_generalized_time(bad), Err(BadTime));
        }
        let noon = at("2024-02-29T12:00:00Z").unwrap();
        assert_eq!(noon.to_generalized_time(), "20240229120000Z");
    }

    #[test]
    fn offsets_and_chinese_days() {
        let utc: Timestamp = "2026-06-30T16:00:00Z".parse().unwrap();
        assert_eq!("2026-07-01T00:00:00+08:00".parse(), Ok(utc));
        assert_eq!("20260701".parse::<Date>().unwrap().start_in_china(), utc);
        assert_eq!("2026-7-01".parse::<Date>(), Err(BadTime));
        assert_eq!("2026-07-01T00:00:00*08:00".parse::<Timestamp>(), Err(BadTime));
    }
}
