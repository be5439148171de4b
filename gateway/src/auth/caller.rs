//! Callers, and how they are known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crypto::time::Timestamp;

use super::certificate::{CertificateName, Credentials};
use super::role::Role;
use crate::audit::{Sight, Tree};
use crate::config;

/// A system that may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Name in logs and records.
    pub name: String,
    /// Unified social credit code of the organisation that it acts for.
    pub organisation: String,
    /// What it may do.
    pub roles: BTreeSet<Role>,
    /// Whose records it sees in the logs, where it is an auditor.
    pub sight: Sight,
}

impl Caller {
    /// Whether it has this role.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub enum Identity {
    /// No client certificate was presented.
    Anonymous,
    /// The certificate is valid but belongs to nobody in the configuration.
    Unknown,
    /// A caller of the configuration, until its certificate ends.
    Known {
        /// Which one.
        caller: Arc<Caller>,
        /// The last moment at which its certificate is valid.
        not_after: Timestamp,
    },
}

/// Every caller of the configuration, by the names of its certificates.
#[derive(Debug, Default)]
pub struct Callers(BTreeMap<CertificateName, Arc<Caller>>);

impl Callers {
    /// Makes the index. Names that are malformed or used twice were refused with the configuration.
    #[must_use]
    pub fn new(callers: &[config::Caller], tree: &Tree) -> Self {
        let mut index = BTreeMap::new();
        for row in callers {
            let caller = Arc::new(Caller {
                name: row.name.clone(),
                organisation: row.organisation.clone(),
                roles: row.roles.clone(),
                sight: Sight::of(row, tree),
            });
            for name in row.certificates.iter().filter_map(|text| text.parse().ok()) {
                index.insert(name, Arc::clone(&caller));
            }
        }
        Self(index)
    }

    /// Who presents this.
    ///
    /// A certificate whose names belong to several callers identifies none of them.
    #[must_use]
    pub fn identify(&self, credentials: &Credentials) -> Identity {
        let presented = match credentials {
            Credentials::None => return Identity::Anonymous,
            Credentials::Unreadable => return Identity::Unknown,
            Credentials::Certificate(presented) => presented,
        };
        let mut found = presented.names.iter().filter_map(|name| self.0.get(name));
        match found.next() {
            Some(first) if found.all(|other| Arc::ptr_eq(first, other)) => {
                Identity::Known { caller: Arc::clone(first), not_after: presented.not_after }
            }
            _ => Identity::Unknown,
        }
    }
}
