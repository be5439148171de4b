//! Whether an answer is the one that it must be. A gateway that is fast and wrong is no gateway.

use std::borrow::Cow;

use crate::target::Reply;

/// What an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// One of these statuses.
    pub statuses: &'static [u16],
    /// Somewhere in it, the first time that its name comes: `"name":value`.
    pub says: Option<(&'static str, &'static str)>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The right answer.
    Good,
    /// The gateway has too much to do, and says when to come back.
    Refused,
    /// Another answer than there must be.
    Wrong(Cow<'static, str>),
    /// No answer.
    Failed(Cow<'static, str>),
}

impl Expectation {
    /// A verdict that the document is good.
    pub const PASSED: Self = Self { statuses: &[200], says: Some(("indication", "\"TOTAL-PASSED\"")) };

    /// Holds an answer against it.
    #[must_use]
    pub fn judge(&self, reply: &Reply<'_>) -> Outcome {
        if self.statuses.contains(&reply.status) {
            return match self.says {
                Some((name, value)) if !says(reply.body, name, value) => Outcome::Wrong(wrong(reply)),
                _ => Outcome::Good,
            };
        }
        if matches!(reply.status, 429 | 503) && reply.tells_when_to_retry {
            return Outcome::Refused;
        }
        Outcome::Wrong(wrong(reply))
    }
}

/// Whether the first member with this name has this value. Good enough for JSON that is known, and far quicker than reading it.
fn says(body: &[u8], name: &str, value: &str) -> bool {
    let quoted = format!("\"{name}\":");
    let found = body.windows(quoted.len()).position(|window| window == quoted.as_bytes());
    found.and_then(|at| body.get(at + quoted.len()..)).is_some_and(|rest| rest.starts_with(value.as_bytes()))
}

fn wrong(reply: &Reply<'_>) -> Cow<'static, str> {
    let beginning = reply.body.get(..reply.body.len().min(300)).unwrap_or_default();
    Cow::Owned(format!("{} {}", reply.status, String::from_utf8_lossy(beginning)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply<'_> {
        Reply { status, tells_when_to_retry: false, body: body.as_bytes() }
    }

    #[test]
    fn only_the_right_answer_is_good() {
        let passed = Expectation::PASSED;
        let good = "{\"indication\":\"TOTAL-PASSED\",\"signatures\":[{\"indication\":\"TOTAL-FAILED\"}]}";
        let bad = "{\"indication\":\"TOTAL-FAILED\",\"signatures\":[{\"indication\":\"TOTAL-PASSED\"}]}";
        assert_eq!(passed.judge(&reply(200, good)), Outcome::Good);
        for (status, body) in [(200, bad), (200, "{}"), (201, good), (500, good), (503, "")] {
            assert!(matches!(passed.judge(&reply(status, body)), Outcome::Wrong(_)), "{status} {body}");
        }
        let busy = Reply { status: 503, tells_when_to_retry: true, body: b"" };
        assert_eq!(passed.judge(&busy), Outcome::Refused);
    }
}
