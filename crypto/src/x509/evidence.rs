//! What is known of the status of certificates, beside what a trust domain holds.

use super::{OcspResponse, RevocationList};

/// Evidence of status: it came along with a document or a question, or is what the gateway has gathered. Nothing in it is
/// verified yet.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Revocation lists.
    pub lists: Vec<RevocationList>,
    /// Answers of OCSP responders.
    pub responses: Vec<OcspResponse>,
}

impl Evidence {
    /// No evidence.
    pub const NONE: &'static Self = &Self { lists: Vec::new(), responses: Vec::new() };

    /// This evidence, then that. Nothing is copied but references.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let lists = self.lists.iter().chain(&other.lists).cloned().collect();
        let responses = self.responses.iter().chain(&other.responses).cloned().collect();
        Self { lists, responses }
    }
}
