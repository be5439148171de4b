//! Time-stamp tokens on seals and signatures (RFC 3161, GB/T 20520): their form and what they stamp.
//!
//! Whether the authority behind a token is trusted is not judged here, so a token never proves a time: it is either found
//! wrong or reported as not evaluated.

use crate::cms;
use crate::der::{self, Reader, tag};
use crate::digest::DigestAlgorithm;
use crate::oid::Oid;
use crate::report::{Check, CheckKind};
use crate::time::Timestamp;

/// Checks that `token` is a time-stamp token over `stamped`, not earlier than `claimed`.
pub(super) fn check(kind: &CheckKind, token: &[u8], stamped: &[u8], claimed: Option<Timestamp>) -> Check {
    match fits(token, stamped) {
        Ok((true, made)) if claimed.is_none_or(|claimed| claimed <= made) => kind.doubt().without_effect().with("stamped", &made),
        Ok((true, made)) => kind.fail().with("stamped", &made).with("reason", "stamped before the claimed time"),
        Ok((false, _)) => kind.fail().with("reason", "it stamps something else"),
        Err(_) => kind.fail().with("reason", "it is not a time-stamp token"),
    }
}

fn fits(token: &[u8], stamped: &[u8]) -> der::Result<(bool, Timestamp)> {
    let data = cms::signed_data(token)?;
    let content = data.content.ok_or(der::DerError::Truncated)?;
    let mut info = Reader::new(content).sequence()?;
    info.read(tag::INTEGER)?;
    info.read(tag::OID)?;
    let mut imprint = info.sequence()?;
    let digest = DigestAlgorithm::from_oid(Oid(imprint.sequence()?.read(tag::OID)?.content)).ok_or(der::DerError::BadValue)?;
    let value = imprint.read(tag::OCTET_STRING)?.content;
    info.read(tag::INTEGER)?;
    let made = info.read(tag::GENERALIZED_TIME)?.time()?;
    Ok((value == digest.hash(&[stamped]), made))
}
