//! A question held against the grants.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::authority::Authority;
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
    /// The grant has not begun, is over, or was withdrawn.
    NotInForce,
    /// It is not for this item.
    Item,
    /// It is not for this purpose.
    Purpose,
    /// It does not hold on this authority.
    Authority,
    /// It has none of these fields.
    Fields,
    /// It was used as often as it may be.
    Quota,
}

impl Denial {
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
        }
    }
}
