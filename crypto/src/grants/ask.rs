//! A question held against the grants.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::authority::Authority;
use crate::licence::words;
use crate::report::Text;
use crate::time::Timestamp;

/// What somebody asks, as far as grants decide about it. About whom it is asked, they do not.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The calling system.
    pub caller: &'a str,
    /// The organisation that it speaks for.
    pub organisation: &'a str,
    /// The resource, by its code.
    pub resource: &'a str,
    /// The item that it is asked for.
    pub item: &'a str,
    /// The purpose.
    pub purpose: Option<&'a str>,
    /// The fields that are wanted; every granted one when empty.
    pub fields: &'a BTreeSet<String>,
    /// Whether they are to be told or compared.
    pub mode: Mode,
    /// On whose authority.
    pub authority: Authority,
    /// When.
    pub at: Timestamp,
}

/// Whether fields are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The caller gets the values.
    Tell,
    /// The caller gets a yes or a no.
    Compare,
}

/// What may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// The grant that allows it.
    pub grant: String,
    /// The fields that may be told or compared: those that are wanted and granted.
    pub fields: BTreeSet<String>,
    /// How old an answer may be, in seconds, that is given because the source does not answer.
    pub stale_s_max: Option<u32>,
}

/// Why nothing may be done. The reasons are in the order in which they are found: the last one that any grant came to is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Denial {
    /// There is no such resource, it is shared with nobody, or no grant of it is the caller's.
    NotGranted,
    /// The grant has not begun, is over, or was withdrawn; or the resource has come to another provider.
    NotInForce,
    /// It is not for this item.
    Item,
    /// It is not for this purpose.
    Purpose,
    /// It has none of these fields.
    Fields,
    /// It does not hold on this authority.
    Authority,
    /// It was used as often as it may be.
    Quota,
    /// It cannot be told at present whether it was.
    Unavailable,
}

impl Denial {
    /// Every denial.
    pub const ALL: [Self; 8] = [
        Self::NotGranted,
        Self::NotInForce,
        Self::Item,
        Self::Purpose,
        Self::Fields,
        Self::Authority,
        Self::Quota,
        Self::Unavailable,
    ];

    /// The name in answers, records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotGranted => "not-granted",
            Self::NotInForce => "not-in-force",
            Self::Item => "item",
            Self::Purpose => "purpose",
            Self::Authority => "authority",
            Self::Fields => "fields",
            Self::Quota => "quota",
            Self::Unavailable => "unavailable",
        }
    }

    /// The same in words.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::NotGranted => words("No grant allows this.", "未获得相应授权。"),
            Self::NotInForce => words("The grant is not in force.", "授权未生效、已到期或已被收回。"),
            Self::Item => words("The grant is not for this item.", "授权不适用于该事项。"),
            Self::Purpose => words("The grant is not for this purpose.", "授权不适用于该用途。"),
            Self::Authority => words("The grant does not hold on this authority.", "授权不适用于该用证依据。"),
            Self::Fields => words("The grant has none of these fields.", "授权范围不含所请求的字段。"),
            Self::Quota => words("The grant was used as often as it may be.", "授权的调用配额已用完。"),
            Self::Unavailable => words("It cannot be told at present whether quota is left.", "暂时无法确认剩余配额。"),
        }
    }
}
