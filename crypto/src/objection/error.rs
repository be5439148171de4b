//! Why something cannot be done about an objection.

use std::fmt;

use crate::licence::words;
use crate::report::Text;

/// Why something cannot be done about an objection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectionError {
    /// Another organisation is responsible.
    NotResponsible,
    /// Another system filed it.
    NotOwn,
    /// It was answered or taken back before.
    Closed,
    /// It is handed on to who has it.
    SameOrganisation,
    /// It was handed on too often.
    Full,
    /// So many objections against the same thing are open that one more tells nothing new.
    TooMany,
    /// An earlier request of the same name filed something else.
    OtherRequest,
}

impl ObjectionError {
    /// Every error.
    pub const ALL: [Self; 7] =
        [Self::NotResponsible, Self::NotOwn, Self::Closed, Self::SameOrganisation, Self::Full, Self::TooMany, Self::OtherRequest];

    /// The stable code that clients see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotResponsible => "objection-not-responsible",
            Self::NotOwn => "objection-not-own",
            Self::Closed => "objection-closed",
            Self::SameOrganisation => "objection-same-organisation",
            Self::Full => "objection-full",
            Self::TooMany => "objection-too-many",
            Self::OtherRequest => "request-reused",
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::NotResponsible => words("Another organisation has to answer this objection.", "该异议由其他机构负责处理。"),
            Self::NotOwn => words("Another system filed this objection.", "该异议由其他系统提出。"),
            Self::Closed => words("The objection was answered or withdrawn before.", "该异议此前已答复或撤回。"),
            Self::SameOrganisation => words("The objection is with this organisation already.", "该异议已由该机构负责。"),
            Self::Full => {
                words("The objection was handed on too often; it has to be answered.", "该异议转办次数过多，应予答复。")
            }
            Self::TooMany => words(
                "There are so many open objections against this that one more tells nothing new.",
                "针对该事项的未结异议已达上限。",
            ),
            Self::OtherRequest => words(
                "An earlier request with the same Idempotency-Key filed something else.",
                "此前以相同Idempotency-Key提交的请求内容不同。",
            ),
        }
    }
}

impl fmt::Display for ObjectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for ObjectionError {}
