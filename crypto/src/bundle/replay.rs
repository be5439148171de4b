//! Verifying again what a bundle is about, with nothing but what it encloses.

use std::collections::{BTreeMap, BTreeSet};

use super::material::{EnclosedEvidence, Material, Source};
use crate::digest::Sha256;
use crate::report::checks::{
    LICENCE_METADATA, LICENCE_RECORD, LICENCE_SAME_DATA, LICENCE_SAME_FILE, LICENCE_STATE, LICENCE_UNDISPUTED, LICENCE_VALIDITY,
    SEAL_RECORD, SEAL_STATE, SEAL_USE_LOGGED,
};
use crate::report::{Check, Report};
use crate::sd_jwt::Presentation;
use crate::verify::{Question, verify};
use crate::x509::{Certificate, Evidence, OcspResponse, RevocationList, Trust};

/// Checks that rest on the registers of the gateway. They cannot be made again without them, so they are taken as the report has
/// them, which the receipt vouches for.
pub static FROM_REGISTERS: [&str; 10] = [
    LICENCE_METADATA.id,
    LICENCE_RECORD.id,
    LICENCE_SAME_FILE.id,
    LICENCE_SAME_DATA.id,
    LICENCE_STATE.id,
    LICENCE_VALIDITY.id,
    LICENCE_UNDISPUTED.id,
    SEAL_RECORD.id,
    SEAL_STATE.id,
    SEAL_USE_LOGGED.id,
];

/// What came of verifying again.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The report.
    pub report: Report,
    /// The identifiers of the checks that were taken from the report in the bundle.
    pub taken: BTreeSet<String>,
    /// The anchors that some path led to.
    pub anchors: BTreeSet<Sha256>,
}

/// Verifies a document again. With `anchors`, only those of the enclosed ones count that are among them. `None` when what is
/// enclosed cannot be read or does not belong together.
#[must_use]
pub fn replay(material: &Material, document: &[u8], anchors: Option<&[Certificate]>) -> Option<Replayed> {
    let written: Report = serde_json::from_value(material.report.clone()).ok()?;
    let certificates = certificates(material)?;
    let (mut domains, policy) = material.rules.restore(&certificates)?;
    if let Some(anchors) = anchors {
        domains.iter_mut().for_each(|domain| domain.anchors.retain(|anchor| anchors.contains(anchor)));
    }
    let used = domains.iter().flat_map(|domain| &domain.anchors).map(Certificate::sha256).collect();
    let trust = Trust::with_evidence(domains, policy, &evidence(material, Source::Gateway)?);
    let given: Vec<Certificate> = material.given.iter().map(|name| certificates.get(name).cloned()).collect::<Option<_>>()?;
    let along = evidence(material, Source::Question)?;
    let tokens: Vec<Vec<u8>> = material.status_lists.iter().map(|token| token.clone().into_bytes()).collect();
    let known = material.known_status.as_ref().map(super::KnownStatus::known);
    let presentation = material.presentation.as_ref();
    let presentation =
        presentation.map(|asked| Presentation { audience: &asked.audience, nonce: &asked.nonce, age_max_s: asked.age_max_s });
    let mut question = Question {
        certificates: &given,
        evidence: &along,
        known_since: material.known_since,
        presentation: presentation.as_ref(),
        ..Question::new(document, material.at)
    };
    (question.status.tokens, question.status.known) = (&tokens, known.as_ref());
    let mut report = verify(&question, &trust).report;
    let taken = take(&mut report, &written);
    Some(Replayed { report, taken, anchors: used })
}

/// The enclosed certificates, each under its right name.
fn certificates(material: &Material) -> Option<BTreeMap<Sha256, Certificate>> {
    let read = |(name, der): (&Sha256, &super::Der)| {
        let certificate = Certificate::from_der(&der.0).ok()?;
        (certificate.sha256() == *name).then_some((*name, certificate))
    };
    material.certificates.iter().map(read).collect()
}

/// The enclosed evidence from one source, each piece under its right name.
fn evidence(material: &Material, source: Source) -> Option<Evidence> {
    fn from(all: &BTreeMap<Sha256, EnclosedEvidence>, source: Source) -> Option<Vec<&[u8]>> {
        let here = all.iter().filter(|(_, piece)| piece.source == source);
        let enclosed = here.filter_map(|(name, piece)| Some((*name, piece.bytes, piece.der.as_ref()?.0.as_slice())));
        let read = |(name, bytes, der): (Sha256, Option<u64>, _)| {
            let is_right = Sha256::of(&[der]) == name && bytes == u64::try_from(der.len()).ok();
            is_right.then_some(der)
        };
        enclosed.map(read).collect()
    }
    let lists =
        from(&material.lists, source)?.into_iter().map(|der| RevocationList::from_der(der).ok()).collect::<Option<_>>()?;
    let responses =
        from(&material.responses, source)?.into_iter().map(|der| OcspResponse::from_der(der).ok()).collect::<Option<_>>()?;
    let all = material.lists.iter().chain(&material.responses).filter(|(_, piece)| piece.source == source);
    let received = all.filter_map(|(name, piece)| Some((*name, piece.received?))).collect();
    Some(Evidence { lists, responses, received })
}

/// Takes the checks that rest on registers from the report as it was written, each to its place.
fn take(report: &mut Report, written: &Report) -> BTreeSet<String> {
    let mut taken = BTreeSet::new();
    take_into(&mut report.checks, &written.checks, &mut taken);
    for (signature, written) in report.signatures.iter_mut().zip(&written.signatures) {
        if signature.id == written.id {
            take_into(&mut signature.checks, &written.checks, &mut taken);
            signature.conclude();
        }
    }
    report.conclude();
    taken
}

fn take_into(checks: &mut Vec<Check>, written: &[Check], taken: &mut BTreeSet<String>) {
    for (place, check) in written.iter().enumerate().filter(|(_, check)| FROM_REGISTERS.contains(&&*check.id)) {
        // What the document itself says of these cannot be made better by what was written.
        match checks.iter_mut().find(|own| own.id == check.id && own.role == check.role) {
            Some(own) if own == check || own.effect.is_some() => continue,
            Some(own) => *own = check.clone(),
            None => checks.insert(place.min(checks.len()), check.clone()),
        }
        taken.insert(check.id.to_string());
    }
}
