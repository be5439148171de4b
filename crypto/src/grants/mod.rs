//! Who may ask what: grants (授权) of resources to callers, how they come about, and whether one covers a question.
//!
//! Everything is denied that no grant allows. A grant says which fields of one resource a caller gets for which items and purposes,
//! on whose authority, how often, and until when; [`decide()`] holds a question against it. How a grant comes about is in
//! [`Application`]: applied for, checked for conformity, decided by the provider, in force, withdrawn.

mod application;
mod ask;
mod authority;
mod calendar;
mod conformity;
mod decide;
mod error;
mod grant;
mod life;
#[cfg(test)]
mod testing;
mod usage;

pub use application::{Application, ApplicationState, Check, Decision, Verdict, Wish};
pub use ask::{Ask, Denial, Mode, Permit};
pub use authority::Authority;
pub use calendar::Calendar;
pub use conformity::{Finding, FindingCode, examine};
pub use decide::{decide, permits};
pub use error::GrantError;
pub use grant::{Consumer, Grant, Quota, Volume, Withdrawal};
pub use life::{Assessment, Outcome};
pub use usage::{Lease, Usage};
