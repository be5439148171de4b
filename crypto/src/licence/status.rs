//! The states of a licence and what leads from one to another.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words;
use crate::report::Text;

/// The state of one version of a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Made but not issued.
    Draft,
    /// 有效: in force.
    Valid,
    /// 暂扣: out of force for a time.
    Suspended,
    /// 注销: ended in due form, at the holder's wish or because its ground is gone.
    Cancelled,
    /// 撤销: taken back because it should not have been granted.
    Revoked,
    /// 吊销: taken away as a penalty.
    Withdrawn,
    /// 失效: its time is over.
    Expired,
    /// Replaced by a later version.
    Superseded,
    /// 转出: handed over to another body.
    Transferred,
    /// 废止: made by mistake, and put out of the world.
    Abolished,
}

/// What is done to a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// 新发: puts it into force.
    Issue,
    /// 延续: a later version continues it for longer.
    Extend,
    /// 变更: a later version says something else.
    Change,
    /// 暂扣: puts it out of force for a time.
    Suspend,
    /// 暂扣发还: ends the suspension.
    Restore,
    /// 撤销: takes it back because it should not have been granted.
    Revoke,
    /// 吊销: takes it away as a penalty.
    Withdraw,
    /// 注销: ends it in due form.
    Cancel,
    /// 转出: hands it over to another body.
    Transfer,
    /// 废止: puts out of the world what was made by mistake.
    Abolish,
}

/// The operation cannot be done to a licence in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IllegalTransition {
    /// The state that the licence is in; nothing when it has none yet.
    pub from: Option<Status>,
    /// What should have been done to it.
    pub operation: Operation,
}

impl Status {
    /// Every state.
    pub const ALL: &[Self] = &[
        Self::Draft,
        Self::Valid,
        Self::Suspended,
        Self::Cancelled,
        Self::Revoked,
        Self::Withdrawn,
        Self::Expired,
        Self::Superseded,
        Self::Transferred,
        Self::Abolished,
    ];

    /// The state that the operation leads to.
    ///
    /// A suspended licence can be neither extended, changed nor handed over: the later version would be born in force and so
    /// end the suspension without anybody having decided to; it is restored first. An expired one can still be ended in due
    /// form, or be found never to have been deserved, but comes to life again only as a new licence.
    ///
    /// # Errors
    /// The operation cannot be done to a licence in this state.
    pub const fn after(self, operation: Operation) -> Result<Self, IllegalTransition> {
        use Operation as Op;
        match (self, operation) {
            (Self::Draft, Op::Issue) | (Self::Suspended, Op::Restore) => Ok(Self::Valid),
            (Self::Valid, Op::Extend | Op::Change) => Ok(Self::Superseded),
            (Self::Valid, Op::Suspend) => Ok(Self::Suspended),
            (Self::Valid, Op::Transfer) => Ok(Self::Transferred),
            (Self::Valid | Self::Suspended | Self::Expired, Op::Revoke) => Ok(Self::Revoked),
            (Self::Valid | Self::Suspended | Self::Expired, Op::Withdraw) => Ok(Self::Withdrawn),
            (Self::Valid | Self::Suspended | Self::Expired, Op::Cancel) => Ok(Self::Cancelled),
            (Self::Draft | Self::Valid | Self::Suspended | Self::Expired, Op::Abolish) => Ok(Self::Abolished),
            _ => Err(IllegalTransition { from: Some(self), operation }),
        }
    }

    /// Whether nothing leads out of this state.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Draft | Self::Valid | Self::Suspended | Self::Expired)
    }

    /// The name in JSON, such as `valid`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Valid => "valid",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
            Self::Revoked => "revoked",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Transferred => "transferred",
            Self::Abolished => "abolished",
        }
    }

    /// The Chinese name.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Valid => "有效",
            Self::Suspended => "暂扣",
            Self::Cancelled => "注销",
            Self::Revoked => "撤销",
            Self::Withdrawn => "吊销",
            Self::Expired => "失效",
            Self::Superseded => "被新版本取代",
            Self::Transferred => "转出",
            Self::Abolished => "废止",
        }
    }

    /// The state's code in the ministries' collection interface; `99` (other) for the states that it does not know.
    #[must_use]
    pub const fn ministry_code(self) -> &'static str {
        match self {
            Self::Valid => "01",
            Self::Suspended => "02",
            Self::Revoked => "03",
            Self::Cancelled => "04",
            Self::Expired => "05",
            Self::Transferred => "06",
            Self::Withdrawn => "07",
            Self::Draft | Self::Superseded | Self::Abolished => "99",
        }
    }

    /// The state with this code in the ministries' collection interface; nothing for `99`, which says too little.
    #[must_use]
    pub fn from_ministry_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| code != "99" && status.ministry_code() == code)
    }
}

