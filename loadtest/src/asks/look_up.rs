//! One number: what is on record of a person.

use hyper::body::Bytes;
use serde_json::json;

use super::judge::Expectation;
use super::request::post;
use crate::site::{ITEM, RESOURCE};

/// Everybody who was asked has answered.
pub(super) const COMPLETE: Expectation = Expectation { statuses: &[200], says: Some(("status", "\"complete\"")) };

/// About the holder with this number.
pub(super) fn of(holder: &str) -> Bytes {
    let body = json!({ "subject": { "code_type": "111", "code": holder }, "item": ITEM, "resources": [RESOURCE] });
    post("/v1/lookups", "application/json", body.to_string().as_bytes())
}
