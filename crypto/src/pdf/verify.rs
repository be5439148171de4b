//! Verifying the signatures of a PDF (ISO 32000-2, 12.8; ETSI EN 319 142-1).

use std::collections::BTreeSet;

use super::changes::{self, Later};
use super::coverage::{self, Covered};
use super::document::Document;
use super::embedded;
use super::fields::{self, Kind};
use super::object::{Dict, Id, Value};
use super::stamps::{self, DocumentStamp};
use super::{PdfError, appended, security_store};
use crate::cms::verify::{Place, Protected};
use crate::cms::{self, SignerInfo};
use crate::context::{Context, signature_report, unreadable};
use crate::report::checks::{
    DOCUMENT_SIGNED, PDF_BYTE_RANGE, PDF_FORM, PDF_LATER_CHANGES, SIGNATURE_CERTIFICATE, SIGNATURE_FORMAT,
};
use crate::report::{Check, Coverage, Scope, ScopeKind, SignatureReport};
use crate::time::Timestamp;
use crate::x509::Certificate;

/// What came out about a PDF.
#[derive(Debug)]
pub struct Outcome {
    /// Checks of the document as a whole.
    pub checks: Vec<Check>,
    /// One for each signature of the form.
    pub signatures: Vec<SignatureReport>,
    /// The signers' certificates, in the order of the signatures.
    pub signers: Vec<Option<Certificate>>,
    /// The licence's data as embedded, JSON; none when there are none.
    pub licence: Option<Vec<u8>>,
}

/// Verifies every signature that the form of the PDF holds.
///
/// # Errors
/// [`PdfError`] when the document cannot be read or costs too much.
pub fn verify(bytes: &[u8], context: &mut Context<'_>) -> Result<Outcome, PdfError> {
    let document = Document::open(bytes, &mut context.budget)?;
    let store = security_store::read(&document, &mut context.budget)?;
    context.with_companions(&store.certificates, &store.evidence, |context| all(&document, context))
}

/// Verifies everything with the document's own certificates and evidence at hand.
fn all(document: &Document<'_>, context: &mut Context<'_>) -> Result<Outcome, PdfError> {
    let listed = fields::signatures(document)?;
    let stamps = stamps::verify(document, &listed, context)?;
    let mut outcome = Outcome { checks: Vec::new(), signatures: Vec::new(), signers: Vec::new(), licence: None };
    for id in &listed {
        let Some(signature) = document.object(*id)?.and_then(|object| object.value.dict()) else {
            let check = SIGNATURE_FORMAT.fail();
            outcome.signatures.push(unreadable(&name(*id), "pdf", check));
            outcome.signers.push(None);
            continue;
        };
        if fields::kind(signature) == Kind::TimeStamp {
            continue;
        }
        let (report, signer) = one(document, (*id, signature), &stamps, context)?;
        outcome.signatures.push(report);
        outcome.signers.push(signer);
    }
    // What looks like a signature but stands in no field signs nothing, whatever a hasty reader says.
    let stray = document
        .objects()
        .filter(|(number, object)| fields::is_signature(&object.value) && !listed.iter().any(|id| id.number == *number));
    outcome.checks.extend(stray.map(|(number, _)| PDF_FORM.fail().without_effect().with("object", &number)));
    outcome.checks.extend(stamps.into_iter().rev().flat_map(|stamp| stamp.stamp.checks));
    outcome.checks.push(DOCUMENT_SIGNED.test(!outcome.signatures.is_empty()));
    outcome.licence = embedded::licence(document, &mut context.budget)?;
    Ok(outcome)
}

fn name(id: Id) -> String {
    id.number.to_string()
}

/// Verifies the signature in one object.
fn one(
    document: &Document<'_>,
    (id, signature): (Id, &Dict),
    stamps: &[DocumentStamp],
    context: &mut Context<'_>,
) -> Result<(SignatureReport, Option<Certificate>), PdfError> {
    let kind = fields::kind(signature);
    let form = match kind {
        Kind::Cades => "pades",
        Kind::Pkcs7 => "pdf-pkcs7",
        Kind::TimeStamp | Kind::Other => return Ok((refused(id, "pdf", SIGNATURE_FORMAT.doubt()), None)),
    };
    let Some(object) = document.object(id)? else { return Ok((refused(id, form, SIGNATURE_FORMAT.fail()), None)) };
    let covered = match coverage::covered(document.bytes, object) {
        Ok(covered) => covered,
        Err(error) => return Ok((refused(id, form, PDF_BYTE_RANGE.fail().with("reason", error.reason())), None)),
    };
    let message = coverage::contents(signature).and_then(coverage::unpadded);
    let Some(data) = message.and_then(|message| cms::signed_data(message).ok()) else {
        return Ok((refused(id, form, SIGNATURE_FORMAT.fail()), None));
    };
    // One signer and nothing inside (ISO 32000-2, 12.8.3.3).
    let ([signer], None) = (data.signers.as_slice(), data.content) else {
        let check = SIGNATURE_FORMAT.fail().with("reason", "not one signer without content");
        return Ok((refused(id, form, check), None));
    };
    let claimed = signature.get(b"M".as_slice()).and_then(Value::text).and_then(moment);
    let place = Place { id: &name(id), claimed };
    let mut report = context.with_stamp(stamps::earliest(stamps, covered.end), |context| {
        cms::verify::verify(&data, signer, Protected::Detached(&covered.parts), place, context)
    })?;
    report.form = form.into();
    report.scope = Some(scope(&covered, document.bytes.len()));
    report.checks.push(PDF_BYTE_RANGE.pass());
    let certificate = signer.certificate(&data.certificates).or_else(|| signer.certificate(context.certificates));
    if kind == Kind::Cades && certificate.is_some_and(|certificate| names_nobody(signer, certificate)) {
        report.checks.push(SIGNATURE_CERTIFICATE.fail().with("reason", "the signed attributes name no certificate"));
    }
    later(document, id, &covered, context, &mut report)?;
    report.conclude();
    Ok((report, certificate.cloned()))
}

