//! The fields by their pinyin short names, as documents carry them.

use std::collections::BTreeMap;

use super::{Holder, Metadata, MetadataError};
use crate::licence::number::HolderCodeType;
use crate::time::{Date, Timestamp};

pub(super) const NAME: &str = "ZZMC";
pub(super) const TYPE_NAME: &str = "ZZLXMC";
const TYPE_CODE: &str = "ZZLXDM";
pub(super) const NUMBER: &str = "ZZBH";
pub(super) const IDENTIFIER: &str = "ZZBS";
pub(super) const ISSUER_NAME: &str = "ZZBFJG";
const ISSUER_CODE: &str = "ZZBFJGDM";
pub(super) const ISSUER_LEVEL: &str = "ZZBFJGJB";
const ISSUED: &str = "ZZBFRQ";
pub(super) const HOLDER: &str = "CZZT";
pub(super) const HOLDER_CODE: &str = "CZZTDM";
const HOLDER_TYPE_NAME: &str = "CZZTDMLX";
const HOLDER_TYPE: &str = "CZZTDMLXDM";
const VALID_FROM: &str = "ZZYXQQSRQ";
const VALID_UNTIL: &str = "ZZYXQJZRQ";
/// Stands for any extra field in errors: their names come from outside.
pub(super) const EXTRA: &str = "KZ_*";

const OWN: [&str; 15] = [
    NAME,
    TYPE_NAME,
    TYPE_CODE,
    NUMBER,
    IDENTIFIER,
    ISSUER_NAME,
    ISSUER_CODE,
    ISSUER_LEVEL,
    ISSUED,
    HOLDER,
    HOLDER_CODE,
    HOLDER_TYPE_NAME,
    HOLDER_TYPE,
    VALID_FROM,
    VALID_UNTIL,
];

/// What stands between several holders; the full-width one occurs as well.
pub(super) const COMMAS: [char; 2] = [',', '，'];

/// Whether a name is one of those that licences use, in whatever case: no other kind of document has fields of these names.
#[must_use]
pub fn is_licence_field(name: &str) -> bool {
    let upper = name.trim().to_ascii_uppercase();
    is_own(&upper) || upper.starts_with("KZ_")
}

pub(super) fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}

pub(super) fn check_value(field: &'static str, value: &str) -> Result<(), MetadataError> {
    if value.len() > Metadata::MAX_VALUE {
        return Err(MetadataError::TooLong { field });
    }
    if value.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        return Err(MetadataError::ControlCharacter { field });
    }
    Ok(())
}

/// Licences without end leave the last day out, or name the last one that four digits can.
pub(super) fn is_endless(day: Date) -> bool {
    Date::new(9999, 12, 31) == Some(day)
}

struct Fields<'a>(&'a BTreeMap<String, String>);

