//! To whom a seal was handed over (发放), and in what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Sha256;

/// A handing over, or a change of who holds the seal (更换持有人), as far as it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The person who received it, by the pseudonym that the calling system gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<String>,
    /// What it is kept in, such as the number of a token (智能密码钥匙).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// SHA-256 of the certificate with which the receiver uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Sha256>,
}

impl Delivery {
    /// What was told; nothing, if nothing was.
    #[must_use]
    pub fn told(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}
