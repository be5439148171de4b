//! What an objection is against.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::licence::{HolderCodeType, HolderNumber, Identifier};

/// What an objection is against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum About {
    /// A licence, as a whole.
    Licence(Licence),
    /// What a resource says of somebody.
    Attribute(Attribute),
}

/// A licence that is disputed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    /// Its identifier.
    pub licence: Identifier,
}

/// What a resource says of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Of whom.
    pub subject: Subject,
    /// The resource, by its code.
    pub resource: String,
    /// The field; the whole record when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Somebody, by number. Its `Debug` shows no number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// What kind of number.
    pub code_type: HolderCodeType,
    /// The number. Absent where whoever reads this need not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl Subject {
    /// Who has this number.
    #[must_use]
    pub fn of(number: &HolderNumber) -> Self {
        Self { code_type: number.code_type(), code: Some(number.expose().to_owned()) }
    }

    /// The same without the number.
    #[must_use]
    pub const fn masked(&self) -> Self {
        Self { code_type: self.code_type, code: None }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("code_type", &self.code_type).finish_non_exhaustive()
    }
}

impl About {
    /// The licence, where it is one.
    #[must_use]
    pub const fn licence(&self) -> Option<&Identifier> {
        match self {
            Self::Licence(about) => Some(&about.licence),
            Self::Attribute(_) => None,
        }
    }

    /// The attribute, where it is one.
    #[must_use]
    pub const fn attribute(&self) -> Option<&Attribute> {
        match self {
            Self::Licence(_) => None,
            Self::Attribute(about) => Some(about),
        }
    }

    /// The same without the number of whom it is about.
    #[must_use]
    pub fn masked(&self) -> Self {
        match self {
            Self::Licence(_) => self.clone(),
            Self::Attribute(about) => Self::Attribute(Attribute { subject: about.subject.masked(), ..about.clone() }),
        }
    }
}