impl<'a> Fields<'a> {
    fn optional(&self, field: &'static str) -> Result<Option<&'a str>, MetadataError> {
        let value = self.0.get(field).map(|value| value.trim()).filter(|value| !value.is_empty());
        // Several holders share a field, each with a value of its own.
        let most = if field.starts_with(HOLDER) { Metadata::MAX_VALUE * Metadata::MAX_HOLDERS } else { Metadata::MAX_VALUE };
        if value.is_some_and(|value| value.len() > most) {
            return Err(MetadataError::TooLong { field });
        }
        Ok(value)
    }

    fn text(&self, field: &'static str) -> Result<&'a str, MetadataError> {
        self.optional(field)?.ok_or(MetadataError::Missing { field })
    }

    fn date(&self, field: &'static str) -> Result<Option<Date>, MetadataError> {
        self.optional(field)?.map(|text| date(text).ok_or(MetadataError::Date { field })).transpose()
    }

    fn valid_until(&self) -> Result<Option<Date>, MetadataError> {
        if self.optional(VALID_UNTIL)? == Some("长期") {
            return Ok(None);
        }
        Ok(self.date(VALID_UNTIL)?.filter(|day| !is_endless(*day)))
    }

    fn holders(&self) -> Result<Vec<Holder>, MetadataError> {
        let codes = split(self.text(HOLDER_CODE)?)?;
        let name = self.text(HOLDER)?;
        // The name of a single holder may well have a comma in it.
        let names = if codes.len() == 1 { vec![name] } else { split(name)? };
        let kinds: Vec<_> = match (self.optional(HOLDER_TYPE)?, self.optional(HOLDER_TYPE_NAME)?) {
            (Some(codes), _) => split(codes)?.into_iter().map(HolderCodeType::from_code).collect(),
            (None, Some(names)) => split(names)?.into_iter().map(HolderCodeType::from_name).collect(),
            (None, None) => return Err(MetadataError::Missing { field: HOLDER_TYPE }),
        };
        if names.len() != codes.len() || kinds.len() != codes.len() {
            return Err(MetadataError::HoldersDisagree);
        }
        let holders = names.into_iter().zip(codes).zip(kinds).map(|((name, code), kind)| {
            let code_type = kind.ok_or(MetadataError::HolderCodeType)?;
            Ok(Holder { name: name.to_owned(), code: code.to_owned(), code_type })
        });
        holders.collect()
    }
}

fn split(text: &str) -> Result<Vec<&str>, MetadataError> {
    let parts: Vec<_> = text.split(COMMAS).map(str::trim).take(Metadata::MAX_HOLDERS + 1).collect();
    if parts.len() > Metadata::MAX_HOLDERS { Err(MetadataError::TooManyHolders) } else { Ok(parts) }
}

/// `20260701`, `2026-07-01`, or milliseconds since 1970, of which the day in China counts.
fn date(text: &str) -> Option<Date> {
    if let Ok(day) = text.parse() {
        return Some(day);
    }
    let digits = (11..=13).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    let milliseconds: i64 = digits.then(|| text.parse().ok())??;
    Some(Timestamp::from_unix(milliseconds / 1000).plus(8 * 3600).date())
}

impl Metadata {
    /// Reads the fields of a document by their short names. Values are taken without the blanks around them, and empty ones
    /// are absent. Fields that are not of the standard's own are kept as extras.
    ///
    /// # Errors
    /// The first rule that the fields break.
    pub fn from_fields(fields: &BTreeMap<String, String>) -> Result<Self, MetadataError> {
        let read = Fields(fields);
        let identifier = read.text(IDENTIFIER)?.parse().map_err(MetadataError::Identifier)?;
        let others = fields.iter().filter(|(name, value)| !is_own(name) && !value.trim().is_empty());
        // One more than allowed, so that too many are noticed without all being copied.
        let others = others.take(Self::MAX_EXTRAS + 1).map(|(name, value)| (name.clone(), value.trim().to_owned()));
        let metadata = Self {
            name: read.text(NAME)?.to_owned(),
            type_name: read.text(TYPE_NAME)?.to_owned(),
            type_code: read.text(TYPE_CODE)?.to_owned(),
            number: read.text(NUMBER)?.to_owned(),
            identifier,
            issuer_name: read.text(ISSUER_NAME)?.to_owned(),
            issuer_code: read.text(ISSUER_CODE)?.to_owned(),
            issuer_level: read.optional(ISSUER_LEVEL)?.map(str::to_owned),
            issued: read.date(ISSUED)?.ok_or(MetadataError::Missing { field: ISSUED })?,
            holders: read.holders()?,
            valid_from: read.date(VALID_FROM)?,
            valid_until: read.valid_until()?,
            extras: others.collect(),
        };
        metadata.validate()?;
        Ok(metadata)
    }

    /// The fields by their short names, as a document carries them; dates as `2026-07-01`, several holders with a comma
    /// between them. [`from_fields`](Self::from_fields) reads the same data from them.
    #[must_use]
    pub fn to_fields(&self) -> BTreeMap<String, String> {
        let mut fields = self.extras.clone();
        let mut put = |field: &str, value: Option<String>| value.and_then(|value| fields.insert(field.to_owned(), value));
        let holders = |part: fn(&Holder) -> &str| Some(self.holders.iter().map(part).collect::<Vec<_>>().join(","));
        put(NAME, Some(self.name.clone()));
        put(TYPE_NAME, Some(self.type_name.clone()));
        put(TYPE_CODE, Some(self.type_code.clone()));
        put(NUMBER, Some(self.number.clone()));
        put(IDENTIFIER, Some(self.identifier.to_string()));
        put(ISSUER_NAME, Some(self.issuer_name.clone()));
        put(ISSUER_CODE, Some(self.issuer_code.clone()));
        put(ISSUER_LEVEL, self.issuer_level.clone());
        put(ISSUED, Some(self.issued.to_string()));
        put(HOLDER, holders(|holder| &holder.name));
        put(HOLDER_CODE, holders(|holder| &holder.code));
        put(HOLDER_TYPE_NAME, holders(|holder| holder.code_type.name_zh()));
        put(HOLDER_TYPE, holders(|holder| holder.code_type.code()));
        put(VALID_FROM, self.valid_from.map(|day| day.to_string()));
        put(VALID_UNTIL, self.valid_until.map(|day| day.to_string()));
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> BTreeMap<String, String> {
        let pairs = [
            (NAME, "食品经营许可证"),
            (TYPE_NAME, "食品经营许可证"),
            (TYPE_CODE, "11100000000013338W009"),
            (NUMBER, "JY10000000000"),
            (IDENTIFIER, "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0"),
            (ISSUER_NAME, "某某局"),
            (ISSUER_CODE, "11330105002500287C"),
            (ISSUED, "20250522"),
            (HOLDER, "某公司，甲"),
            (HOLDER_CODE, "91610800064834709T,11010519491231002X"),
            (HOLDER_TYPE, "001, 111"),
            (VALID_FROM, "2025-05-23"),
            (VALID_UNTIL, "1937836800000"),
            ("KZ_DZ", "某街一号"),
            ("ZZQZR", ""),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn with(field: &str, value: &str) -> Result<Metadata, MetadataError> {
        let mut fields = fields();
        fields.insert(field.to_owned(), value.to_owned());
        Metadata::from_fields(&fields)
    }

    #[test]
    fn fields_and_back() {
        let read = Metadata::from_fields(&fields()).unwrap();
        assert_eq!(read.holders.len(), 2);
        assert_eq!(read.holders.get(1).map(|holder| holder.code_type), Some(HolderCodeType::CitizenNumber));
        assert_eq!(read.extras.len(), 1);
        assert_eq!(read.valid_until, Date::new(2031, 5, 30));
        let written = read.to_fields();
        assert_eq!(written.get(ISSUED).map(String::as_str), Some("2025-05-22"));
        assert_eq!(written.get(HOLDER_TYPE_NAME).map(String::as_str), Some("统一社会信用代码,公民身份号码"));
        assert_eq!(Metadata::from_fields(&written), Ok(read));
    }

    #[test]
    fn json_and_back_with_the_same_rules() {
        let read = Metadata::from_fields(&fields()).unwrap();
        let mut json = serde_json::to_value(&read).unwrap();
        assert_eq!(json.pointer("/holders/0/code_type").unwrap(), "001");
        assert_eq!(serde_json::from_value::<Metadata>(json.clone()).unwrap(), read);
        json["valid_until"] = "9999-12-31".into();
        assert_eq!(serde_json::from_value::<Metadata>(json.clone()).unwrap().valid_until, None);
        json["issuer_code"] = "11100000000013338W".into();
        let error = serde_json::from_value::<Metadata>(json.clone()).unwrap_err();
        assert!(error.to_string().starts_with(&MetadataError::IssuerDisagrees.to_string()), "{error}");
        json["secret"] = 1.into();
        assert!(serde_json::from_value::<Metadata>(json).unwrap_err().to_string().contains("unknown field"));
    }

    #[test]
    fn every_obligatory_field_is_demanded() {
        let optional = [ISSUER_LEVEL, VALID_FROM, VALID_UNTIL, HOLDER_TYPE_NAME];
        for field in OWN.into_iter().filter(|field| !optional.contains(field)) {
            assert_eq!(with(field, "  "), Err(MetadataError::Missing { field }));
        }
        for field in [VALID_FROM, VALID_UNTIL] {
            assert!(with(field, "").is_ok());
        }
    }

    #[test]
    fn each_rule_has_its_own_answer() {
        let long = "一".repeat(1400);
        for (field, value, expected) in [
            (ISSUED, "2025-02-29", MetadataError::Date { field: ISSUED }),
            (VALID_UNTIL, "never", MetadataError::Date { field: VALID_UNTIL }),
            (VALID_UNTIL, "2025-05-22", MetadataError::EndsBeforeItStarts),
            (TYPE_CODE, "11100000000013338W010", MetadataError::TypeDisagrees),
            (ISSUER_CODE, "11100000000013338W", MetadataError::IssuerDisagrees),
            (HOLDER, "某公司", MetadataError::HoldersDisagree),
            (HOLDER_TYPE, "001", MetadataError::HoldersDisagree),
            (HOLDER_TYPE, "001,112", MetadataError::HolderCodeType),
            (HOLDER, "某公司,", MetadataError::Missing { field: HOLDER }),
            (NAME, &long, MetadataError::TooLong { field: NAME }),
            (NAME, "a\u{0}", MetadataError::ControlCharacter { field: NAME }),
            ("KZ_X", &long, MetadataError::TooLong { field: EXTRA }),
            ("KZ\n", "x", MetadataError::ExtraName),
            (HOLDER_CODE, &",".repeat(64), MetadataError::TooManyHolders),
        ] {
            let error = with(field, value).unwrap_err();
            assert_eq!(error, expected);
            let text = error.text();
            assert!(text.en.ends_with('.') && text.zh.ends_with('。'));
        }
        let wrong_check = "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.1";
        assert_eq!(with(IDENTIFIER, wrong_check).unwrap_err().code(), "identifier-check");
        let mut many = fields();
        many.extend((0..Metadata::MAX_EXTRAS).map(|n| (format!("KZ_{n}"), "x".to_owned())));
        assert_eq!(Metadata::from_fields(&many), Err(MetadataError::TooManyExtras));
    }

    #[test]
    fn endless_in_every_spelling() {
        for spelling in ["", "长期", "9999-12-31", "99991231"] {
            assert_eq!(with(VALID_UNTIL, spelling).unwrap().valid_until(), None, "{spelling}");
        }
        let ends = with(VALID_UNTIL, "2030-12-31").unwrap().valid_until().unwrap();
        assert_eq!(ends.to_string(), "2030-12-31T15:59:59Z");
    }

    #[test]
    fn a_single_holder_may_have_a_comma_in_the_name() {
        let mut fields = fields();
        for (field, value) in [(HOLDER, "Smith, J."), (HOLDER_CODE, "EA1234567"), (HOLDER_TYPE, "414")] {
            fields.insert(field.to_owned(), value.to_owned());
        }
        let read = Metadata::from_fields(&fields).unwrap();
        assert_eq!(read.holders.len(), 1);
        assert_eq!(Metadata::from_fields(&read.to_fields()).unwrap(), read);
    }

    #[test]
    fn nothing_personal_is_printed() {
        let printed = format!("{:?}", Metadata::from_fields(&fields()).unwrap());
        for secret in ["甲", "某公司", "11010519491231002X", "91610800064834709T", "JY1", "某街"] {
            assert!(!printed.contains(secret), "{printed}");
        }
        assert!(printed.contains("2025052201"));
    }
}
