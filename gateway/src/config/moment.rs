//! A moment as people write it: RFC 3339, or a day of China that counts whole.

use std::fmt;
use std::str::FromStr;

use crypto::time::{Date, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment, or a day.
#[derive(Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String", extend("format" = "moment"))]
pub enum Moment {
    /// A second.
    Second(Timestamp),
    /// A day in China.
    Day(Date),
}

impl Moment {
    /// The first second of it.
    #[must_use]
    pub fn first(self) -> Timestamp {
        match self {
            Self::Second(second) => second,
            Self::Day(day) => day.start_in_china(),
        }
    }

    /// The last second of it.
    #[must_use]
    pub fn last(self) -> Timestamp {
        match self {
            Self::Second(second) => second,
            Self::Day(day) => day.end_in_china().plus(-1),
        }
    }
}

/// Text that is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadMoment;

impl fmt::Display for BadMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither a day such as 2030-12-31 nor a moment such as 2030-12-31T23:59:59+08:00")
    }
}

impl std::error::Error for BadMoment {}

impl FromStr for Moment {
    type Err = BadMoment;

    fn from_str(text: &str) -> Result<Self, BadMoment> {
        let second = text.parse().map(Self::Second);
        second.or_else(|_| text.parse().map(Self::Day)).or(Err(BadMoment))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Second(second) => second.fmt(f),
            Self::Day(day) => day.fmt(f),
        }
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_whole() {
        let day: Moment = "2030-12-31".parse().unwrap();
        assert_eq!(day.first().to_string(), "2030-12-30T16:00:00Z");
        assert_eq!(day.last().to_string(), "2030-12-31T15:59:59Z");
        let second: Moment = "2030-12-31T08:00:00+08:00".parse().unwrap();
        assert_eq!((second.first(), second.to_string().as_str()), (second.last(), "2030-12-31T00:00:00Z"));
        assert_eq!("tomorrow".parse::<Moment>(), Err(BadMoment));
    }
}
