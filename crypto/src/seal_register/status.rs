//! The states of a seal and what leads from one to another.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::licence::words;
use crate::record::EventKind;
use crate::report::Text;

/// The state of a seal on file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// 已备案: made and on file. It may be used: not every system tells when it hands a seal over.
    Filed,
    /// 使用: handed over, in use.
    InUse,
    /// 冻结: out of use until somebody has looked into it.
    Frozen,
    /// 停用: taken out of use by its owner.
    Stopped,
    /// 过期: its time is over.
    Expired,
    /// 注销: ended for good.
    Cancelled,
    /// 重制: replaced by a new seal, for good.
    Remade,
}

/// What is done to a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// 备案: puts it on file.
    File,
    /// 发放: hands it over, or over to another holder.
    Deliver,
    /// 冻结: puts it out of use until somebody has looked into it.
    Freeze,
    /// 停用: takes it out of use.
    Stop,
    /// 恢复: takes it into use again.
    Restore,
    /// 注销: ends it for good.
    Cancel,
    /// 重制: ends it for good, with another seal in its place.
    Remake,
}

/// The operation cannot be done to a seal in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IllegalTransition {
    /// The state that the seal is in; nothing when it has none yet.
    pub from: Option<Status>,
    /// What should have been done to it.
    pub operation: Operation,
}

impl Status {
    /// Every state.
    pub const ALL: &[Self] =
        &[Self::Filed, Self::InUse, Self::Frozen, Self::Stopped, Self::Expired, Self::Cancelled, Self::Remade];

    /// The state that the operation leads to.
    ///
    /// A frozen seal can be stopped, but not the other way round: what is frozen shall not be restored as if its owner had put it
    /// aside. An expired one can still be ended, or replaced, and nothing else.
    ///
    /// # Errors
    /// The operation cannot be done to a seal in this state.
    pub const fn after(self, operation: Operation) -> Result<Self, IllegalTransition> {
        use Operation as Op;
        match (self, operation) {
            (Self::Filed | Self::InUse, Op::Deliver) | (Self::Frozen | Self::Stopped, Op::Restore) => Ok(Self::InUse),
            (Self::Filed | Self::InUse, Op::Freeze) => Ok(Self::Frozen),
            (Self::Filed | Self::InUse | Self::Frozen, Op::Stop) => Ok(Self::Stopped),
            (Self::Filed | Self::InUse | Self::Frozen | Self::Stopped | Self::Expired, Op::Cancel) => Ok(Self::Cancelled),
            (Self::Filed | Self::InUse | Self::Frozen | Self::Stopped | Self::Expired, Op::Remake) => Ok(Self::Remade),
            _ => Err(IllegalTransition { from: Some(self), operation }),
        }
    }

    /// Whether a seal in this state may be used.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Filed | Self::InUse)
    }

    /// Whether nothing leads out of this state.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Remade)
    }

    /// The name in JSON, such as `in-use`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filed => "filed",
            Self::InUse => "in-use",
            Self::Frozen => "frozen",
            Self::Stopped => "stopped",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Remade => "remade",
        }
    }

    /// The Chinese name.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Filed => "备案",
            Self::InUse => "使用",
            Self::Frozen => "冻结",
            Self::Stopped => "停用",
            Self::Expired => "过期",
            Self::Cancelled => "注销",
            Self::Remade => "重制",
        }
    }
}

impl Operation {
    /// Every operation.
    pub const ALL: &[Self] = &[Self::File, Self::Deliver, Self::Freeze, Self::Stop, Self::Restore, Self::Cancel, Self::Remake];

    /// The name in JSON, such as `freeze`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Deliver => "deliver",
            Self::Freeze => "freeze",
            Self::Stop => "stop",
            Self::Restore => "restore",
            Self::Cancel => "cancel",
            Self::Remake => "remake",
        }
    }

    /// The Chinese name.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::File => "备案",
            Self::Deliver => "发放",
            Self::Freeze => "冻结",
            Self::Stop => "停用",
            Self::Restore => "恢复",
            Self::Cancel => "注销",
            Self::Remake => "重制",
        }
    }

    /// The event of the seal log that tells of it.
    #[must_use]
    pub const fn event(self) -> EventKind {
        match self {
            Self::File => EventKind::SealFile,
            Self::Deliver => EventKind::SealDeliver,
            Self::Freeze => EventKind::SealFreeze,
            Self::Stop => EventKind::SealStop,
            Self::Restore => EventKind::SealRestore,
            Self::Cancel => EventKind::SealCancel,
            Self::Remake => EventKind::SealRemake,
        }
    }
}

impl IllegalTransition {
    /// The stable code that clients see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "illegal-seal-transition"
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
            (None, _) => words("the seal has to be put on file first.", "印章尚未备案。"),
            (Some(_), Op::File) => words("the seal is on file already.", "印章此前已备案。"),
            (Some(from), _) if from.is_final() => Text {
                en: format!("the seal is {}, and that is for good.", from.name()).into(),
                zh: format!("印章已{}，该状态不可变更。", from.name_zh()).into(),
            },
            (Some(Status::Expired), _) => words("the seal has expired.", "印章已过有效期。"),
            (Some(_), Op::Restore) => words("the seal is neither frozen nor stopped.", "印章未处于冻结或停用状态。"),
            (Some(from), _) => Text {
                en: format!("the seal is {}.", from.name()).into(),
                zh: format!("印章处于{}状态。", from.name_zh()).into(),
            },
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
        let expected = "filed deliver in-use, filed freeze frozen, filed stop stopped, filed cancel cancelled, \
            filed remake remade, in-use deliver in-use, in-use freeze frozen, in-use stop stopped, in-use cancel cancelled, \
            in-use remake remade, frozen stop stopped, frozen restore in-use, frozen cancel cancelled, frozen remake remade, \
            stopped restore in-use, stopped cancel cancelled, stopped remake remade, expired cancel cancelled, \
            expired remake remade";
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
        let text = Status::Cancelled.after(Operation::Restore).unwrap_err().text();
        assert_eq!(text.en, "The operation \"restore\" is refused: the seal is cancelled, and that is for good.");
        assert_eq!(text.zh, "不能办理“恢复”：印章已注销，该状态不可变更。");
    }

    #[test]
    fn names_in_json_and_in_the_log() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        for operation in Operation::ALL {
            assert_eq!(serde_json::to_value(operation).unwrap(), operation.name());
            assert_eq!(operation.event().name(), format!("seal.{}", operation.name()));
        }
    }
}
