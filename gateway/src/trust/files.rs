//! The trust domains of the configuration, with their files read.

use std::path::{Path, PathBuf};

use crypto::der;
use crypto::digest::Sha256;
use crypto::sig::Algorithm;
use crypto::x509::trust::{AlgorithmRule, Policy};
use crypto::x509::{Domain, pem};

use super::Rules;
use crate::config::{Config, Faults, TrustDomain};

/// Reads every file of every domain.
pub(super) fn read(config: &Config) -> Result<Rules, Faults> {
    let mut faults = Faults::default();
    let mut domains = Vec::new();
    for (index, row) in config.trust.iter().enumerate() {
        domains.extend(faults.take(domain(row, &format!("trust[{index}]"))));
    }
    let policy = Policy { raw_sm2: config.policy.raw_sm2, ..Policy::default() };
    faults.none_or(Rules { domains, policy })
}

fn domain(row: &TrustDomain, key: &str) -> Result<Domain, Faults> {
    let mut faults = Faults::default();
    let mut domain = Domain::new(&row.name, row.purpose, Vec::new());
    domain.revocation = row.revocation;
    for (files, name, into) in
        [(&row.anchors, "anchors", &mut domain.anchors), (&row.intermediates, "intermediates", &mut domain.intermediates)]
    {
        *into = all(files, &format!("{key}.{name}"), pem::certificates, &mut faults);
    }
    domain.lists = all(&row.crls, &format!("{key}.crls"), pem::revocation_lists, &mut faults);
    if let Some(names) = &row.algorithms {
        // Names that are not known were refused with the configuration.
        let known = names.iter().filter_map(|name| Algorithm::from_name(name));
        domain.algorithms = known.map(|algorithm| AlgorithmRule { algorithm, until: None }).collect();
    }
    domain.makers = row.makers.as_ref().map(|makers| makers.iter().filter_map(|maker| Sha256::from_hex(maker)).collect());
    faults.none_or(domain)
}

fn all<T>(files: &[PathBuf], key: &str, read: fn(&[u8]) -> der::Result<Vec<T>>, faults: &mut Faults) -> Vec<T> {
    let one = |(index, path): (usize, &PathBuf)| {
        one(path, read).map_err(|error| Faults::one(format!("{key}[{index}]"), format!("{}: {error}", path.display())))
    };
    files.iter().enumerate().flat_map(|file| faults.take(one(file)).unwrap_or_default()).collect()
}

fn one<T>(path: &Path, read: fn(&[u8]) -> der::Result<Vec<T>>) -> Result<Vec<T>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    read(&bytes).map_err(|error| error.to_string())
}
