//! Whose key made a signature, found out once.

use std::sync::OnceLock;

use super::Certificate;
use crate::digest::Sha256;
use crate::sig::PublicKey;

/// The key that made a signature, once somebody has checked it. Clones of what is signed share it, so that a list that stays in force
/// over many generations of trust costs one verification.
#[derive(Default)]
pub(super) struct ProvenBy(OnceLock<Sha256>);

impl ProvenBy {
    /// Whether this certificate's key made the signature; `verify` is asked unless that is known.
    pub(super) fn prove(&self, signer: &Certificate, verify: impl FnOnce(&PublicKey) -> bool) -> bool {
        let spki = Sha256::of(&[signer.spki()]);
        if self.0.get() == Some(&spki) {
            return true;
        }
        let is_signed = signer.key().is_some_and(verify);
        if is_signed {
            self.0.get_or_init(|| spki);
        }
        is_signed
    }
}
