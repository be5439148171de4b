//! Why a text is not a policy.

use std::borrow::Cow;
use std::fmt;

use crate::report::Text;
use crate::tlog::TlogError;

/// What is wrong with a policy, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The line, from 1; of what is missing altogether, the last one.
    pub line_number: usize,
    /// What is wrong with it.
    pub fault: PolicyFault,
}

/// What is wrong with a line of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyFault {
    /// A control character that may not be there, or bytes of names that are not UTF-8.
    Character,
    /// The key of this log or witness was given before, perhaps under another name.
    DuplicateKey,
    /// The name was given before, or is `none`.
    DuplicateName,
    /// A verifier key is wrong.
    Key(TlogError),
    /// A key is of a type that is not for logs, or not for witnesses.
    KeyType,
    /// The line has too many or too few words.
    Length,
    /// The line does not begin with `log`, `witness`, `group` or `quorum`.
    Line,
    /// A witness or a group is a member twice.
    MemberTwice,
    /// There is no quorum.
    NoQuorum,
    /// There is more than one quorum.
    SecondQuorum,
    /// The number of members that are enough is none from 1 to all of them.
    Threshold,
    /// There is more of something than is read.
    TooMany,
    /// No line before this one has given this name to a witness or a group.
    UnknownName,
}

impl PolicyError {
    /// The stable code that clients see.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match &self.fault {
            PolicyFault::Key(error) => error.code(),
            fault => fault.row().0,
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn text(&self) -> Text {
        let why = match &self.fault {
            PolicyFault::Key(error) => error.text(),
            fault => {
                let (_, en, zh) = fault.row();
                Text { en: Cow::Borrowed(en), zh: Cow::Borrowed(zh) }
            }
        };
        let line = self.line_number;
        Text { en: format!("Line {line}: {}", why.en).into(), zh: format!("第 {line} 行：{}", why.zh).into() }
    }
}

impl PolicyFault {
    const fn row(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Character => ("log-policy-character", "A character is not allowed here.", "含有不允许的字符。"),
            Self::DuplicateKey => ("log-policy-duplicate-key", "The key was given before.", "密钥重复。"),
            Self::DuplicateName => ("log-policy-duplicate-name", "The name was given before.", "名称重复。"),
            Self::Key(_) => ("log-policy-key", "The verifier key is wrong.", "验证密钥不正确。"),
            Self::KeyType => ("log-policy-key-type", "A key of this type is not for this.", "密钥类型与用途不符。"),
            Self::Length => ("log-policy-length", "The line has too many or too few words.", "该行词数不正确。"),
            Self::Line => ("log-policy-line", "The line begins with no word of a policy.", "该行不以策略关键字开头。"),
            Self::MemberTwice => {
                ("log-policy-member-twice", "A witness or group is a member twice.", "见证方或分组重复列为成员。")
            }
            Self::NoQuorum => ("log-policy-no-quorum", "There is no quorum.", "未规定法定数量。"),
            Self::SecondQuorum => ("log-policy-second-quorum", "There is more than one quorum.", "重复规定法定数量。"),
            Self::Threshold => {
                ("log-policy-threshold", "The number of members that are enough is not possible.", "分组要求的成员数量不正确。")
            }
            Self::TooMany => ("log-policy-too-many", "The policy is too long.", "策略过长。"),
            Self::UnknownName => ("log-policy-unknown-name", "No line before this one defines the name.", "名称在此前未定义。"),
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for PolicyError {}
