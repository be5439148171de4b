//! Time-stamp tokens (RFC 3161 with RFC 5816; GB/T 20520): what a token says in `token`, whether it is to be believed in `verify`.
//!
//! A token is a `SignedData` by a time-stamp authority over a digest and a time. It proves that what was digested existed then,
//! and it proves that only when the authority is trusted for time stamps; whatever else is wrong with it, it proves nothing.

pub mod token;
pub(crate) mod verify;

pub use token::Token;
