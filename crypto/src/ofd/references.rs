//! Comparing the protected files with their digests.

use std::collections::BTreeSet;

use super::package::Package;
use super::signatures::Description;
use crate::budget::{Budget, Exhausted};
use crate::digest::{DigestAlgorithm, sm3};
use crate::oid::Oid;
use crate::report::checks::{OFD_LATER_SIGNATURE, OFD_REFERENCES};
use crate::report::{Check, SubIndication, Verdict};
use crate::sig::{KeyKind, PublicKey, sm2};

/// How protected files are digested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Plain(DigestAlgorithm),
    /// SM3 over Z of the signer's key and the file, as one vendor does under the "keyed SM3" identifier.
    WithZ,
}

/// The files that a signature protects, and what the comparison showed.
pub(super) struct Compared {
    pub(super) protected: BTreeSet<String>,
    pub(super) checks: Vec<Check>,
}

/// Compares every reference of a description with the package.
///
/// `list` is the signature list, and whether this is the newest signature in it: when the list alone has changed and later
/// signatures stand in it, that is what happened.
///
/// # Errors
/// [`Exhausted`] when the signatures together digest more than a document may cost.
pub(super) fn compare(
    package: &Package,
    description: &Description,
    list: (&str, bool),
    signer: Option<&PublicKey>,
    budget: &mut Budget,
) -> Result<Compared, Exhausted> {
    let (list, is_newest) = list;
    let protected: BTreeSet<String> = description.references.iter().map(|reference| reference.path.clone()).collect();
    let failed = |check: Check| Ok(Compared { protected: BTreeSet::new(), checks: vec![check] });
    let Some(method) = method(description.check_method.as_deref()) else {
        let named = description.check_method.as_deref().unwrap_or("absent, which means MD5");
        let verdict = Verdict::indeterminate(SubIndication::CryptoConstraintsFailure);
        return failed(OFD_REFERENCES.fail().counting_as(verdict).with("check_method", &named));
    };
    if description.references.is_empty() || protected.len() != description.references.len() {
        return failed(OFD_REFERENCES.fail().with("reason", "the list is empty or names a file twice"));
    }
    let z = match (method, signer) {
        (Method::WithZ, Some(key)) if key.kind() == KeyKind::Sm2 => Some(sm2::z(key.bits())),
        (Method::WithZ, _) => return failed(OFD_REFERENCES.doubt().with("reason", "the digest needs the signer's SM2 key")),
        _ => None,
    };
    for reference in &description.references {
        budget.spend_digested(package.file(&reference.path).map_or(0, <[u8]>::len))?;
    }
    let digest = |file: &[u8]| match (method, z) {
        (Method::Plain(algorithm), _) => algorithm.hash(&[file]),
        (Method::WithZ, z) => sm3(&[&z.unwrap_or_default(), file]).to_vec(),
    };
    let changed: Vec<&str> = description
        .references
        .iter()
        .filter(|reference| package.file(&reference.path).map_or(true, |file| digest(file) != reference.digest))
        .map(|reference| reference.path.as_str())
        .collect();
    let checks = match changed.as_slice() {
        [] => vec![OFD_REFERENCES.pass().with("files", &protected.len())],
        [only] if *only == list && !is_newest => vec![OFD_LATER_SIGNATURE.fail().with("file", &only)],
        [first, ..] => vec![OFD_REFERENCES.fail().with("file", &first).with("changed", &changed.len())],
    };
    Ok(Compared { protected, checks })
}

fn method(name: Option<&str>) -> Option<Method> {
    let name = name?.trim().to_ascii_uppercase();
    let by_oid = |oid: Oid<'_>| oid.to_string() == name;
    match name.as_str() {
        "SM3" => Some(Method::Plain(DigestAlgorithm::Sm3)),
        "SHA256" | "SHA-256" => Some(Method::Plain(DigestAlgorithm::Sha256)),
        _ if by_oid(Oid::SM3) || by_oid(Oid::SM3_UNKEYED) => Some(Method::Plain(DigestAlgorithm::Sm3)),
        _ if by_oid(Oid::SHA256) => Some(Method::Plain(DigestAlgorithm::Sha256)),
        _ if by_oid(Oid::SM3_KEYED) => Some(Method::WithZ),
        _ => None,
    }
}
