//! The data of a licence (GB/T 36903-2018), as fields with pinyin short names and as JSON.

mod error;
mod field;

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

pub use error::MetadataError;
pub use field::is_licence_field;

use super::identifier::Identifier;
use super::number::{HolderCodeType, HolderNumber, NumberError};
use crate::time::{Date, Timestamp};

/// The data of one version of a licence. Its JSON names are those of the fields here; the pinyin names of the standard
/// belong to [`from_fields`](Self::from_fields) and [`to_fields`](Self::to_fields).
///
/// `Debug` shows what names the licence, and nothing that names its holders.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Metadata {
    /// ZZMC, what it is called.
    pub name: String,
    /// ZZLXMC, what its type is called.
    pub type_name: String,
    /// ZZLXDM, 21 characters, the same as in the identifier.
    pub type_code: String,
    /// ZZBH, the number printed on it. Some types print the holder's own number, so this is personal data.
    pub number: String,
    /// ZZBS.
    pub identifier: Identifier,
    /// ZZBFJG, the body that issued it.
    pub issuer_name: String,
    /// ZZBFJGDM, that body's code, the same as in the identifier.
    pub issuer_code: String,
    /// ZZBFJGJB, that body's level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_level: Option<String>,
    /// ZZBFRQ, the day of issue.
    pub issued: Date,
    /// CZZT, CZZTDM and CZZTDMLXDM: one holder or several.
    pub holders: Vec<Holder>,
    /// ZZYXQQSRQ, the first day of validity; the day of issue where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// ZZYXQJZRQ, the last day of validity, to its end in China; absent for a licence without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// Every other field by its short name: `KZ_…` of the type, ZZQZR, ZZQZSJ, ZZQZMC, JZ… of annotated copies.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extras: BTreeMap<String, String>,
}

/// Somebody who holds a licence. `Debug` shows only the kind of number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// CZZT, the name.
    pub name: String,
    /// CZZTDM, the number, as it stands in the document.
    pub code: String,
    /// CZZTDMLXDM, what kind of number that is.
    pub code_type: HolderCodeType,
}

impl Holder {
    /// The number, checked and in its one form.
    ///
    /// # Errors
    /// It is no number of its kind on this day.
    pub fn number(&self, today: Date) -> Result<HolderNumber, NumberError> {
        HolderNumber::parse(self.code_type, &self.code, today)
    }
}

impl Metadata {
    /// The longest value of a field, in bytes.
    pub const MAX_VALUE: usize = 4096;
    /// The longest name of an extra field, in bytes.
    pub const MAX_EXTRA_NAME: usize = 128;
    /// The most holders.
    pub const MAX_HOLDERS: usize = 64;
    /// The most extra fields.
    pub const MAX_EXTRAS: usize = 128;

    /// The first moment of validity: of the first day, in China.
    #[must_use]
    pub fn valid_from(&self) -> Timestamp {
        self.valid_from.unwrap_or(self.issued).start_in_china()
    }

    /// The last moment of validity: of the last day, in China. Nothing for a licence without end.
    #[must_use]
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.valid_until.map(|day| day.end_in_china().plus(-1))
    }

    /// Whether every rule holds that the types alone do not see to: limits, obligatory fields, and that the data agree with
    /// the identifier. Reading checks this already.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), MetadataError> {
        if self.type_code != self.identifier.type_code() {
            return Err(MetadataError::TypeDisagrees);
        }
        if self.issuer_code != self.identifier.issuer() {
            return Err(MetadataError::IssuerDisagrees);
        }
        if self.valid_until.is_some_and(|until| until < self.valid_from.unwrap_or(self.issued)) {
            return Err(MetadataError::EndsBeforeItStarts);
        }
        self.validate_holders()?;
        self.validate_extras()?;
        for (field, value) in self.texts() {
            if value.trim().is_empty() {
                return Err(MetadataError::Missing { field });
            }
            field::check_value(field, value)?;
        }
        Ok(())
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let own = [
            (field::NAME, &self.name),
            (field::TYPE_NAME, &self.type_name),
            (field::NUMBER, &self.number),
            (field::ISSUER_NAME, &self.issuer_name),
        ];
        let holders = self.holders.iter().flat_map(|holder| [(field::HOLDER, &holder.name), (field::HOLDER_CODE, &holder.code)]);
        let level = self.issuer_level.iter().map(|level| (field::ISSUER_LEVEL, level));
        own.into_iter().chain(holders).chain(level).map(|(name, value)| (name, value.as_str()))
    }

    fn validate_holders(&self) -> Result<(), MetadataError> {
        if self.holders.is_empty() {
            return Err(MetadataError::Missing { field: field::HOLDER });
        }
        if self.holders.len() > Self::MAX_HOLDERS {
            return Err(MetadataError::TooManyHolders);
        }
        let several = self.holders.len() > 1;
        let ambiguous = |holder: &Holder| holder.code.contains(field::COMMAS) || several && holder.name.contains(field::COMMAS);
        if self.holders.iter().any(ambiguous) {
            return Err(MetadataError::CommaInHolder);
        }
        Ok(())
    }

    fn validate_extras(&self) -> Result<(), MetadataError> {
        if self.extras.len() > Self::MAX_EXTRAS {
            return Err(MetadataError::TooManyExtras);
        }
        for (name, value) in &self.extras {
            if name.is_empty() || name.len() > Self::MAX_EXTRA_NAME || name.chars().any(char::is_control) || field::is_own(name) {
                return Err(MetadataError::ExtraName);
            }
            field::check_value(field::EXTRA, value)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("identifier", &self.identifier)
            .field("name", &self.name)
            .field("holders", &self.holders)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder").field("code_type", &self.code_type).finish_non_exhaustive()
    }
}

/// The same fields as [`Metadata`], before its rules were looked at.
#[derive(Deserialize)]
#[serde(remote = "Metadata", deny_unknown_fields)]
struct Unchecked {
    name: String,
    type_name: String,
    type_code: String,
    number: String,
    identifier: Identifier,
    issuer_name: String,
    issuer_code: String,
    #[serde(default)]
    issuer_level: Option<String>,
    issued: Date,
    holders: Vec<Holder>,
    #[serde(default)]
    valid_from: Option<Date>,
    #[serde(default)]
    valid_until: Option<Date>,
    #[serde(default)]
    extras: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut read = Unchecked::deserialize(deserializer)?;
        read.valid_until = read.valid_until.filter(|day| !field::is_endless(*day));
        read.validate().map_err(serde::de::Error::custom)?;
        Ok(read)
    }
}
