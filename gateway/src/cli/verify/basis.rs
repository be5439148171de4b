//! What a verification without a gateway stands on: trust from files, and the document's own word.

use std::path::{Path, PathBuf};

use crypto::licence::Metadata;
use crypto::report::checks::{LICENCE_RECORD, LICENCE_VALIDITY};
use crypto::report::{Check, Depth, Horizon, Report, SubIndication, Verdict};
use crypto::time::Timestamp;
use crypto::verify::{self, Question};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Evidence, OcspResponse, Purpose, RevocationList, Trust, pem};

use crate::cli::input::{self, InputError};
use crate::config::{Config, Faults};
use crate::trust;

/// Trust, and certificates given along.
pub(super) struct Basis {
    trust: Trust,
    certificates: Vec<Certificate>,
    evidence: Evidence,
}

/// What can be said of a document.
pub(super) struct Opinion {
    /// The report.
    pub(super) report: Report,
    /// The licence's data.
    pub(super) metadata: Option<Metadata>,
}

/// The certificates in these files.
pub(super) fn certificates(files: &[PathBuf]) -> Result<Vec<Certificate>, InputError> {
    input::all(files, "certificate", pem::certificates)
}

/// The evidence of status in these files: revocation lists, and OCSP responses.
pub(super) fn evidence(lists: &[PathBuf], responses: &[PathBuf]) -> Result<Evidence, InputError> {
    let responses = input::all(responses, "OCSP response", |der| OcspResponse::from_der(der).map(|one| vec![one]))?;
    Ok(Evidence { lists: self::lists(lists)?, responses, ..Evidence::default() })
}

/// The revocation lists in these files.
fn lists(files: &[PathBuf]) -> Result<Vec<RevocationList>, InputError> {
    input::all(files, "revocation list", pem::revocation_lists)
}

impl Basis {
    /// Trust as in a gateway's configuration.
    pub(super) fn of_config(path: &Path, certificates: Vec<Certificate>, evidence: Evidence) -> Result<Self, InputError> {
        std::fs::metadata(path).map_err(|error| InputError::Unreadable { path: path.to_owned(), error })?;
        let wrong = |faults: Faults| InputError::Wrong(format!("the configuration is wrong\n{faults}"));
        let config = Config::read(path).map_err(wrong)?;
        let trust = trust::load(&config).map_err(wrong)?;
        Ok(Self { trust, certificates, evidence })
    }

    /// Trust in every certificate of these files, as signer and as maker of seals. A missing list is a warning.
    pub(super) fn of_files(anchors: &[PathBuf], certificates: Vec<Certificate>, evidence: Evidence) -> Result<Self, InputError> {
        let anchors = self::certificates(anchors)?;
        let domain = |(name, purpose)| {
            let mut domain = Domain::new(name, purpose, anchors.clone());
            domain.intermediates.clone_from(&certificates);
            domain.revocation = RevocationPolicy::IfAvailable;
            domain
        };
        let domains = [("signers", Purpose::Signer), ("seal-makers", Purpose::SealMaker)].map(domain).into_iter().collect();
        Ok(Self { trust: Trust::new(domains, Policy::default()), certificates, evidence })
    }

    /// What can be said of this document at this moment. That there is no record to look at is a warning, no doubt.
    pub(super) fn opinion(&self, document: &[u8], at: Timestamp, depth: Depth) -> Opinion {
        let question = Question { certificates: &self.certificates, evidence: &self.evidence, ..Question::new(document, at) };
        let verification = verify::verify(&question, &self.trust);
        let (mut report, metadata) = (verification.report, verification.metadata);
        if let Some(metadata) = &metadata {
            let mut horizon = Horizon::new(at);
            report.checks.push(LICENCE_RECORD.doubt().without_effect());
            report.checks.push(validity(metadata, &mut horizon));
            report.holds_until = report.holds_until.into_iter().chain(horizon.next()).min();
            report.conclude();
        }
        let report = match depth {
            Depth::Diagnostic => report.with_diagnostic(verification.diagnostic),
            Depth::Simple | Depth::Detailed => report.reduced_to(depth),
        };
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
