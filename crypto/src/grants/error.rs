//! Why something cannot be done with an application for a grant, or with a grant.

use std::fmt;

use crate::licence::words;
use crate::report::Text;

/// Why something cannot be done with an application for a grant, or with a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantError {
    /// Nobody checks or decides an application of their own.
    Own,
    /// The decision is for the provider of the resource.
    NotProvider,
    /// It was checked before, otherwise, or decided.
    Done,
    /// It has not passed the conformity check, or nobody has to decide.
    NotChecked,
    /// A no without a reason.
    ReasonRequired,
    /// It cannot be passed: the automatic check found a fault.
    Faulty,
    /// The grant was withdrawn before, otherwise.
    Withdrawn,
    /// An earlier request of the same name applied for something else.
    OtherRequest,
}

impl GrantError {
    /// Every error.
    pub const ALL: [Self; 8] = [
        Self::Own,
        Self::NotProvider,
        Self::Done,
        Self::NotChecked,
        Self::ReasonRequired,
        Self::Faulty,
        Self::Withdrawn,
        Self::OtherRequest,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Own => "own-application",
            Self::NotProvider => "not-provider",
            Self::Done => "grant-application-done",
            Self::NotChecked => "grant-application-not-checked",
            Self::ReasonRequired => "reason-required",
            Self::Faulty => "grant-application-faulty",
            Self::Withdrawn => "grant-withdrawn",
            Self::OtherRequest => "request-reused",
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Own => words("Nobody checks or decides an application of their own.", "申请方不得审核或审批自己的申请。"),
            Self::NotProvider => words("The decision is for the provider of the resource.", "应由该资源的提供单位审批。"),
            Self::Done => words("There is another conclusion on record already.", "该申请此前已有不同的结论。"),
            Self::NotChecked => words(
                "The application waits for no decision: it has not passed the conformity check, or needs none.",
                "该申请不在待审批状态：尚未通过合规性审核，或无需审批。",
            ),
            Self::ReasonRequired => words("A rejection needs a reason.", "不予通过的，应当说明理由。"),
            Self::Faulty => {
                words("The automatic check finds faults; the application says which.", "自动审核发现问题，详见申请中的审核结果。")
            }
            Self::Withdrawn => words("The grant was withdrawn before.", "该授权此前已被收回。"),
            Self::OtherRequest => words(
                "An earlier request with the same Idempotency-Key asked for something else.",
                "此前以相同Idempotency-Key提交的请求内容不同。",
            ),
        }
    }
}

impl fmt::Display for GrantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for GrantError {}

#[cfg(test)]
mod tests {
    use super::super::ask::Denial;
    use super::*;

    #[test]
    fn every_error_and_every_denial_has_words() {
        let errors = GrantError::ALL.map(GrantError::text);
        for text in errors.iter().chain(&Denial::ALL.map(Denial::text)) {
            assert!(text.en.ends_with('.') && text.zh.ends_with('。'), "{text:?}");
        }
        for denial in Denial::ALL {
            assert_eq!(serde_json::to_value(denial).unwrap(), denial.name());
        }
        assert!(Denial::ALL.is_sorted());
    }
}
