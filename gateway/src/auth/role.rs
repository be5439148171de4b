//! What a caller may do.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a caller may do. Without a role, nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Asks for verdicts.
    Verifier,
    /// Hands in licences, seals and status changes of its own organisation.
    Issuer,
    /// Reads everything that is on record.
    Auditor,
    /// Keeps the gateway running.
    Operator,
    /// Asks by number what departments have, under grants.
    Consumer,
    /// Acts for holders who are there in person.
    Portal,
}

impl Role {
    /// The name in configuration and documentation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verifier => "verifier",
            Self::Issuer => "issuer",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
            Self::Consumer => "consumer",
            Self::Portal => "portal",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whom a route is for.
#[derive(Clone, Copy, Debug)]
pub enum Admits {
    /// Every caller of the configuration.
    AnyCaller,
    /// Callers with at least one of these roles.
    Roles(&'static [Role]),
}

impl Admits {
    /// Whether a caller with these roles may use the route.
    #[must_use]
    pub fn admits(self, roles: &BTreeSet<Role>) -> bool {
        match self {
            Self::AnyCaller => true,
            Self::Roles(any_of) => any_of.iter().any(|role| roles.contains(role)),
        }
    }
}