impl Operation {
    /// Every operation.
    pub const ALL: &[Self] = &[
        Self::Issue,
        Self::Extend,
        Self::Change,
        Self::Suspend,
        Self::Restore,
        Self::Revoke,
        Self::Withdraw,
        Self::Cancel,
        Self::Transfer,
        Self::Abolish,
    ];

    /// Whether a later version takes the place of the licence.
    #[must_use]
    pub const fn supersedes(self) -> bool {
        matches!(self, Self::Extend | Self::Change)
    }

    /// The name in JSON, such as `issue`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Extend => "extend",
            Self::Change => "change",
            Self::Suspend => "suspend",
            Self::Restore => "restore",
            Self::Revoke => "revoke",
            Self::Withdraw => "withdraw",
            Self::Cancel => "cancel",
            Self::Transfer => "transfer",
            Self::Abolish => "abolish",
        }
    }

    /// The Chinese name.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Issue => "新发",
            Self::Extend => "延续",
            Self::Change => "变更",
            Self::Suspend => "暂扣",
            Self::Restore => "暂扣发还",
            Self::Revoke => "撤销",
            Self::Withdraw => "吊销",
            Self::Cancel => "注销",
            Self::Transfer => "转出",
            Self::Abolish => "废止",
        }
    }
}

impl IllegalTransition {
    /// The stable code that clients see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "illegal-transition"
    }

    /// Why the operation is refused, in words.
    #[must_use]
    pub fn text(self) -> Text {
        let why = self.why();
        let (en, zh) = (self.operation.name(), self.operation.name_zh());
        Text {
            en: format!("The operation {en:?} is refused: {}", why.en).into(),
            zh: format!("不能办理“{zh}”：{}", why.zh).into(),
        }
    }

    fn why(self) -> Text {
        use Operation as Op;
        match (self.from, self.operation) {
            (None, _) => words("the licence has to be issued first.", "证照尚未签发。"),
            (Some(Status::Draft), _) => words("a draft can only be issued or abolished.", "草稿只能签发或废止。"),
            (Some(_), Op::Issue) => words("the licence was issued before.", "证照此前已签发。"),
            (Some(from), _) if from.is_final() => Text {
                en: format!("the licence is {}, and that is for good.", from.name()).into(),
                zh: format!("证照已{}，该状态不可变更。", from.name_zh()).into(),
            },
            (Some(_), Op::Restore) => words("the licence is not suspended.", "证照未处于暂扣状态。"),
            (Some(Status::Suspended), Op::Suspend) => words("the licence is suspended already.", "证照已处于暂扣状态。"),
            (Some(Status::Suspended), _) => {
                words("the licence is suspended and has to be restored first.", "证照处于暂扣状态，须先发还。")
            }
            (Some(_), _) => words("the licence has expired.", "证照已过有效期。"),
        }
    }
}

impl fmt::Display for IllegalTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for IllegalTransition {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        let mut legal = Vec::new();
        for from in Status::ALL {
            for operation in Operation::ALL {
                if let Ok(to) = from.after(*operation) {
                    legal.push(format!("{} {} {}", from.name(), operation.name(), to.name()));
                }
            }
        }
        let expected = "draft issue valid, draft abolish abolished, valid extend superseded, valid change superseded, \
            valid suspend suspended, valid revoke revoked, valid withdraw withdrawn, valid cancel cancelled, \
            valid transfer transferred, valid abolish abolished, suspended restore valid, suspended revoke revoked, \
            suspended withdraw withdrawn, suspended cancel cancelled, suspended abolish abolished, expired revoke revoked, \
            expired withdraw withdrawn, expired cancel cancelled, expired abolish abolished";
        assert_eq!(legal.join(", "), expected);
        for status in Status::ALL {
            assert_eq!(status.is_final(), Operation::ALL.iter().all(|operation| status.after(*operation).is_err()));
        }
    }

    #[test]
    fn every_refusal_gives_a_reason() {
        for from in Status::ALL {
            for refusal in Operation::ALL.iter().filter_map(|operation| from.after(*operation).err()) {
                let text = refusal.text();
                assert!(text.en.ends_with('.') && text.zh.ends_with('。'), "{text:?}");
            }
        }
        let text = Status::Revoked.after(Operation::Restore).unwrap_err().text();
        assert_eq!(text.en, "The operation \"restore\" is refused: the licence is revoked, and that is for good.");
        assert_eq!(text.zh, "不能办理“暂扣发还”：证照已撤销，该状态不可变更。");
    }

    #[test]
    fn names_in_json_and_codes_of_the_ministries() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
            let back = Status::from_ministry_code(status.ministry_code());
            assert_eq!(back, (status.ministry_code() != "99").then_some(*status));
        }
        for operation in Operation::ALL {
            assert_eq!(serde_json::to_value(operation).unwrap(), operation.name());
        }
    }
}
