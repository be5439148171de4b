//! The licence: its identifier, its holders and their numbers, its data, its life.
//!
//! Formats are those of GB/T 36903-2018 (metadata) and GB/T 36904-2018 (identifier). Personal data are masked in every
//! `Debug` form here and appear in no error.

pub(crate) mod demands;
pub mod identifier;
pub mod metadata;
pub mod number;
pub mod record;
pub mod standing;
pub mod status;
#[cfg(test)]
mod testing;

pub use identifier::{Deviation, Identifier, IdentifierError};
pub use metadata::{Holder, Metadata, MetadataError};
pub use number::{HolderCodeType, HolderNumber, NumberError};
pub use record::{Decision, Event, Reason, Record, RecordError};
pub use standing::{Presented, checks};
pub use status::{IllegalTransition, Operation, Status};

use crate::report::Text;

pub(crate) const fn words(en: &'static str, zh: &'static str) -> Text {
    Text { en: std::borrow::Cow::Borrowed(en), zh: std::borrow::Cow::Borrowed(zh) }
}
