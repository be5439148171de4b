//! Applications for seals (申请), and what was decided about them (审批).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::digest::Sha256;
use crate::licence::{Reason, words};
use crate::report::Text;
use crate::time::Timestamp;

/// An application for a seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Its identifier, 32 hexadecimal digits.
    pub id: String,
    /// The name that the seal is to have.
    pub name: String,
    /// The kind of seal, in the words of who applied.
    #[serde(rename = "type")]
    pub kind: String,
    /// The organisation that is to own it.
    pub organisation: String,
    /// The digests of what it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Sha256>,
    /// The person who applied, by the pseudonym that the calling system gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applicant: Option<String>,
    /// When.
    pub applied_at: Timestamp,
    /// The calling system, by its name in the configuration.
    pub applied_by: String,
    /// What was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Judgement>,
    /// The seal that was put on file on the strength of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
}

/// What was decided about an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// The decision.
    pub decision: Decision,
    /// The person who decided, by the pseudonym that the calling system gives.
    pub approver: String,
    /// Why, in the words of who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When.
    pub decided_at: Timestamp,
    /// The calling system, by its name in the configuration.
    pub decided_by: String,
}

/// The two decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// 准予.
    Approve,
    /// 不予.
    Reject,
}

/// Why something cannot be done with an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationError {
    /// Who decides must be another system, and another person, than who applied.
    Own,
    /// It was decided before, otherwise.
    Decided,
    /// It was not approved.
    NotApproved,
    /// A seal was put on file on the strength of it already.
    Used,
    /// It is for a seal of another name or another owner.
    OtherSeal,
    /// An earlier request of the same name applied for something else.
    OtherRequest,
}

impl Decision {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

impl Application {
    /// Whether another one applies for the same thing: that of the same request, sent again.
    #[must_use]
    pub fn is_same_request(&self, other: &Self) -> bool {
        let asked = |one: &Self| Self { applied_at: Timestamp::MIN, judgement: None, seal: None, ..one.clone() };
        asked(self) == asked(other)
    }

    /// Decides it. The same decision again, by the same caller, changes nothing and is no error: then the answer is `false`.
    ///
    /// # Errors
    /// [`ApplicationError::Own`] and [`ApplicationError::Decided`].
    pub fn decide(&mut self, judgement: Judgement) -> Result<bool, ApplicationError> {
        if judgement.decided_by == self.applied_by || self.applicant.as_ref() == Some(&judgement.approver) {
            return Err(ApplicationError::Own);
        }
        if let Some(earlier) = &self.judgement {
            let is_same = Judgement { decided_at: earlier.decided_at, ..judgement } == *earlier;
            return if is_same { Ok(false) } else { Err(ApplicationError::Decided) };
        }
        self.judgement = Some(judgement);
        Ok(true)
    }

    /// Uses it up for a seal.
    ///
    /// # Errors
    /// [`ApplicationError::NotApproved`], [`ApplicationError::Used`], [`ApplicationError::OtherSeal`].
    pub fn use_for(&mut self, seal: &Record) -> Result<(), ApplicationError> {
        if self.judgement.as_ref().map(|judgement| judgement.decision) != Some(Decision::Approve) {
            return Err(ApplicationError::NotApproved);
        }
        if self.seal.is_some() {
            return Err(ApplicationError::Used);
        }
        if (&self.name, &self.organisation) != (&seal.name, &seal.organisation) {
            return Err(ApplicationError::OtherSeal);
        }
        self.seal = Some(seal.id.clone());
        Ok(())
    }
}

impl ApplicationError {
    /// The stable code that clients see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Own => "own-application",
            Self::Decided => "application-decided",
            Self::NotApproved => "application-not-approved",
            Self::Used => "application-used",
            Self::OtherSeal => "application-other-seal",
            Self::OtherRequest => "request-reused",
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Own => words("Nobody decides on an application of their own.", "申请方不得审批自己的申请。"),
            Self::Decided => words("The application was decided before.", "该申请此前已有审批结论。"),
            Self::NotApproved => words("The application was not approved.", "该申请未获批准。"),
            Self::Used => words("A seal was put on file on this application already.", "该申请已用于备案一枚印章。"),
            Self::OtherSeal => {
                words("The application is for a seal of another name or owner.", "该申请所涉印章的名称或单位与此不符。")
            }
            Self::OtherRequest => words(
                "An earlier request with the same Idempotency-Key asked for something else.",
                "此前以相同Idempotency-Key提交的请求内容不同。",
            ),
        }
    }
}

impl fmt::Display for ApplicationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for ApplicationError {}

#[cfg(test)]
mod tests {
    use super::super::testing::{OWNER, at, record};
    use super::*;

    fn application() -> Application {
        Application {
            id: "00".repeat(16),
            name: "某某局".to_owned(),
            kind: "公章".to_owned(),
            organisation: OWNER.to_owned(),
            evidence: vec![Sha256::of(&[b"letter"])],
            applicant: Some("p-1".to_owned()),
            applied_at: at("2026-01-01T00:00:00Z"),
            applied_by: "office".to_owned(),
            judgement: None,
            seal: None,
        }
    }

    fn judgement(decision: Decision) -> Judgement {
        Judgement {
            decision,
            approver: "p-2".to_owned(),
            reason: None,
            decided_at: at("2026-01-02T00:00:00Z"),
            decided_by: "operations".to_owned(),
        }
    }

    #[test]
    fn two_systems_and_two_people() {
        let mut application = application();
        let own = Judgement { decided_by: "office".to_owned(), ..judgement(Decision::Approve) };
        assert_eq!(application.decide(own), Err(ApplicationError::Own));
        let own = Judgement { approver: "p-1".to_owned(), ..judgement(Decision::Approve) };
        assert_eq!(application.decide(own), Err(ApplicationError::Own));
        assert_eq!(application.decide(judgement(Decision::Approve)), Ok(true));
        let again = Judgement { decided_at: at("2026-01-03T00:00:00Z"), ..judgement(Decision::Approve) };
        assert_eq!(application.decide(again), Ok(false));
        assert_eq!(application.decide(judgement(Decision::Reject)), Err(ApplicationError::Decided));
    }

    #[test]
    fn good_for_one_seal_of_its_name() {
        let (mut application, seal) = (application(), record());
        assert_eq!(application.use_for(&seal), Err(ApplicationError::NotApproved));
        let mut rejected = application.clone();
        rejected.decide(judgement(Decision::Reject)).unwrap();
        assert_eq!(rejected.use_for(&seal), Err(ApplicationError::NotApproved));
        application.decide(judgement(Decision::Approve)).unwrap();
        for other in [
            Record { name: "另一局".to_owned(), ..seal.clone() },
            Record { organisation: "11350200004144116F".to_owned(), ..seal.clone() },
        ] {
            assert_eq!(application.use_for(&other), Err(ApplicationError::OtherSeal));
        }
        assert_eq!(application.use_for(&seal), Ok(()));
        assert_eq!(application.use_for(&seal), Err(ApplicationError::Used));
        assert_eq!(application.seal.as_ref(), Some(&seal.id));
    }

    #[test]
    fn every_error_has_words() {
        use ApplicationError as E;
        for error in [E::Own, E::Decided, E::NotApproved, E::Used, E::OtherSeal, E::OtherRequest] {
            assert!(error.text().en.ends_with('.') && error.text().zh.ends_with('。'), "{error:?}");
        }
    }
}
