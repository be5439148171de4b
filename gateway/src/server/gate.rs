//! Whom the handshake lets in, and who of them is to leave when that changes.

use crypto::digest::Sha256;
use crypto::x509::RevocationList;

use crate::auth::Peer;

/// Whom the handshake lets in: authorities of clients, and what these have revoked.
#[derive(Debug)]
pub struct Gate {
    print: Sha256,
    lists: Vec<RevocationList>,
}

impl Gate {
    /// Of the authorities and the lists, as their files have them.
    pub(super) fn new(anchors: &[Vec<u8>], lists: Vec<RevocationList>) -> Self {
        let digests = anchors.iter().map(|anchor| Sha256::of(&[anchor])).chain(lists.iter().map(RevocationList::sha256));
        let digests: Vec<Sha256> = digests.collect();
        let print = Sha256::of(&digests.iter().map(|digest| digest.0.as_slice()).collect::<Vec<_>>());
        Self { print, lists }
    }

    /// What it is made of: whoever came in by another one is asked to come in again.
    #[must_use]
    pub const fn print(&self) -> Sha256 {
        self.print
    }

    /// Whether a certificate that was presented, or one that vouches for it, is revoked. The handshake has found that as well, but a
    /// connection may be older than the list.
    #[must_use]
    pub fn is_revoked(&self, peer: &Peer) -> bool {
        let revokes = |list: &RevocationList| {
            let found = peer.chain.iter().filter_map(|certificate| list.find(certificate));
            found.into_iter().any(|found| !found.is_removal())
        };
        self.lists.iter().any(revokes)
    }
}
