//! Token Status Lists (draft-ietf-oauth-status-list): one signed list says of many credentials whether they still hold.
//!
//! [`list`] packs and unpacks the states, [`mod@reference`] is how a credential names its place, [`token`] the signed list, read and
//! written, and [`judge`] says what a list at hand means for a credential.

pub mod judge;
pub mod list;
pub mod reference;
pub mod token;

pub use judge::{Evidence, Known};
pub use list::{Bits, StatusList, StatusListError, TokenStatus};
pub use reference::Reference;
pub use token::{StatusListToken, Unsigned};
