//! Until when a look-up is answered.

use std::time::Duration;

use hyper::HeaderMap;
use tokio::time::Instant;

use crate::broker::Class;
use crate::config::Lookup;
use crate::http::{Code, Problem, single};

/// Within how many milliseconds the caller wants its answer.
pub const DEADLINE: &str = "licet-deadline";
/// How much it matters that it is answered when not all can be.
pub const CLASS: &str = "licet-class";

/// Until when sources are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// What was asked for, in milliseconds from the arrival of the request.
    pub ms: u32,
    /// When sources are no longer waited for: early enough that the record and the answer are done by the deadline.
    pub until: Instant,
}

impl Deadline {
    /// That of a request which arrived at this moment.
    ///
    /// # Errors
    /// [`Code::BadParameter`] when the header is no number of milliseconds that may be asked for.
    pub fn read(headers: &HeaderMap, settings: &Lookup, arrived: Instant) -> Result<Self, Problem> {
        let ms = match single(headers, DEADLINE, refused)? {
            None => settings.deadline_ms,
            Some(text) => milliseconds(text).filter(|ms| *ms > 0).ok_or_else(|| refused(DEADLINE))?,
        };
        // What is more than the policy allows is cut, and the answer says so.
        let ms = ms.min(settings.deadline_ms_max);
        let asking = Duration::from_millis(ms.saturating_sub(settings.reserve_ms).into());
        Ok(Self { ms, until: arrived.checked_add(asking).unwrap_or(arrived) })
    }
}

/// A number of milliseconds. A sign is no digit, and what is too long to be counted is longer than any policy allows.
fn milliseconds(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u32::MAX))
}

/// The class that the headers name.
///
/// # Errors
/// [`Code::BadParameter`] when there is no such class.
pub fn class(headers: &HeaderMap, otherwise: Class) -> Result<Class, Problem> {
    match single(headers, CLASS, refused)? {
        None => Ok(otherwise),
        Some("interactive") => Ok(Class::Interactive),
        Some("batch") => Ok(Class::Batch),
        Some(_) => Err(refused(CLASS)),
    }
}

fn refused(name: &str) -> Problem {
    let expected = match name {
        DEADLINE => ("a whole number of milliseconds, 1 or more, once", "1以上的整毫秒数，且只出现一次"),
        _ => ("interactive or batch, once", "interactive或batch，且只出现一次"),
    };
    Problem::expected(Code::BadParameter, name, expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_reserve_is_taken_off_and_policy_caps() {
        let (settings, arrived) = (Lookup::default(), clock::tokio_instant());
        let read = |values: &[&str]| Deadline::read(&headers(DEADLINE, values), &settings, arrived);
        let after = |ms: u64| arrived + Duration::from_millis(ms);
        assert_eq!(read(&[]).unwrap(), Deadline { ms: 800, until: after(790) });
        assert_eq!(read(&["150"]).unwrap(), Deadline { ms: 150, until: after(140) });
        assert_eq!(read(&["99999"]).unwrap(), Deadline { ms: 5000, until: after(4990) });
        assert_eq!(read(&["99999999999999999999"]).unwrap().ms, 5000, "more than can be counted is more than is allowed");
        assert_eq!(read(&["3"]).unwrap(), Deadline { ms: 3, until: arrived });
        for bad in [&["0"][..], &[""], &["-5"], &["+5"], &["1.5"], &["9999999999x"], &["1", "2"]] {
            assert_eq!(read(bad).unwrap_err().code(), Code::BadParameter, "{bad:?}");
        }
    }

    #[test]
    fn classes() {
        let read = |values: &[&str]| class(&headers(CLASS, values), Class::Interactive);
        assert_eq!(read(&[]).unwrap(), Class::Interactive);
        assert_eq!(read(&["batch"]).unwrap(), Class::Batch);
        assert_eq!(read(&["Batch"]).unwrap_err().code(), Code::BadParameter);
    }
}
