//! The numbers that licence holders go by.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NumberError, citizen_number, uscc};
use crate::time::Date;

macro_rules! code_types {
    ($($variant:ident = $code:literal, $zh:literal, $en:literal;)*) => {
        /// What kind of number a holder goes by (GB/T 36903-2018, annex A). Serialised as its three digits.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum HolderCodeType {
            $(#[doc = concat!($code, " ", $zh, ": ", $en)] #[serde(rename = $code)] $variant,)*
        }

        impl HolderCodeType {
            /// Every kind, in the order of the codes.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code, three digits.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The Chinese name.
            #[must_use]
            pub const fn name_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }

            /// The English name.
            #[must_use]
            pub const fn name_en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
        }
    };
}

code_types! {
    UnifiedSocialCreditCode = "001", "统一社会信用代码", "unified social credit code";
    OtherOrganisation = "099", "其他法人或其他组织有效证件代码", "other valid document of an organisation";
    CitizenNumber = "111", "公民身份号码", "citizen number";
    MilitaryOfficer = "114", "军官证", "military officer's card";
    ArmedPoliceOfficer = "115", "武警警官证", "armed police officer's card";
    Soldier = "118", "士兵证", "soldier's card";
    ArmedPoliceSoldier = "119", "武警士兵证", "armed police soldier's card";
    MilitaryCivilian = "120", "军队文职", "card of civilian staff of the armed forces";
    ArmedPoliceCivilian = "122", "武警文职", "card of civilian staff of the armed police";
    DiplomaticPassport = "411", "外交护照", "diplomatic passport";
    ServicePassport = "412", "公务护照", "service passport";
    PublicAffairsPassport = "413", "公务普通护照", "passport for public affairs";
    OrdinaryPassport = "414", "普通护照", "ordinary passport";
    TaiwanPermit = "511", "台湾居民来往大陆通行证", "mainland travel permit for Taiwan residents";
    HongKongMacaoPermit = "516", "港澳居民来往内地通行证", "mainland travel permit for Hong Kong and Macao residents";
    OtherPerson = "999", "其他自然人有效证件", "other valid document of a person";
}

impl HolderCodeType {
    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// The kind with this Chinese name.
    #[must_use]
    pub fn from_name(name_zh: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name_zh() == name_zh)
    }
}

/// A number that a holder goes by, checked as far as its kind can be and in one form: full-width characters made ASCII,
/// surrounding blanks taken off, letters upper-case.
///
/// `Debug` and `Display` show the kind and no more of the number than its length, and there is no serialised form: whoever
/// needs the number says [`expose`](Self::expose).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HolderNumber {
    code_type: HolderCodeType,
    value: String,
}

impl HolderNumber {
    /// The most characters that any number may have.
    pub const MAX_CHARACTERS: usize = 64;

    /// Checks a number of this kind on this day (in China) and brings it into its one form.
    ///
    /// Citizen numbers of the first generation are kept with their 15 digits. For documents without check characters only
    /// the shape is looked at, and for those of unknown shape only the characters.
    ///
    /// # Errors
    /// The first rule that the number breaks.
    pub fn parse(code_type: HolderCodeType, text: &str, today: Date) -> Result<Self, NumberError> {
        // Bounded before anything is copied; a full-width character takes three bytes.
        if text.len() > Self::MAX_CHARACTERS * 8 {
            return Err(NumberError::Length);
        }
        let ascii: String = text.chars().map(narrow).collect();
        let mut value = ascii.trim().to_uppercase();
        if code_type == HolderCodeType::TaiwanPermit {
            // The old form has its last letter in brackets, or not.
            value.retain(|c| !matches!(c, '(' | ')'));
        }
        if value.is_empty() || value.chars().count() > Self::MAX_CHARACTERS {
            return Err(NumberError::Length);
        }
        check(code_type, &value, today)?;
        Ok(Self { code_type, value })
    }

    /// The kind of number.
    #[must_use]
    pub const fn code_type(&self) -> HolderCodeType {
        self.code_type
    }

    /// The number itself. Personal data: for keyed digests and answers, never for logs, errors or keys.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }
}

fn narrow(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        other => other,
    }
}

