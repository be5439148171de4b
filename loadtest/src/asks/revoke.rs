//! Revoking.

use crypto::licence::Identifier;
use hyper::body::Bytes;

use super::judge::Expectation;
use super::request::post;

/// It is revoked, for good.
pub(super) const DONE: Expectation = Expectation { statuses: &[200], says: None };

/// Revokes a licence, by its office.
#[must_use]
pub fn of(identifier: &Identifier) -> Bytes {
    let path = format!("/v1/licences/{identifier}/status");
    post(&path, "application/json", b"{\"operation\":\"revoke\",\"reason\":\"load\"}")
}
