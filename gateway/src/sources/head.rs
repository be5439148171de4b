//! What every source is told in the head of a question: how long it has, and what it is for.

use std::time::Duration;

use crypto::time::Timestamp;
use hyper::HeaderMap;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};

use crate::broker::Question;
use crate::handlers::today_in_china;
use crate::lookup::deadline;
use crate::purpose::{CASE, ITEM, OPERATOR, PURPOSE, holds_citizen_number};
use crate::telemetry;

/// How many milliseconds are left.
pub(super) const DEADLINE: HeaderName = HeaderName::from_static(deadline::DEADLINE);
/// How much it matters.
pub(super) const CLASS: HeaderName = HeaderName::from_static(deadline::CLASS);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The head of a question with so much time left.
pub(super) fn head(question: &Question, content_type: &'static str, left: Duration) -> HeaderMap {
    let errand = &question.errand;
    let mut head = HeaderMap::new();
    head.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    head.insert(ACCEPT, HeaderValue::from_static("application/json"));
    head.insert(DEADLINE, HeaderValue::from(u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1)));
    head.insert(CLASS, HeaderValue::from_static(errand.class.name()));
    // What holds the number of a person belongs in the body, where the template may put it.
    let number = question.subject.expose().to_ascii_uppercase();
    let today = today_in_china(errand.now);
    let is_plain = |text: &&str| !text.to_ascii_uppercase().contains(&number) && !holds_citizen_number(text, today);
    let encoded = |text: &Option<String>| text.as_deref().filter(is_plain).map(percent_encode);
    let fields = [
        (REQUEST_ID, Some(errand.request_id.as_str()).filter(is_plain).map(str::to_owned)),
        (HeaderName::from_static(ITEM), Some(errand.item.as_str()).filter(is_plain).map(percent_encode)),
        (HeaderName::from_static(CASE), encoded(&errand.case)),
        (HeaderName::from_static(PURPOSE), encoded(&errand.purpose)),
        // A pseudonym in visible characters: it goes as it came.
        (HeaderName::from_static(OPERATOR), errand.operator.as_deref().filter(is_plain).map(str::to_owned)),
    ];
    for (name, value) in fields {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            head.insert(name, value);
        }
    }
    telemetry::mark(&mut head);
    head
}

/// A moment as the `Date` field has it (RFC 9110, 5.6.7).
pub(super) fn imf_date(at: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // 1970 began on a Thursday.
    let of_week = usize::try_from(at.unix().div_euclid(86_400).rem_euclid(7)).unwrap_or(0);
    let text = at.to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let month = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).unwrap_or(&"");
    let of_week = DAYS.get(of_week).unwrap_or(&"");
    format!("{of_week}, {day} {month} {year} {} GMT", time.trim_end_matches('Z'))
}

/// Percent-encoding of all but the unreserved characters (RFC 3986, 2.3).
pub(super) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::percent_decode;

    #[test]
    fn dates_of_heads() {
        for (at, text) in [
            ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("2021-04-20T02:07:55Z", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("2028-02-29T23:59:59Z", "Tue, 29 Feb 2028 23:59:59 GMT"),
        ] {
            assert_eq!(imf_date(at.parse().unwrap()), text);
        }
    }

    #[test]
    fn what_is_encoded_comes_back() {
        for text in ["", "a-b_c.d~e", "事项 1/2?&=+%", "\u{10ffff}"] {
            let encoded = percent_encode(text);
            assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic()), "{encoded}");
            assert_eq!(percent_decode(&encoded).as_deref(), Some(text));
        }
    }
}
