//! Time-stamp tokens (RFC 3161; GB/T 20520 with SM3).

use super::cms::{CmsBuilder, digest_oid};
use super::der;
use super::signer::Signer;
use crate::digest::{DigestAlgorithm, Sha256};
use crate::oid::Oid;
use crate::time::Timestamp;

/// `id-ct-TSTInfo`, 1.2.840.113549.1.9.16.1.4
const TST_INFO: Oid<'static> = Oid(b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04");
/// `id-aa-signingCertificateV2`, 1.2.840.113549.1.9.16.2.47
const SIGNING_CERTIFICATE_V2: Oid<'static> = Oid(b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f");

/// A token over `stamped`, made at `at` under the given policy. The digest is that of the authority's own algorithm.
#[must_use]
pub fn token(stamped: &[u8], at: Timestamp, serial: u128, policy: Oid<'_>, authority: Signer<'_>) -> Vec<u8> {
    let digest = match authority.key.algorithm().row().digest {
        DigestAlgorithm::Sm3 => DigestAlgorithm::Sm3,
        _ => DigestAlgorithm::Sha256,
    };
    let imprint =
        der::sequence(&[&der::sequence(&[&der::oid(digest_oid(digest))]), &der::octet_string(&digest.hash(&[stamped]))]);
    let info =
        der::sequence(&[&der::integer(1u8), &der::oid(policy), &imprint, &der::integer(serial), &der::generalized_time(at)]);
    // RFC 5816: the authority's certificate by its digest; SHA-256 is the default and so not named.
    let certificate = der::sequence(&[&der::octet_string(&Sha256::of(&[authority.certificate]).0)]);
    CmsBuilder::new(&info)
        .content_type(TST_INFO)
        .attributes(Some(at))
        .attribute(SIGNING_CERTIFICATE_V2, &der::sequence(&[&der::sequence(&[&certificate])]))
        .sign(authority)
}
