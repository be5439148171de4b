//! What is known of the status of certificates, beside what a trust domain holds.

use super::RevocationList;

/// Evidence of status that came along with a document or a question. Nothing in it is verified yet.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Revocation lists.
    pub lists: Vec<RevocationList>,
}

impl Evidence {
    /// No evidence.
    pub const NONE: &'static Self = &Self { lists: Vec::new() };
}
