//! Licence identifiers (GB/T 36904-2018).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{number, words};
use crate::report::Text;

const ROOT: &str = "1.2.156.3005.2.";

/// The identifier of one version of a licence: `1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`.
///
/// Ordered by type, issuer and serial number, then by version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    type_code: String,
    issuer: String,
    serial: String,
    version: u16,
    check: char,
}

/// Why a text is not a licence identifier, or not one as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifierError {
    /// It is longer than [`Identifier::MAX_LENGTH`].
    Length,
    /// It does not start with `1.2.156.3005.2.`.
    Root,
    /// It has not five segments after the root.
    Segments,
    /// The type is not 21 digits and upper-case letters.
    Type,
    /// The issuer is neither 18 digits and upper-case letters nor a region code of 6 digits.
    Issuer,
    /// The serial number is not 1 to 32 digits and upper-case letters.
    Serial,
    /// The version is not `001` to `999`.
    Version,
    /// It has the right shape and this wrong content.
    Content(Deviation),
}

/// What is wrong with an identifier that has the right shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deviation {
    /// The check character is another than this one.
    Check {
        /// What it should be.
        expected: char,
    },
    /// The issuer is a region code of 6 digits. Such licences are in use, so this is no error.
    IssuerIsRegion,
    /// The issuer is not a unified social credit code.
    IssuerCode,
    /// The type does not start with a unified social credit code.
    TypeCode,
}

impl Identifier {
    /// The longest text that is read, in bytes.
    pub const MAX_LENGTH: usize = 120;
    /// The highest version.
    pub const MAX_VERSION: u16 = 999;

    /// Makes the identifier of this version of a licence, with its check character.
    ///
    /// # Errors
    /// The first segment that is malformed, or that is not the unified social credit code that it should be.
    pub fn new(type_code: &str, issuer: &str, serial: &str, version: u16) -> Result<Self, IdentifierError> {
        let mut made = Self::shaped(type_code, issuer, serial, version, '0')?;
        made.check = made.expected_check();
        let deviations = made.deviations();
        made.strict(&deviations)
    }

    /// Reads an identifier of the right shape and tells what is wrong with its content.
    ///
    /// # Errors
    /// The shape is wrong: any of [`IdentifierError`] but `Content`.
    pub fn parse_lenient(text: &str) -> Result<(Self, Vec<Deviation>), IdentifierError> {
        if text.len() > Self::MAX_LENGTH {
            return Err(IdentifierError::Length);
        }
        let mut segments = text.strip_prefix(ROOT).ok_or(IdentifierError::Root)?.split('.');
        let mut next = || segments.next().ok_or(IdentifierError::Segments);
        let (type_code, issuer, serial, version, check) = (next()?, next()?, next()?, next()?, next()?);
        let mut check = check.chars();
        let (Some(character), None, None) = (check.next(), check.next(), segments.next()) else {
            return Err(IdentifierError::Segments);
        };
        if version.len() != 3 || !version.bytes().all(|c| c.is_ascii_digit()) {
            return Err(IdentifierError::Version);
        }
        let version = version.parse().or(Err(IdentifierError::Version))?;
        let read = Self::shaped(type_code, issuer, serial, version, character)?;
        let deviations = read.deviations();
        Ok((read, deviations))
    }

    fn shaped(type_code: &str, issuer: &str, serial: &str, version: u16, check: char) -> Result<Self, IdentifierError> {
        if type_code.len() != 21 || !is_plain(type_code) {
            return Err(IdentifierError::Type);
        }
        if !(issuer.len() == 18 && is_plain(issuer) || is_region(issuer)) {
            return Err(IdentifierError::Issuer);
        }
        if !(1..=32).contains(&serial.len()) || !is_plain(serial) {
            return Err(IdentifierError::Serial);
        }
        if !(1..=Self::MAX_VERSION).contains(&version) {
            return Err(IdentifierError::Version);
        }
        Ok(Self { type_code: type_code.to_owned(), issuer: issuer.to_owned(), serial: serial.to_owned(), version, check })
    }

    fn deviations(&self) -> Vec<Deviation> {
        let expected = self.expected_check();
        let definer = self.type_code.get(..18).unwrap_or_default();
        let found = [
            (self.check != expected, Deviation::Check { expected }),
            (is_region(&self.issuer), Deviation::IssuerIsRegion),
            (!is_region(&self.issuer) && number::uscc(&self.issuer).is_err(), Deviation::IssuerCode),
            (number::uscc(definer).is_err(), Deviation::TypeCode),
        ];
        found.into_iter().filter_map(|(present, deviation)| present.then_some(deviation)).collect()
    }

