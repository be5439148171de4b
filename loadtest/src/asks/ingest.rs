//! Handing in.

use hyper::body::Bytes;

use super::judge::Expectation;
use super::request::post;
use crate::dataset::Paper;

/// It is new, and on record.
pub(super) const STORED: Expectation = Expectation { statuses: &[201], says: None };

/// A licence, by its office.
pub(super) fn hand_in(paper: &Paper) -> Bytes {
    post("/v1/licences", paper.media_type, &paper.bytes)
}
