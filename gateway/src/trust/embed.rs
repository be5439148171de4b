//! Puts what the rows of domains name in files into the rows themselves, for a list that stands alone.

use std::path::PathBuf;

use crypto::x509::pem;

use super::Octets;
use super::domain::one;
use crate::config::{AnchorRow, Faults, ServedAnchor, TrustDomain};

/// The same domains with every file read.
///
/// # Errors
/// Every file that cannot be read, by its key.
pub fn embed(rows: &[TrustDomain]) -> Result<Vec<TrustDomain<Octets>>, Faults> {
    let mut faults = Faults::default();
    let rows = rows.iter().enumerate().map(|(index, row)| domain(row, &format!("trust[{index}]"), &mut faults)).collect();
    faults.none_or(rows)
}

fn domain(row: &TrustDomain, key: &str, faults: &mut Faults) -> TrustDomain<Octets> {
    let mut anchors = Vec::new();
    for (index, anchor) in row.anchors.iter().enumerate() {
        for material in certificates(anchor.material(), &format!("{key}.anchors[{index}]"), faults) {
            anchors.push(match anchor {
                AnchorRow::Alone(_) => AnchorRow::Alone(material),
                AnchorRow::Served(ServedAnchor { status, from, until, .. }) => {
                    AnchorRow::Served(ServedAnchor { material, status: *status, from: *from, until: *until })
                }
            });
        }
    }
    let (mut intermediates, mut crls) = (Vec::new(), Vec::new());
    for (index, file) in row.intermediates.iter().enumerate() {
        intermediates.extend(certificates(file, &format!("{key}.intermediates[{index}]"), faults));
    }
    for (index, file) in row.crls.iter().enumerate() {
        let lists = faults.take(one(file, &format!("{key}.crls[{index}]"), pem::revocation_lists)).unwrap_or_default();
        crls.extend(lists.iter().map(|list| Octets(list.raw().to_vec())));
    }
    TrustDomain {
        name: row.name.clone(),
        purpose: row.purpose,
        anchors,
        intermediates,
        crls,
        revocation: row.revocation,
        algorithms: row.algorithms.clone(),
        rsa_bits_min: row.rsa_bits_min,
        makers: row.makers.clone(),
        extended_usages: row.extended_usages.clone(),
        intermediates_max: row.intermediates_max,
        policies: row.policies.clone(),
    }
}

fn certificates(file: &PathBuf, key: &str, faults: &mut Faults) -> Vec<Octets> {
    let read = faults.take(one(file, key, pem::certificates)).unwrap_or_default();
    read.iter().map(|certificate| Octets(certificate.raw().to_vec())).collect()
}