    fn strict(self, deviations: &[Deviation]) -> Result<Self, IdentifierError> {
        match deviations.iter().find(|deviation| **deviation != Deviation::IssuerIsRegion) {
            Some(deviation) => Err(IdentifierError::Content(*deviation)),
            None => Ok(self),
        }
    }

    /// ISO/IEC 7064 MOD 37,36 over the segments before the check character, without the root and the dots.
    fn expected_check(&self) -> char {
        let characters = [&self.type_code, &self.issuer, &self.serial].into_iter().flat_map(|text| text.chars());
        let version = [100, 10, 1].map(|place| u32::from(self.version / place % 10));
        let product = characters.filter_map(|c| c.to_digit(36)).chain(version).fold(36, |product, value| {
            let sum = (product + value) % 36;
            2 * (if sum == 0 { 36 } else { sum }) % 37
        });
        char::from_digit((37 - product) % 36, 36).map_or('0', |c| c.to_ascii_uppercase())
    }

    /// The licence type, 21 characters: the credit code of the body that defined it, and a sequence of three.
    #[must_use]
    pub fn type_code(&self) -> &str {
        &self.type_code
    }

    /// The issuing body: its unified social credit code, or a region code of 6 digits.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The serial number, unique within type and issuer.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The version, 1 for the first issue and one more for each re-issue.
    #[must_use]
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// The check character as it was read.
    #[must_use]
    pub const fn check(&self) -> char {
        self.check
    }

    /// What all versions of the licence have in common: `<type>.<issuer>.<serial>`.
    #[must_use]
    pub fn lineage(&self) -> String {
        format!("{}.{}.{}", self.type_code, self.issuer, self.serial)
    }

    /// Whether the other identifies the same licence, in whatever version.
    #[must_use]
    pub fn same_lineage(&self, other: &Self) -> bool {
        (&self.type_code, &self.issuer, &self.serial) == (&other.type_code, &other.issuer, &other.serial)
    }

    /// The identifier of another version of the same licence.
    ///
    /// # Errors
    /// The version is not 1 to 999, or this identifier was not read strictly and has a wrong code in it.
    pub fn with_version(&self, version: u16) -> Result<Self, IdentifierError> {
        Self::new(&self.type_code, &self.issuer, &self.serial, version)
    }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
}

fn is_region(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|c| c.is_ascii_digit())
}

impl FromStr for Identifier {
    type Err = IdentifierError;

    /// Reads an identifier in which everything is right; only a region code in place of the issuing body passes.
    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let (read, deviations) = Self::parse_lenient(text)?;
        read.strict(&deviations)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { type_code, issuer, serial, version, check } = self;
        write!(f, "{ROOT}{type_code}.{issuer}.{serial}.{version:03}.{check}")
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Identifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Identifier {
    fn schema_name() -> Cow<'static, str> {
        "Identifier".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Licence identifier of GB/T 36904-2018.",
            "maxLength": Self::MAX_LENGTH,
            "pattern": r"^1\.2\.156\.3005\.2\.[0-9A-Z]{21}\.([0-9A-Z]{18}|[0-9]{6})\.[0-9A-Z]{1,32}\.(00[1-9]|0[1-9][0-9]|[1-9][0-9]{2})\.[0-9A-Z]$",
        })
    }
}

impl IdentifierError {
    /// The stable code that clients see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length => "identifier-length",
            Self::Root => "identifier-root",
            Self::Segments => "identifier-segments",
            Self::Type => "identifier-type",
            Self::Issuer => "identifier-issuer",
            Self::Serial => "identifier-serial",
            Self::Version => "identifier-version",
            Self::Content(deviation) => deviation.code(),
        }
    }

    /// The reason in words.
    #[must_use]
    pub const fn text(self) -> Text {
        match self {
            Self::Length => words("The licence identifier is too long.", "证照标识过长。"),
            Self::Root => {
                words("The licence identifier does not start with 1.2.156.3005.2.", "证照标识的前缀不是 1.2.156.3005.2。")
            }
            Self::Segments => words(
                "The licence identifier does not consist of root, type, issuer, serial number, version and check character.",
                "证照标识的段数不正确。",
            ),
            Self::Type => words("The licence type in the identifier is malformed.", "证照标识中的证照类型代码格式错误。"),
            Self::Issuer => words("The issuing body in the identifier is malformed.", "证照标识中的颁发机构代码格式错误。"),
            Self::Serial => words("The serial number in the identifier is malformed.", "证照标识中的流水号格式错误。"),
            Self::Version => {
                words("The version in the identifier is not 001 to 999.", "证照标识中的版本号不在 001 至 999 之间。")
            }
            Self::Content(deviation) => deviation.text(),
        }
    }
}

