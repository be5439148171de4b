//! Asking for verdicts.

use crypto::licence::Identifier;
use crypto::time::Timestamp;
use hyper::body::Bytes;

use super::request::post;
use crate::dataset::Paper;

/// Depth of the reports: what an approval system needs.
const PATH: &str = "/v1/verifications?depth=simple";

/// About a licence on record.
#[must_use]
pub fn by_identifier(identifier: &Identifier) -> Bytes {
    post(PATH, "application/json", format!("{{\"identifier\":\"{identifier}\"}}").as_bytes())
}

/// About a file.
#[must_use]
pub fn by_file(paper: &Paper) -> Bytes {
    post(PATH, paper.media_type, &paper.bytes)
}

/// About a file as of a past moment. Nobody asked about that moment before, so no kept verdict is the answer.
pub(super) fn by_file_at(paper: &Paper, at: Timestamp) -> Bytes {
    post(&format!("{PATH}&at={at}"), paper.media_type, &paper.bytes)
}
