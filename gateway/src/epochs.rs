//! Who must not be answered from memory any more: one counter for each group of issuers and of seals.

use std::sync::atomic::{AtomicU64, Ordering};

use crypto::digest::Sha256;

const SLOTS: usize = 1024;

/// Counters that say whether anything of an issuer, or of a seal, changed. Those whose codes fall into the same slot share one, which
/// costs a needless verification now and then and never a wrong answer.
#[derive(Debug)]
pub struct Epochs(Vec<AtomicU64>);

/// The counter of an issuer or of a seal, and what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    slot: usize,
    count: u64,
}

impl Default for Epochs {
    fn default() -> Self {
        Self((0..SLOTS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Epochs {
    /// What the counter of this issuer says. Read it *before* the record that an answer rests on is read.
    #[must_use]
    pub fn of(&self, issuer_code: &str) -> Epoch {
        self.at(slot(issuer_code))
    }

    /// The same of the seal with this identifier, whether it is on file or not.
    #[must_use]
    pub fn of_seal(&self, id: &str) -> Epoch {
        self.at(slot(&seal(id)))
    }

    fn at(&self, slot: usize) -> Epoch {
        // Acquire pairs with the release in `bump`: whoever sees the new count sees the commit before it.
        Epoch { slot, count: self.0.get(slot).map_or(0, |count| count.load(Ordering::Acquire)) }
    }

    /// Whether nothing of the issuer or seal changed since.
    #[must_use]
    pub fn is_current(&self, epoch: Epoch) -> bool {
        self.at(epoch.slot) == epoch
    }

    /// Makes every answer about this issuer that was given before unusable. Call it after the commit of a change and before
    /// the change is acknowledged.
    pub fn bump(&self, issuer_code: &str) {
        if let Some(count) = self.0.get(slot(issuer_code)) {
            count.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// The same for the seal with this identifier.
    pub fn bump_seal(&self, id: &str) {
        self.bump(&seal(id));
    }
}

/// The name of a seal among the codes of issuers, which have no blank.
fn seal(id: &str) -> String {
    format!("seal {id}")
}

fn slot(issuer_code: &str) -> usize {
    let Sha256([high, low, ..]) = Sha256::of(&[issuer_code.as_bytes()]);
    usize::from(u16::from_be_bytes([high, low])) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bump_ends_what_was_before_for_this_issuer_alone() {
        let epochs = Epochs::default();
        let (ours, theirs) = (epochs.of("91350211M000100Y46"), epochs.of("11350200004144116F"));
        assert_ne!(ours.slot, theirs.slot);
        epochs.bump("91350211M000100Y46");
        assert!(!epochs.is_current(ours) && epochs.is_current(theirs));
        assert!(epochs.is_current(epochs.of("91350211M000100Y46")));
    }

    #[test]
    fn seals_have_their_own() {
        let epochs = Epochs::default();
        let (ours, theirs) = (epochs.of_seal("33010500012345"), epochs.of_seal("33010500012346"));
        assert_ne!(ours.slot, theirs.slot);
        epochs.bump_seal("33010500012345");
        assert!(!epochs.is_current(ours) && epochs.is_current(theirs));
        assert!(epochs.is_current(epochs.of_seal("33010500012345")));
    }
}
