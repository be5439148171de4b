//! After a restoration that lost something nobody can say what was revoked in between. Until an operator says that it has been entered
//! again, nothing is answered that others would take for a good state.

use std::sync::atomic::{AtomicBool, Ordering};

use crypto::record::EventKind;
use storage::{StorageError, Store};

use crate::auth::{Caller, Role};
use crate::routes::Route;

/// Whether what is on record may lack revocations.
#[derive(Debug)]
pub struct Doubt(AtomicBool);

impl Doubt {
    /// As the store has it.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn of(store: &Store) -> Result<Self, StorageError> {
        Ok(Self(AtomicBool::new(store.restoration()?.is_some())))
    }

    /// Whether there is any.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// There is none any more.
    pub fn is_over(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Whether this must not be answered to this caller. Those who enter again what was lost, and those who look after the gateway,
    /// see what is on record; nobody is told that anything holds.
    #[must_use]
    pub fn withholds(&self, route: &Route, caller: &Caller) -> bool {
        self.is_there()
            && match route.event {
                Some(event) if relies(event) => true,
                Some(event) if reads(event) => ![Role::Issuer, Role::Operator].iter().any(|role| caller.is(*role)),
                Some(_) => false,
                None => route.path == STATUS_LISTS,
            }
    }
}

/// Signed lists of what is revoked.
const STATUS_LISTS: &str = "/v1/status-lists/{list}";

/// Whoever asks for this relies on the answer.
const fn relies(event: EventKind) -> bool {
    matches!(
        event,
        EventKind::DocumentVerify
            | EventKind::EvidenceMake
            | EventKind::SealUse
            | EventKind::LookUp
            | EventKind::LookUpMaterials
            | EventKind::LookUpCompare
            | EventKind::UseCodeIssue
            | EventKind::UseCodeRedeem
            | EventKind::PresentationIssue
            | EventKind::PresentationRedeem
            | EventKind::FeedRead
    )
}

/// What is on record is read.
const fn reads(event: EventKind) -> bool {
    matches!(event, EventKind::LicenceRead | EventKind::LicenceDownload | EventKind::LicenceSearch | EventKind::SealRead)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::routes::TABLE;

    #[test]
    fn nothing_that_others_rely_on_is_told_in_doubt() {
        assert!(TABLE.iter().any(|route| route.path == STATUS_LISTS));
        let told = |roles: &[Role]| -> BTreeSet<&str> {
            let caller = Caller {
                name: "a".to_owned(),
                organisation: "b".to_owned(),
                roles: roles.iter().copied().collect(),
                sight: crate::audit::Sight::All,
            };
            let doubt = Doubt(AtomicBool::new(true));
            let told = TABLE.iter().filter(|route| !doubt.withholds(route, &caller)).map(|route| route.doc.id).collect();
            doubt.is_over();
            assert!(TABLE.iter().all(|route| !doubt.withholds(route, &caller)));
            told
        };
        let verifier = told(&[Role::Verifier]);
        for withheld in ["verify", "makeEvidence", "useSeal", "readStatusList", "readLicence", "searchLicences", "readSeal"] {
            assert!(!verifier.contains(withheld), "{withheld}");
        }
        let issuer = told(&[Role::Issuer]);
        for open in ["readLicence", "changeLicenceStatus", "changeSealStatus", "ingestLicence", "registerSeal", "readLogs"] {
            assert!(issuer.contains(open), "{open}");
        }
        assert!(!issuer.contains("verify") && !issuer.contains("useSeal"));
    }
}
