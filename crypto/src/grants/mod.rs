//! Who may ask what: grants (授权) of resources to callers, how they come about, and whether one covers a question.
//!
//! Everything is denied that no grant allows. A grant says which fields of one resource a caller gets for which items and purposes,
//! on whose authority, how often, and until when; [`decide`] holds a question against it. How a grant comes about is in
//! [`Application`]: applied for, checked for conformity, decided by the provider, in force, withdrawn.

mod application;
mod ask;
mod authority;
mod grant;

pub use application::{Application, ApplicationState, Check, Decision, Verdict, Wish};
pub use ask::{Ask, Denial, Mode, Permit};
pub use authority::Authority;
pub use grant::{Consumer, Grant, Quota, Volume, Withdrawal};