fn check(code_type: HolderCodeType, value: &str, today: Date) -> Result<(), NumberError> {
    use HolderCodeType as Kind;
    match code_type {
        Kind::UnifiedSocialCreditCode => uscc(value),
        Kind::CitizenNumber => citizen_number(value, today).map(|_| ()),
        Kind::DiplomaticPassport | Kind::ServicePassport | Kind::PublicAffairsPassport | Kind::OrdinaryPassport => {
            // Foreign passports occur too, so no national pattern holds.
            shape((5..=20).contains(&value.len()), value.bytes().all(|c| c.is_ascii_alphanumeric()))
        }
        Kind::TaiwanPermit => {
            let digits = value.strip_suffix(|c: char| c.is_ascii_uppercase() && value.len() == 11).unwrap_or(value);
            shape([8, 10].contains(&digits.len()), digits.bytes().all(|c| c.is_ascii_digit()))
        }
        Kind::HongKongMacaoPermit => {
            let digits = value.strip_prefix(['H', 'M']).ok_or(NumberError::Character)?;
            shape([8, 10].contains(&digits.len()), digits.bytes().all(|c| c.is_ascii_digit()))
        }
        _ => shape(true, value.chars().all(|c| c.is_alphanumeric() || " -()/.".contains(c))),
    }
}

const fn shape(length: bool, characters: bool) -> Result<(), NumberError> {
    match (length, characters) {
        (false, _) => Err(NumberError::Length),
        (true, false) => Err(NumberError::Character),
        (true, true) => Ok(()),
    }
}

impl fmt::Display for HolderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} characters", self.code_type.name_en(), self.value.chars().count())
    }
}

impl fmt::Debug for HolderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HolderNumber({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(kind: HolderCodeType, text: &str) -> Result<HolderNumber, NumberError> {
        HolderNumber::parse(kind, text, "2026-07-01".parse().unwrap())
    }

    #[test]
    fn kinds_by_code_name_and_json() {
        for kind in HolderCodeType::ALL {
            assert_eq!(HolderCodeType::from_code(kind.code()), Some(*kind));
            assert_eq!(HolderCodeType::from_name(kind.name_zh()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
            assert_eq!(serde_json::from_value::<HolderCodeType>(kind.code().into()).unwrap(), *kind);
        }
        assert_eq!(HolderCodeType::ALL.len(), 16);
        assert_eq!(HolderCodeType::from_code("112"), None);
        assert!(HolderCodeType::ALL.is_sorted_by_key(|kind| kind.code()));
    }

    #[test]
    fn one_form_of_every_number() {
        let kind = HolderCodeType::CitizenNumber;
        let plain = parse(kind, "11010519491231002X").unwrap();
        assert_eq!(parse(kind, " 11010519491231002x\n"), Ok(plain.clone()));
        assert_eq!(parse(kind, "１１０１０５１９４９１２３１００２ｘ\u{3000}"), Ok(plain));
    }

    #[test]
    fn nothing_of_the_number_is_printed() {
        let number = parse(HolderCodeType::CitizenNumber, "11010519491231002X").unwrap();
        assert_eq!(number.to_string(), "citizen number of 18 characters");
        assert_eq!(format!("{number:?}"), "HolderNumber(citizen number of 18 characters)");
        assert_eq!(number.expose(), "11010519491231002X");
    }

    #[test]
    fn shapes_of_other_documents() {
        use HolderCodeType as Kind;
        for (kind, text, expected) in [
            (Kind::HongKongMacaoPermit, "h12345678", Ok("H12345678")),
            (Kind::HongKongMacaoPermit, "M1234567801", Ok("M1234567801")),
            (Kind::HongKongMacaoPermit, "X12345678", Err(NumberError::Character)),
            (Kind::HongKongMacaoPermit, "H1234567", Err(NumberError::Length)),
            (Kind::TaiwanPermit, "12345678", Ok("12345678")),
            (Kind::TaiwanPermit, "0123456789（b）", Ok("0123456789B")),
            (Kind::TaiwanPermit, "1234567B", Err(NumberError::Character)),
            (Kind::OrdinaryPassport, "EA1234567", Ok("EA1234567")),
            (Kind::OrdinaryPassport, "E-1234567", Err(NumberError::Character)),
            (Kind::OrdinaryPassport, "E123", Err(NumberError::Length)),
            (Kind::MilitaryOfficer, "军字第1234567号", Ok("军字第1234567号")),
            (Kind::MilitaryOfficer, "1234,567", Err(NumberError::Character)),
            (Kind::OtherPerson, "  ", Err(NumberError::Length)),
            (Kind::UnifiedSocialCreditCode, "11100000000013338w", Ok("11100000000013338W")),
        ] {
            assert_eq!(parse(kind, text).as_ref().map(HolderNumber::expose).map_err(|error| *error), expected, "{text}");
        }
        assert_eq!(parse(Kind::OtherPerson, &"一".repeat(64)).map(|_| ()), Ok(()));
        assert_eq!(parse(Kind::OtherPerson, &"一".repeat(65)), Err(NumberError::Length));
    }
}
