//! Numbers of people and organisations: their shapes and check characters.

mod citizen;
mod holder;
mod organisation;

use std::fmt;

pub use citizen::{Generation, citizen_check_character, citizen_number};
pub use holder::{HolderCodeType, HolderNumber};
pub use organisation::{organisation_check_character, uscc, uscc_check_character};

use super::words;
use crate::report::Text;

/// Why a number is not one. Never holds the number itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// It has not as many characters as its kind of number has.
    Length,
    /// It has a character that its kind of number does not have, or not there.
    Character,
    /// The day of birth in it does not exist.
    BirthDate,
    /// The day of birth in it is yet to come.
    BornInFuture,
    /// Its check character is wrong.
    Check,
    /// The check character of the organisation code inside it (GB 11714) is wrong.
    OrganisationCheck,
}

impl NumberError {
    /// The stable code that clients see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length => "number-length",
            Self::Character => "number-character",
            Self::BirthDate => "number-birth-date",
            Self::BornInFuture => "number-born-in-future",
            Self::Check => "number-check",
            Self::OrganisationCheck => "number-organisation-check",
        }
    }

    /// The reason in words.
    #[must_use]
    pub const fn text(self) -> Text {
        match self {
            Self::Length => words("The number has the wrong length.", "号码长度不正确。"),
            Self::Character => words("The number has a character that does not belong there.", "号码含有不允许的字符。"),
            Self::BirthDate => words("The day of birth in the number does not exist.", "号码中的出生日期不存在。"),
            Self::BornInFuture => words("The day of birth in the number is yet to come.", "号码中的出生日期尚未到来。"),
            Self::Check => words("The check character of the number is wrong.", "号码校验码不正确。"),
            Self::OrganisationCheck => {
                words("The check character of the organisation code in the number is wrong.", "号码中主体标识码的校验码不正确。")
            }
        }
    }
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for NumberError {}
