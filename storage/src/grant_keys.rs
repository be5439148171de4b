//! The keys of grants, of applications for them, and of what is used of their quotas: the rows `G` of the table in [`keys`](crate::keys).

use crypto::time::Timestamp;

use crate::engine::Space;
use crate::keys::{Key, key, time};
use crate::vault::{Blind, Vault};

/// The keyed digest of the identifier of a grant and of the application that it came from.
pub(crate) fn grant_id(vault: &Vault, id: &str) -> Blind {
    vault.blind(b"grant", id.as_bytes())
}

/// An application for a grant.
pub(crate) fn grant_application(id: &Blind) -> Key {
    key(Space::Hot, &[b"Ga", id])
}

/// The beginning of the key of every grant.
pub(crate) const GRANT: &[u8] = b"Gg";

pub(crate) fn grant(id: &Blind) -> Key {
    key(Space::Hot, &[GRANT, id])
}

/// How much of a grant's quota is used up.
pub(crate) fn grant_usage(id: &Blind) -> Key {
    key(Space::Hot, &[b"Gu", id])
}

/// The lists of applications for grants.
pub(crate) const GRANT_APPLICATIONS: &[u8] = b"Ga";

/// The lists of grants.
pub(crate) const GRANTS: &[u8] = b"Gg";

/// The list of everybody's: `list` is [`GRANT_APPLICATIONS`] or [`GRANTS`].
pub(crate) fn grant_list(list: &[u8]) -> Vec<u8> {
    [list, b"*"].concat()
}

/// The list of those in which this organisation is consumer or provider.
pub(crate) fn grant_list_of(list: &[u8], organisation: &str) -> Vec<u8> {
    [list, b"=", organisation.as_bytes(), &[0]].concat()
}

/// The beginning of the index of open applications, in the order in which they are due.
pub(crate) const GRANT_DUE: &[u8] = b"Gd";

/// An open application in that index.
pub(crate) fn grant_due(due: Timestamp, id: &Blind) -> Key {
    key(Space::Idx, &[GRANT_DUE, &time(due), id])
}

/// Up to where that index goes, this moment excluded.
pub(crate) fn grant_due_before(at: Timestamp) -> Vec<u8> {
    [GRANT_DUE, &time(at)].concat()
}

pub(crate) fn grant_in_list(index: &[u8], at: Timestamp, id: &Blind) -> Key {
    key(Space::Idx, &[index, &time(at), id])
}