/// The ranges of bytes that a signature is over, and what was appended since.
fn scope(covered: &Covered<'_>, length: usize) -> Scope {
    let [before, behind] = covered.parts;
    let gap_end = covered.end.saturating_sub(behind.len());
    let ranges = BTreeSet::from([format!("0-{}", before.len()), format!("{gap_end}-{}", covered.end)]);
    let later = format!("{}-{length}", covered.end);
    let uncovered: &[&String] = if covered.end < length { &[&later] } else { &[] };
    Scope::of(ScopeKind::ByteRange, &ranges, uncovered)
}

fn refused(id: Id, form: &'static str, check: Check) -> SignatureReport {
    let mut report = signature_report(&name(id), form);
    report.checks.push(check);
    report.conclude();
    report
}

/// `PAdES`: the attributes must name the signer's certificate by its digest (ETSI EN 319 142-1, 5.3; RFC 5035). That they name
/// no other one is checked for every message.
fn names_nobody(signer: &SignerInfo<'_>, certificate: &Certificate) -> bool {
    signer.attributes().ok().flatten().and_then(|attributes| attributes.names_signer(certificate)).is_none()
}

/// What happened to the document after this signature.
fn later(
    document: &Document<'_>,
    id: Id,
    covered: &Covered<'_>,
    context: &mut Context<'_>,
    report: &mut SignatureReport,
) -> Result<(), PdfError> {
    let found = compare(document, id, covered, context)?;
    let (coverage, check) = match found {
        Later::Harmless => (Coverage::Full, PDF_LATER_CHANGES.pass()),
        Later::Doubtful(reason) => (Coverage::Partial, PDF_LATER_CHANGES.doubt().with("reason", reason)),
        Later::Changed(reason) => (Coverage::Partial, PDF_LATER_CHANGES.fail().with("reason", reason)),
    };
    report.coverage = Some(coverage);
    report.checks.push(check);
    Ok(())
}

fn compare(document: &Document<'_>, id: Id, covered: &Covered<'_>, context: &mut Context<'_>) -> Result<Later, PdfError> {
    let rest = document.bytes.get(covered.end..).unwrap_or_default();
    if rest.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
        return Ok(Later::Harmless);
    }
    let signed = document.bytes.get(..covered.end).unwrap_or_default();
    let revision = match Document::open(signed, &mut context.budget) {
        Ok(revision) => revision,
        Err(error @ (PdfError::Exhausted(_) | PdfError::TooMuch)) => return Err(error),
        Err(_) => return Ok(Later::Changed("the signed revision is no document")),
    };
    if !fields::signatures(&revision).is_ok_and(|signatures| signatures.contains(&id)) {
        return Ok(Later::Changed("the signed revision does not hold this signature"));
    }
    if let Err(reason) = appended::check(&revision, document, &mut context.budget)? {
        return Ok(Later::Changed(reason));
    }
    changes::judge(&revision, document, &mut context.budget)
}

/// A date of PDF, such as `D:20260601080000+08'00'` (ISO 32000-2, 7.9.4), if it is complete.
fn moment(text: &[u8]) -> Option<Timestamp> {
    let text = str::from_utf8(text).ok()?.strip_prefix("D:")?;
    let (digits, zone) = text.split_at_checked(14)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let zone = match zone.trim_end_matches('\'').replace('\'', ":") {
        zone if zone.starts_with('Z') => "Z".to_owned(),
        zone => zone,
    };
    let (date, time) = ((part(0, 4), part(4, 6), part(6, 8)), (part(8, 10), part(10, 12), part(12, 14)));
    format!("{}-{}-{}T{}:{}:{}{zone}", date.0, date.1, date.2, time.0, time.1, time.2).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_need_a_zone() {
        let eight = "2026-06-01T08:00:00Z".parse().ok();
        assert_eq!(moment(b"D:20260601160000+08'00'"), eight);
        assert_eq!(moment(b"D:20260601160000+08'00"), eight);
        assert_eq!(moment(b"D:20260601080000Z"), eight);
        assert_eq!(moment(b"D:20260601080000Z00'00'"), eight);
        assert_eq!(moment(b"D:20260601080000"), None);
        assert_eq!(moment(b"D:202606"), None);
    }
}
