//! What is known of the status of certificates, beside what a trust domain holds.

use std::collections::BTreeMap;

use super::{OcspResponse, RevocationList};
use crate::digest::Sha256;
use crate::time::Timestamp;

/// Evidence of status: it came along with a document or a question, or is what the gateway has gathered. Nothing in it is
/// verified yet.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Revocation lists.
    pub lists: Vec<RevocationList>,
    /// Answers of OCSP responders.
    pub responses: Vec<OcspResponse>,
    /// When lists and responses were received, by their digests, as far as whoever asks has that on record. What they say of
    /// themselves proves nothing: with a key that leaked since, any time can be claimed.
    pub received: BTreeMap<Sha256, Timestamp>,
}

impl Evidence {
    /// No evidence.
    pub const NONE: &'static Self = &Self { lists: Vec::new(), responses: Vec::new(), received: BTreeMap::new() };

    /// This evidence, then that. Nothing is copied but references.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let lists = self.lists.iter().chain(&other.lists).cloned().collect();
        let responses = self.responses.iter().chain(&other.responses).cloned().collect();
        let mut received = self.received.clone();
        for (sha256, at) in &other.received {
            let first = received.entry(*sha256).or_insert(*at);
            *first = (*first).min(*at);
        }
        Self { lists, responses, received }
    }
}
