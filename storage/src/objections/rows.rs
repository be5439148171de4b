//! Under which keys an objection is found. Nothing in them tells whom it is about, or who filed it.

use std::collections::BTreeSet;

use crypto::licence::{HolderCodeType, HolderNumber, Identifier};
use crypto::objection::{About, Objection};
use crypto::time::Timestamp;
use zeroize::Zeroizing;

use crate::engine::Space;
use crate::keys::{Key, LicenceKey};
use crate::vault::{Blind, Vault};

/// The beginning of every key of an objection, and of its index.
const OBJECTIONS: &[u8] = b"o";

/// The beginning of the index of all of them.
pub(super) const ALL: &[u8] = b"oa";

/// The beginning of the index of open ones, in the order in which they are due.
pub(super) const DUE: &[u8] = b"od";

pub(super) fn id(vault: &Vault, id: &str) -> Blind {
    vault.blind(b"objection", id.as_bytes())
}

/// The row of an objection.
pub(super) fn objection(id: &Blind) -> Key {
    Key { space: Space::Hot, bytes: [OBJECTIONS, id].concat() }
}

/// The index of what a calling system has filed.
pub(super) fn filed_by(vault: &Vault, caller: &str) -> Vec<u8> {
    [&b"of"[..], &vault.blind(b"objection filer", caller.as_bytes())].concat()
}

/// The index of what an organisation is responsible for.
pub(super) fn responsible(organisation: &str) -> Vec<u8> {
    [b"or", organisation.as_bytes(), &[0]].concat()
}

/// The index of what an organisation still has to answer.
pub(super) fn to_answer(organisation: &str) -> Vec<u8> {
    [b"oq", organisation.as_bytes(), &[0]].concat()
}

/// The index of open objections against a licence.
pub(super) fn against_licence(vault: &Vault, identifier: &Identifier) -> Vec<u8> {
    let LicenceKey { lineage, version } = LicenceKey::of(vault, identifier);
    [&b"ol"[..], &lineage, &version.to_be_bytes()].concat()
}

/// The index of open objections against what a resource says of somebody.
pub(super) fn against_resource(vault: &Vault, subject: &HolderNumber, resource: &str) -> Vec<u8> {
    against(vault, (subject.code_type(), subject.expose()), resource)
}

fn against(vault: &Vault, (code_type, code): (HolderCodeType, &str), resource: &str) -> Vec<u8> {
    // Neither a number nor the code of a resource holds a zero byte.
    let parts = [code_type.code().as_bytes(), &[0], code.as_bytes(), &[0], resource.as_bytes()];
    let text = Zeroizing::new(parts.concat());
    [&b"os"[..], &vault.blind(b"objection subject", &text)].concat()
}

/// The index in which only open ones against the same thing are.
pub(super) fn disputes(vault: &Vault, about: &About) -> Vec<u8> {
    match about {
        About::Licence(about) => against_licence(vault, &about.licence),
        About::Attribute(about) => {
            let code = about.subject.code.as_deref().unwrap_or_default();
            against(vault, (about.subject.code_type, code), &about.resource)
        }
    }
}

/// Every row of the index in which an objection is, as it is now.
pub(super) fn index(vault: &Vault, one: &Objection) -> BTreeSet<Vec<u8>> {
    let (id, at) = (id(vault, &one.id), time(one.filed_at));
    let in_time = |index: &[u8]| [index, &at, &id].concat();
    let mut rows =
        BTreeSet::from([in_time(ALL), in_time(&filed_by(vault, &one.filed_by)), in_time(&responsible(&one.responsible))]);
    if one.is_open() {
        rows.insert(in_time(&to_answer(&one.responsible)));
        rows.insert([DUE, &time(one.due), &id].concat());
        rows.insert([&disputes(vault, &one.about)[..], &id].concat());
    }
    rows
}

/// Up to where the index of what is due goes, this moment excluded.
pub(super) fn due_before(at: Timestamp) -> Vec<u8> {
    [DUE, &time(at)].concat()
}

/// A row of the index.
pub(super) const fn row(bytes: Vec<u8>) -> Key {
    Key { space: Space::Idx, bytes }
}

/// Eight bytes in the order of time.
fn time(at: Timestamp) -> [u8; 8] {
    (at.unix().cast_unsigned() ^ (1 << 63)).to_be_bytes()
}
