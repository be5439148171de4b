//! What an auditor asks the log.

use crypto::licence::Identifier;
use hyper::body::Bytes;
use serde_json::json;

use super::judge::Expectation;
use super::request::post;

/// A page of records.
pub(super) const PAGE: Expectation = Expectation { statuses: &[200], says: None };

/// What happened to a licence, the newest first.
pub(super) fn of(identifier: &Identifier) -> Bytes {
    let body = json!({ "filter": { "licence": identifier }, "order": "newest-first", "limit": 50 });
    post("/v1/logs/seal/search", "application/json", body.to_string().as_bytes())
}
