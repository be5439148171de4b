//! What an answer shows of the configuration that it was made under.

use std::collections::BTreeMap;

use serde_json::Value;

use super::watch::Question;

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// The first.
    A,
    /// The other.
    B,
}

/// All facts of an answer together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facts {
    /// A verdict with its receipt: the rules by name and version, as the report and as the receipt's key say it, and everything that is
    /// trusted by its digest.
    Told {
        /// The rules, with their version.
        policy: String,
        /// The digest of anchors, lists and rules.
        trust: String,
        /// The head of the receipt, which has the certificate of the key that signed it.
        signed: String,
    },
    /// A refusal, by its code: for want of a role, or as the body is too large.
    Refused(String),
}

/// What the answers to each question look like under each of the two.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(BTreeMap<(Which, Question), Facts>);

impl Which {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl Facts {
    /// Reads an answer.
    #[must_use]
    pub fn of(status: u16, answer: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if matches!(status, 403 | 413) {
            return answer.get("code").and_then(text).map(Self::Refused);
        }
        if status != 200 {
            return None;
        }
        let receipt = answer.get("receipt").and_then(Value::as_str)?;
        Some(Self::Told {
            policy: answer.get("policy")?.to_string(),
            trust: answer.get("trust_generation").and_then(text)?,
            signed: receipt.split('.').next()?.to_owned(),
        })
    }
}

impl Known {
    /// Under this one the question is answered so.
    pub(super) fn learn(&mut self, which: Which, question: Question, facts: Facts) {
        self.0.insert((which, question), facts);
    }

    /// Whether every fact is another one under the other: only then can a mixture be seen.
    pub(super) fn differ(&self) -> Result<(), String> {
        let of = |which, question| self.0.get(&(which, question)).ok_or("an answer was not learned");
        for question in Question::ALL {
            let differ = match (of(Which::A, question)?, of(Which::B, question)?) {
                (
                    Facts::Told { policy, trust, signed },
                    Facts::Told { policy: other, trust: other_trust, signed: other_signed },
                ) => policy != other && trust != other_trust && signed != other_signed,
                (one, other) => one != other,
            };
            if !differ {
                return Err(format!("the two configurations look alike to {question:?}: {:?}", self.0));
            }
        }
        Ok(())
    }

    /// Of which of the two an answer is; nothing where it is of neither as a whole.
    pub(super) fn which(&self, question: Question, facts: &Facts) -> Option<Which> {
        [Which::A, Which::B].into_iter().find(|which| self.0.get(&(*which, question)) == Some(facts))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(policy: u64, trust: &str, signed: &str) -> Facts {
        let answer = json!({
            "policy": { "name": "x", "version": policy }, "trust_generation": trust, "receipt": format!("{signed}.payload.value"),
        });
        Facts::of(200, &answer).unwrap()
    }

    #[test]
    fn an_answer_is_of_one_of_them_as_a_whole_or_of_none() {
        let mut known = Known::default();
        let refused = Facts::of(403, &json!({ "code": "role-required" })).unwrap();
        for question in Question::ALL {
            known.learn(Which::A, question, told(1, "a", "x"));
            known.learn(Which::B, question, if question == Question::Identifier { told(2, "b", "y") } else { refused.clone() });
        }
        assert_eq!(known.differ(), Ok(()));
        let which = |question, facts: Facts| known.which(question, &facts);
        assert_eq!(which(Question::Identifier, told(1, "a", "x")), Some(Which::A));
        assert_eq!(which(Question::Identifier, told(2, "b", "y")), Some(Which::B));
        for mixed in [told(1, "a", "y"), told(2, "a", "x"), told(1, "b", "x")] {
            assert_eq!(which(Question::Identifier, mixed), None);
        }
        // Let in by the role of one, judged by the rules of the other.
        assert_eq!(which(Question::Reader, told(2, "b", "y")), None);
        assert_eq!(which(Question::Reader, refused), Some(Which::B));
        assert_eq!((Facts::of(500, &json!({})), Facts::of(200, &json!({}))), (None, None));

        known.learn(Which::B, Question::Identifier, told(2, "a", "y"));
        assert!(known.differ().unwrap_err().contains("look alike"));
    }
}
