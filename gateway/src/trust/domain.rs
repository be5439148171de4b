//! Trust domains as verification takes them, from rows whose certificates and lists are in files or in the text itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crypto::der;
use crypto::digest::Sha256;
use crypto::sig::Algorithm;
use crypto::x509::trust::AlgorithmRule;
use crypto::x509::{Certificate, Domain, Service, pem};

use crate::config::{AlgorithmRow, AnchorRow, Faults, TrustDomain};

/// Where certificates and lists come from.
pub(super) trait Material {
    /// The octets, or why there are none.
    fn octets(&self) -> Result<Vec<u8>, String>;
    /// What to call it in a message.
    fn label(&self) -> String;
}

impl Material for PathBuf {
    fn octets(&self) -> Result<Vec<u8>, String> {
        std::fs::read(self).map_err(|error| format!("cannot be read: {error}"))
    }

    fn label(&self) -> String {
        format!("{}: ", self.display())
    }
}

/// Reads domains; the key of the first is `KEY[0]`.
pub(super) fn read_all<M: Material>(rows: &[TrustDomain<M>], key: &str) -> Result<Vec<Domain>, Faults> {
    let mut faults = Faults::default();
    let read = |(index, row)| faults.take(read(row, &format!("{key}[{index}]")));
    let domains = rows.iter().enumerate().filter_map(read).collect();
    faults.none_or(domains)
}

fn read<M: Material>(row: &TrustDomain<M>, key: &str) -> Result<Domain, Faults> {
    let mut faults = Faults::default();
    let mut domain = Domain::new(&row.name, row.purpose, Vec::new());
    (domain.anchors, domain.services) = anchors(row, key, &mut faults);
    domain.intermediates = all(&row.intermediates, &format!("{key}.intermediates"), pem::certificates, &mut faults);
    domain.lists = all(&row.crls, &format!("{key}.crls"), pem::revocation_lists, &mut faults);
    domain.revocation = row.revocation;
    domain.rsa_bits_min = usize::try_from(row.rsa_bits_min).unwrap_or(usize::MAX);
    if let Some(rows) = &row.algorithms {
        // Names, digests and identifiers that are not well formed were refused with the text.
        domain.algorithms = rows.iter().filter_map(algorithm).collect();
    }
    domain.makers = row.makers.as_ref().map(|makers| makers.iter().filter_map(|maker| Sha256::from_hex(maker)).collect());
    domain.extended_usages = row.extended_usages.iter().filter_map(|usage| usage.parse().ok()).collect();
    domain.intermediates_max = row.intermediates_max.into();
    domain.policies = row.policies.rules();
    faults.none_or(domain)
}

fn algorithm(row: &AlgorithmRow) -> Option<AlgorithmRule> {
    let until = match row {
        AlgorithmRow::Name(_) => None,
        AlgorithmRow::Ending(row) => Some(row.until.last()),
    };
    Algorithm::from_name(row.name()).map(|algorithm| AlgorithmRule { algorithm, until })
}

fn anchors<M: Material>(row: &TrustDomain<M>, key: &str, faults: &mut Faults) -> (Vec<Certificate>, BTreeMap<Sha256, Service>) {
    let (mut anchors, mut services) = (Vec::new(), BTreeMap::new());
    for (index, row) in row.anchors.iter().enumerate() {
        let read = one(row.material(), &format!("{key}.anchors[{index}]"), pem::certificates);
        let certificates = faults.take(read).unwrap_or_default();
        if let AnchorRow::Served(served) = row {
            let (from, until) = (served.from.map(|from| from.first()), served.until.map(|until| until.last()));
            let service = Service { status: served.status, from, until };
            services.extend(certificates.iter().map(|certificate| (certificate.sha256(), service)));
        }
        anchors.extend(certificates);
    }
    (anchors, services)
}

fn all<M: Material, T>(rows: &[M], key: &str, read: fn(&[u8]) -> der::Result<Vec<T>>, faults: &mut Faults) -> Vec<T> {
    let one = |(index, row)| faults.take(one(row, &format!("{key}[{index}]"), read)).unwrap_or_default();
    rows.iter().enumerate().flat_map(one).collect()
}

/// What a row holds, at least one of it.
pub(super) fn one<M: Material, T>(row: &M, key: &str, read: fn(&[u8]) -> der::Result<Vec<T>>) -> Result<Vec<T>, Faults> {
    let read = row.octets().and_then(|octets| read(&octets).map_err(|error| error.to_string()));
    read.map_err(|error| Faults::one(key, format!("{}{error}", row.label())))
}
