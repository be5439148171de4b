//! On whose authority somebody asks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// On whose authority a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// 依职能: the duty of the office.
    Duty,
    /// 依授权: the holder has consented, by a signed token.
    Consent,
    /// 委托授权: somebody asks whom the holder has empowered, by a signed token.
    Delegation,
    /// 本人: the holder asks in person, by a signed token.
    Holder,
}

impl Authority {
    /// Every authority.
    pub const ALL: [Self; 4] = [Self::Duty, Self::Consent, Self::Delegation, Self::Holder];

    /// The name in JSON, records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Duty => "duty",
            Self::Consent => "consent",
            Self::Delegation => "delegation",
            Self::Holder => "holder",
        }
    }

    /// Whether it takes a token that the holder stands behind.
    #[must_use]
    pub const fn needs_token(self) -> bool {
        !matches!(self, Self::Duty)
    }
}
