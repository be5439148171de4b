//! 用证码 and 亮证: codes that are good for one use of one licence.
//!
//! A look-up that finds a licence gives out a use code with it; whoever got it redeems it for data, the file or an annotated copy,
//! once, for the same item and case. A presentation code is one that a holder shows, and whoever it is shown to redeems it. Neither
//! code stands anywhere but in the answer that gives it out.

mod fields;
mod qr;
mod secret;

use std::collections::BTreeSet;

use crypto::licence::Identifier;
use crypto::time::Timestamp;
use storage::use_codes::{Bound, Fields, UseCode};

use crate::broker::Errand;
use crate::http::Problem;

pub use fields::{DOCUMENT, HOLDERS, licence_fields};
pub(crate) use qr::svg;
pub(crate) use secret::Secret;

/// A code that was made, and the row that has to be stored before it is given out.
pub struct Minted {
    /// The code, for the answer alone.
    pub code: String,
    /// What is kept of it.
    pub row: UseCode,
}

/// Makes a use code for a licence that a look-up found. It is good once [`UseCodes::issue`](storage::use_codes::UseCodes::issue) has
/// stored its row.
///
/// # Errors
/// [`Code::Unavailable`](crate::http::Code::Unavailable) when the system gives no random bytes.
pub fn mint(
    errand: &Errand,
    grant: &str,
    fields: &BTreeSet<String>,
    licence: &Identifier,
    ttl_s: u32,
) -> Result<Minted, Problem> {
    let secret = Secret::random()?;
    let row = UseCode {
        id: secret.id(),
        licence: licence.clone(),
        bound: Bound::Errand {
            item: errand.item.clone(),
            case: errand.case.clone(),
            purpose: errand.purpose.clone(),
            grant: grant.to_owned(),
            authority: errand.authority,
        },
        fields: Fields::These(fields.clone()),
        issued_to: errand.consumer.clone(),
        issued_at: errand.now,
        expires_at: end(errand.now, ttl_s),
        redeemed: None,
    };
    Ok(Minted { code: secret.text(), row })
}

/// When a code ends that is made at this moment.
pub(crate) fn end(now: Timestamp, ttl_s: u32) -> Timestamp {
    now.plus(i64::from(ttl_s))
}

impl std::fmt::Debug for Minted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Minted").field("row", &self.row).finish_non_exhaustive()
    }
}