impl Deviation {
    /// The stable code that clients see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Check { .. } => "identifier-check",
            Self::IssuerIsRegion => "identifier-issuer-is-region",
            Self::IssuerCode => "identifier-issuer-code",
            Self::TypeCode => "identifier-type-code",
        }
    }

    /// What is wrong, in words.
    #[must_use]
    pub const fn text(self) -> Text {
        match self {
            Self::Check { .. } => words("The check character of the licence identifier is wrong.", "证照标识的校验位不正确。"),
            Self::IssuerIsRegion => {
                words("The identifier names a region in place of the issuing body.", "证照标识以行政区划代码代替了颁发机构代码。")
            }
            Self::IssuerCode => words(
                "The issuing body in the identifier is not a valid unified social credit code.",
                "证照标识中的颁发机构代码不是有效的统一社会信用代码。",
            ),
            Self::TypeCode => words(
                "The licence type in the identifier does not start with a valid unified social credit code.",
                "证照标识中的证照类型代码不以有效的统一社会信用代码开头。",
            ),
        }
    }
}

impl fmt::Display for IdentifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for IdentifierError {}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0";

    #[test]
    fn read_made_and_written_alike() {
        let read: Identifier = SAMPLE.parse().unwrap();
        assert_eq!(read.to_string(), SAMPLE);
        assert_eq!(Identifier::new(read.type_code(), read.issuer(), read.serial(), read.version()), Ok(read.clone()));
        assert_eq!(read.lineage(), "11100000000013338W009.11330105002500287C.2025052201");
        let json = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Identifier>(&json).unwrap(), read);
        let first = read.with_version(1).unwrap();
        assert!(first < read && first.same_lineage(&read));
        assert_eq!(read.with_version(1000), Err(IdentifierError::Version));
        assert_eq!(read.with_version(0), Err(IdentifierError::Version));
    }

    #[test]
    fn every_change_of_one_character_is_seen() {
        for (at, was) in SAMPLE.char_indices() {
            for now in ('0'..='9').chain('A'..='Z').chain(['.', 'a', '一']).filter(|now| *now != was) {
                let changed: String = SAMPLE.char_indices().map(|(i, c)| if i == at { now } else { c }).collect();
                assert!(changed.parse::<Identifier>().is_err(), "{changed}");
                let lenient = Identifier::parse_lenient(&changed);
                assert!(lenient.is_err() || lenient.is_ok_and(|(_, found)| !found.is_empty()), "{changed}");
            }
        }
    }

    #[test]
    fn each_segment_has_its_own_error() {
        for (text, expected) in [
            ("1.2.156.3005.1.A", IdentifierError::Root),
            ("1.2.156.3005.2.A.B.C.001", IdentifierError::Segments),
            ("1.2.156.3005.2.A.B.C.001.X", IdentifierError::Type),
            ("1.2.156.3005.2.11100000000013338W009.B.C.001.X", IdentifierError::Issuer),
            ("1.2.156.3005.2.11100000000013338W009.340100..001.X", IdentifierError::Serial),
            ("1.2.156.3005.2.11100000000013338W009.340100.c.001.X", IdentifierError::Serial),
            ("1.2.156.3005.2.11100000000013338W009.340100.C.000.X", IdentifierError::Version),
            ("1.2.156.3005.2.11100000000013338W009.340100.C.01.X", IdentifierError::Version),
            ("1.2.156.3005.2.11100000000013338W009.340100.C.+01.X", IdentifierError::Version),
            ("1.2.156.3005.2.11100000000013338W009.340100.C.001.XX", IdentifierError::Segments),
            ("1.2.156.3005.2.11100000000013338W009.340100.C.001.X.", IdentifierError::Segments),
        ] {
            assert_eq!(Identifier::parse_lenient(text), Err(expected), "{text}");
        }
        assert_eq!(format!("{SAMPLE}{}", "0".repeat(80)).parse::<Identifier>(), Err(IdentifierError::Length));
    }

    #[test]
    fn wrong_codes_are_told_apart() {
        let wrong_type = Identifier::new("11100000000013338X009", "11330105002500287C", "1", 1);
        assert_eq!(wrong_type, Err(IdentifierError::Content(Deviation::TypeCode)));
        let wrong_issuer = Identifier::new("11100000000013338W009", "11330105002500287D", "1", 1);
        assert_eq!(wrong_issuer, Err(IdentifierError::Content(Deviation::IssuerCode)));
        let region = Identifier::new("11100000000013338W009", "340100", "1", 1).unwrap();
        let (_, found) = Identifier::parse_lenient(&region.to_string()).unwrap();
        assert_eq!(found, [Deviation::IssuerIsRegion]);
    }
}
