//! The name of a request in answers and logs.

use std::fmt;
use std::sync::Arc;

use crypto::digest::to_hex;
use crypto::time::Date;
use hyper::HeaderMap;
use hyper::header::HeaderName;
use ring::rand::{SecureRandom, SystemRandom};

use crate::purpose::holds_citizen_number;

/// The header that carries it, both ways.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// 1 to 64 letters, digits, dots, hyphens and underscores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The caller's own, if it sent a usable one; otherwise 32 random hexadecimal digits.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(HEADER).and_then(|value| value.to_str().ok());
        match sent.filter(|text| is_usable(text)) {
            Some(text) => Self(text.into()),
            None => Self::random(),
        }
    }

    fn random() -> Self {
        let mut bytes = [0; 16];
        match SystemRandom::new().fill(&mut bytes) {
            Ok(()) => Self(to_hex(&bytes).into()),
            // Not unique, which hurts nobody but the reader of the log.
            Err(_) => Self("unnamed".into()),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_usable(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    // It stands in logs for ever. Any day of birth counts, whatever day it is now.
    let is_personal = || Date::new(9999, 12, 31).is_some_and(|end| holds_citizen_number(text, end));
    (1..=64).contains(&text.len()) && text.bytes().all(plain) && !is_personal()
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_taken_over() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, value.parse().unwrap());
            RequestId::of(&headers).0
        };
        assert_eq!(&*of("case-2026.11_07"), "case-2026.11_07");
        for bad in ["", "a b", "a\"b", &"x".repeat(65), "case-11010519491231002X"] {
            let made = of(bad);
            assert!(made.len() == 32 && made != of(bad), "{made}");
        }
    }
}
