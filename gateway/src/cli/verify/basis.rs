//! What a verification without a gateway stands on: trust from files, and the document's own word.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crypto::der::{self, DerError};
use crypto::licence::Metadata;
use crypto::report::checks::{LICENCE_RECORD, LICENCE_VALIDITY};
use crypto::report::{Check, Horizon, Report, SubIndication, Verdict};
use crypto::time::Timestamp;
use crypto::verify::{self, Question};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Purpose, Trust, pem};

use crate::config::{Config, Faults};
use crate::trust;

/// Trust, and certificates given along.
pub(super) struct Basis {
    trust: Trust,
    certificates: Vec<Certificate>,
}

/// What can be said of a document.
pub(super) struct Opinion {
    /// The report.
    pub(super) report: Report,
    /// The licence's data.
    pub(super) metadata: Option<Metadata>,
}

/// Why there is nothing to stand on.
#[derive(Debug)]
pub(super) enum BasisError {
    /// A file cannot be read.
    Unreadable { path: PathBuf, error: io::Error },
    /// A file is not what it should be.
    Malformed { path: PathBuf, what: &'static str, error: DerError },
    /// The configuration is wrong.
    Config(Faults),
}

impl fmt::Display for BasisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Malformed { path, what, error } => write!(f, "{}: holds no {what}: {error}", path.display()),
            Self::Config(faults) => write!(f, "the configuration is wrong\n{faults}"),
        }
    }
}

/// The certificates in these files.
pub(super) fn certificates(files: &[PathBuf]) -> Result<Vec<Certificate>, BasisError> {
    all(files, "certificate", pem::certificates)
}

fn all<T>(files: &[PathBuf], what: &'static str, read: fn(&[u8]) -> der::Result<Vec<T>>) -> Result<Vec<T>, BasisError> {
    let mut all = Vec::new();
    for path in files {
        let bytes = std::fs::read(path).map_err(|error| BasisError::Unreadable { path: path.clone(), error })?;
        all.extend(read(&bytes).map_err(|error| BasisError::Malformed { path: path.clone(), what, error })?);
    }
    Ok(all)
}

impl Basis {
    /// Trust as in a gateway's configuration.
    pub(super) fn of_config(path: &Path, certificates: Vec<Certificate>) -> Result<Self, BasisError> {
        std::fs::metadata(path).map_err(|error| BasisError::Unreadable { path: path.to_owned(), error })?;
        let config = Config::read(path).map_err(BasisError::Config)?;
        let trust = trust::load(&config).map_err(BasisError::Config)?;
        Ok(Self { trust, certificates })
    }

    /// Trust in every certificate of these files, as signer and as maker of seals. A missing list is a warning.
    pub(super) fn of_files(anchors: &[PathBuf], lists: &[PathBuf], certificates: Vec<Certificate>) -> Result<Self, BasisError> {
        let anchors = self::certificates(anchors)?;
        let lists = all(lists, "revocation list", pem::revocation_lists)?;
        let domain = |(name, purpose)| {
            let mut domain = Domain::new(name, purpose, anchors.clone());
            domain.intermediates.clone_from(&certificates);
            domain.lists.clone_from(&lists);
            domain.revocation = RevocationPolicy::IfAvailable;
            domain
        };
        let domains = [("signers", Purpose::Signer), ("seal-makers", Purpose::SealMaker)].map(domain).into_iter().collect();
        Ok(Self { trust: Trust::new(domains, Policy::default()), certificates })
    }

    /// What can be said of this document at this moment. That there is no record to look at is a warning, no doubt.
    pub(super) fn opinion(&self, document: &[u8], at: Timestamp) -> Opinion {
        let question = Question { certificates: &self.certificates, ..Question::new(document, at) };
        let verification = verify::verify(&question, &self.trust);
        let (mut report, metadata) = (verification.report, verification.metadata);
        if let Some(metadata) = &metadata {
            let mut horizon = Horizon::new(at);
            report.checks.push(LICENCE_RECORD.doubt().without_effect());
            report.checks.push(validity(metadata, &mut horizon));
            report.holds_until = report.holds_until.into_iter().chain(horizon.next()).min();
            report.conclude();
        }
        Opinion { report, metadata }
    }
}

/// The period of validity, by the licence's own word.
fn validity(metadata: &Metadata, horizon: &mut Horizon) -> Check {
    let (from, until) = (metadata.valid_from(), metadata.valid_until().unwrap_or(Timestamp::MAX));
    let check = if horizon.reached(from) {
        LICENCE_VALIDITY.test(horizon.within(from, until))
    } else {
        LICENCE_VALIDITY.fail().counting_as(Verdict::failed(SubIndication::NotYetValid))
    };
    check
        .with("valid_from", &from)
        .with("valid_until", &metadata.valid_until().map_or_else(|| "none".to_owned(), |end| end.to_string()))
}
