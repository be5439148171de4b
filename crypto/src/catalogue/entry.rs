//! What a catalogue is made of.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Demand, Item, LicenceType, Organisation, Resource};

/// What kind of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "CatalogueKind")]
pub enum Kind {
    /// An organisation (机构).
    Organisation,
    /// A type of licence (证照类型).
    LicenceType,
    /// A resource (信息资源).
    Resource,
    /// An item (事项).
    Item,
    /// Something that is wanted and not shared yet (需求).
    Demand,
}

/// Which entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CatalogueKey")]
pub struct Key {
    /// Its kind.
    pub kind: Kind,
    /// Its code, one of its kind.
    pub code: String,
}

/// An entry of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[schemars(rename = "CatalogueEntry")]
#[expect(missing_docs, reason = "as the kinds")]
pub enum Entry {
    Organisation(Organisation),
    LicenceType(LicenceType),
    Resource(Resource),
    Item(Item),
    Demand(Demand),
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Organisation, Self::LicenceType, Self::Resource, Self::Item, Self::Demand];

    /// The name in JSON and paths.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::LicenceType => "licence-type",
            Self::Resource => "resource",
            Self::Item => "item",
            Self::Demand => "demand",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(())
    }
}

impl Key {
    /// The key of the entry of this kind with this code.
    #[must_use]
    pub fn new(kind: Kind, code: &str) -> Self {
        Self { kind, code: code.to_owned() }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.code)
    }
}

impl Entry {
    /// Which entry it is.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Organisation(entry) => Key::new(Kind::Organisation, &entry.code),
            Self::LicenceType(entry) => Key::new(Kind::LicenceType, &entry.code),
            Self::Resource(entry) => Key::new(Kind::Resource, &entry.code),
            Self::Item(entry) => Key::new(Kind::Item, &entry.code),
            Self::Demand(entry) => Key::new(Kind::Demand, &entry.code),
        }
    }

    /// The organisation whose matter the entry is, which may change it: the provider, the authority, the organisation of the item,
    /// and of an organisation the one above it.
    #[must_use]
    pub fn keeper(&self) -> Option<&str> {
        match self {
            Self::Organisation(entry) => entry.parent.as_deref(),
            Self::LicenceType(entry) => Some(&entry.authority),
            Self::Resource(entry) => Some(&entry.provider),
            Self::Item(entry) => Some(&entry.organisation),
            Self::Demand(entry) => Some(&entry.organisation),
        }
    }
}
