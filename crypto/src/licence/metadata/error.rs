//! Why data are not those of a licence.

use std::fmt;

use crate::licence::identifier::IdentifierError;
use crate::licence::words;
use crate::report::Text;

/// Why the data are not those of a licence. Names fields, never their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataError {
    /// An obligatory field is absent or empty.
    Missing {
        /// Its short name.
        field: &'static str,
    },
    /// A value is longer than [`Metadata::MAX_VALUE`](super::Metadata::MAX_VALUE) bytes.
    TooLong {
        /// The field's short name.
        field: &'static str,
    },
    /// A value has control characters in it.
    ControlCharacter {
        /// The field's short name.
        field: &'static str,
    },
    /// A value is not a day of the calendar.
    Date {
        /// The field's short name.
        field: &'static str,
    },
    /// ZZBS is not a licence identifier.
    Identifier(IdentifierError),
    /// The type code is not the one in the identifier.
    TypeDisagrees,
    /// The issuing body's code is not the one in the identifier.
    IssuerDisagrees,
    /// The last day of validity is before the first.
    EndsBeforeItStarts,
    /// There are not as many holders' names, numbers and kinds of number.
    HoldersDisagree,
    /// A kind of holder's number is not in GB/T 36903-2018, annex A.
    HolderCodeType,
    /// A comma in a holder's data would be taken for the one between holders.
    CommaInHolder,
    /// There are more than [`Metadata::MAX_HOLDERS`](super::Metadata::MAX_HOLDERS) holders.
    TooManyHolders,
    /// There are more than [`Metadata::MAX_EXTRAS`](super::Metadata::MAX_EXTRAS) extra fields.
    TooManyExtras,
    /// The name of an extra field is empty, too long, the name of another field, or has control characters in it.
    ExtraName,
}

impl MetadataError {
    /// The stable code that clients see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing { .. } => "metadata-missing",
            Self::TooLong { .. } => "metadata-too-long",
            Self::ControlCharacter { .. } => "metadata-control-character",
            Self::Date { .. } => "metadata-date",
            Self::Identifier(error) => error.code(),
            Self::TypeDisagrees => "metadata-type-disagrees",
            Self::IssuerDisagrees => "metadata-issuer-disagrees",
            Self::EndsBeforeItStarts => "metadata-ends-before-it-starts",
            Self::HoldersDisagree => "metadata-holders-disagree",
            Self::HolderCodeType => "metadata-holder-code-type",
            Self::CommaInHolder => "metadata-comma-in-holder",
            Self::TooManyHolders => "metadata-too-many-holders",
            Self::TooManyExtras => "metadata-too-many-extras",
            Self::ExtraName => "metadata-extra-name",
        }
    }

    /// The short name of the field that is wrong, if it is one.
    #[must_use]
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::Missing { field } | Self::TooLong { field } | Self::ControlCharacter { field } | Self::Date { field } => {
                Some(field)
            }
            Self::Identifier(_) => Some(super::field::IDENTIFIER),
            _ => None,
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn text(self) -> Text {
        let about = |field: &str, en: &str, zh: &str| Text {
            en: format!("The field {field} {en}.").into(),
            zh: format!("字段 {field} {zh}。").into(),
        };
        match self {
            Self::Missing { field } => about(field, "is obligatory", "为必填项"),
            Self::TooLong { field } => about(field, "is too long", "过长"),
            Self::ControlCharacter { field } => about(field, "has control characters in it", "含有控制字符"),
            Self::Date { field } => about(field, "is not a day of the calendar", "不是有效日期"),
            Self::Identifier(error) => error.text(),
            Self::TypeDisagrees => {
                words("The licence type is not the one in the licence identifier.", "证照类型代码与证照标识不一致。")
            }
            Self::IssuerDisagrees => {
                words("The issuing body is not the one in the licence identifier.", "证照颁发机构代码与证照标识不一致。")
            }
            Self::EndsBeforeItStarts => words("The licence ends before it starts.", "证照有效期截止日期早于起始日期。"),
            Self::HoldersDisagree => words(
                "There are not as many holders' names as numbers and kinds of number.",
                "持证主体的名称、代码和代码类型数量不一致。",
            ),
            Self::HolderCodeType => words("The kind of a holder's number is unknown.", "持证主体代码类型未知。"),
            Self::CommaInHolder => words("A holder's data have a comma in them.", "持证主体信息中含有逗号。"),
            Self::TooManyHolders => words("There are too many holders.", "持证主体过多。"),
            Self::TooManyExtras => words("There are too many extra fields.", "扩展字段过多。"),
            Self::ExtraName => words("The name of an extra field is not allowed.", "扩展字段名称不符合要求。"),
        }
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for MetadataError {}
