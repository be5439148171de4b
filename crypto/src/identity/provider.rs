//! Whose tokens are taken.

use super::{ClaimNames, KeySet};

/// An identity provider whose tokens are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its name in records.
    pub name: String,
    /// What its tokens say in `iss`.
    pub issuer: String,
    /// What its tokens say in `aud` when they are for this gateway.
    pub audience: String,
    /// Its keys.
    pub keys: KeySet,
    /// How far its clock may differ, in seconds.
    pub clock_skew_s: u32,
    /// How long its tokens may live at most, in seconds.
    pub lifetime_s_max: u32,
    /// Under which names it puts what is not registered.
    pub claims: ClaimNames,
}
