//! Evidence bundles: what a verdict was drawn from, the receipt of it, and the proof that the receipt is in the log, in one file
//! that is checked years later with nothing else at hand.
//!
//! One thing binds the next. The receipt ([`Receipt`]), signed by the gateway, names the digest of everything that was used
//! ([`Material`]); the record of the log names the digest of the receipt; the entry commits to the record; the proof leads from
//! the entry to a checkpoint that the log signed and witnesses saw. So whoever has the key of the log needs to believe nothing
//! else in the file, and no byte of it can be changed unnoticed: the file has one form, but for white space ([`Bundle::parse`]).
//! [`check()`] takes each step and tells what came of it.

mod check;
mod collect;
mod file;
mod material;
mod receipt;
mod replay;
mod rules;
mod step;

pub use check::{Given, check, is_reproduced};
pub use collect::{Collected, Seen, collect};
pub use file::{BYTES_MAX, Bundle, BundleError, FORMAT, LogUsed, MEDIA_TYPE};
pub use material::{Der, EnclosedDocument, EnclosedEvidence, Expected, KnownStatus, Material, Source};
pub use receipt::{RECEIPT_TYPE, Receipt, ReceiptError};
pub use replay::{FROM_REGISTERS, Replayed, replay};
pub use rules::{AlgorithmRow, AnchorRow, DomainRow, ListRow, PolicyRow, Rules, ServiceRow, TypeRow, policy_digest};
pub use step::{Examination, Finding, Step};
