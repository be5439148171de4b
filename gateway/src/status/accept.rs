//! Whether what a source gave is evidence: read and verified before it counts. `crypto` judges it again wherever it is used; what
//! could not count there is not even kept.

use crypto::context::{Context, Judged};
use crypto::digest::Sha256;
use crypto::oid::Oid;
use crypto::report::{Indication, Role, Verdict};
use crypto::time::Timestamp;
use crypto::x509::ocsp::{CertificateStatus, OcspError};
use crypto::x509::path::{self, Lifetime, Question};
use crypto::x509::{Certificate, OcspResponse, Purpose, RevocationList, Trust, ocsp, pem};

use super::board::Span;
use super::fault::Fault;
use super::memory::Proof;

/// Evidence, and whether it is as new as it should be: what is out of date may still tell of revocations.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) proof: Proof,
    pub(super) span: Span,
    pub(super) fault: Option<Fault>,
}

/// Reads and verifies a list, DER or PEM.
pub(super) fn list(bytes: Vec<u8>, trust: &Trust, now: Timestamp) -> Result<Accepted, Fault> {
    let list = read_list(bytes)?;
    let mut is_known = false;
    let is_signed = trust.domains().iter().flat_map(|domain| domain.anchors.iter().chain(&domain.intermediates)).any(|issuer| {
        let is_named = issuer.subject().matches(list.issuer());
        is_known |= is_named;
        is_named && issuer.key().is_some_and(|key| list.verify_signature(key).is_ok())
    });
    if !is_signed {
        return Err(if is_known { Fault::NotSigned } else { Fault::UnknownIssuer });
    }
    let span = Span { this_update: list.this_update(), next_update: list.next_update() };
    let fault = standing(span, trust, now)?;
    Ok(Accepted { proof: Proof::List(list), span, fault })
}

fn read_list(bytes: Vec<u8>) -> Result<RevocationList, Fault> {
    if bytes.first() == Some(&0x30) {
        return RevocationList::from_vec(bytes).or(Err(Fault::Malformed));
    }
    match <[RevocationList; 1]>::try_from(pem::revocation_lists(&bytes).or(Err(Fault::Malformed))?) {
        Ok([list]) => Ok(list),
        Err(_) => Err(Fault::Malformed),
    }
}

/// Reads and verifies the answer to a question about a certificate.
pub(super) fn response(
    bytes: &[u8],
    question: &ocsp::Request,
    judged: &Judged,
    trust: &Trust,
    now: Timestamp,
) -> Result<Accepted, Fault> {
    let response = OcspResponse::from_der(bytes).map_err(|error| match error {
        OcspError::Malformed(_) => Fault::Malformed,
        // unauthorized (RFC 6960, 2.3): it does not know the certificate, which says nothing of others.
        OcspError::Unsuccessful(6) => Fault::NotAnswered,
        OcspError::Unsuccessful(_) => Fault::Declined,
    })?;
    if !question.is_answered_by(&response) {
        return Err(Fault::NotAnswered);
    }
    if !is_signed(&response, judged, trust, now) {
        return Err(Fault::NotSigned);
    }
    let single = response.singles().find(|single| single.id.names(&judged.certificate, &judged.issuer));
    let single = single.ok_or(Fault::NotAnswered)?;
    if single.status == CertificateStatus::Unknown {
        return Err(Fault::UnknownCertificate);
    }
    let span = Span { this_update: single.this_update, next_update: single.next_update };
    let fault = standing(span, trust, now)?;
    let issuer = Sha256::of(&[judged.issuer.subject().0]);
    Ok(Accepted { proof: Proof::Response(response, issuer), span, fault })
}

/// What is of the future is no evidence; what has ended is old evidence.
fn standing(span: Span, trust: &Trust, now: Timestamp) -> Result<Option<Fault>, Fault> {
    let skew = trust.policy().clock_skew_s;
    if span.this_update > now.plus(skew) {
        return Err(Fault::NotCurrent);
    }
    let has_ended = span.next_update.is_some_and(|next| next.plus(skew) < now);
    Ok(has_ended.then_some(Fault::NotCurrent))
}

/// Whether the response is signed by the issuer of the certificate, by whom that issuer has named, or by a responder that a trust
/// domain knows (RFC 6960, 4.2.2.2).
fn is_signed(response: &OcspResponse, judged: &Judged, trust: &Trust, now: Timestamp) -> bool {
    let signs = |certificate: &Certificate| {
        response.is_from(certificate) && certificate.key().is_some_and(|key| response.verify_signature(key).is_ok())
    };
    if signs(&judged.issuer) {
        return true;
    }
    let known = trust.for_purpose(Purpose::Ocsp).flat_map(|domain| domain.anchors.iter().chain(&domain.intermediates));
    let mut candidates = response.certificates().iter().chain(known);
    candidates
        .any(|certificate| signs(certificate) && (is_delegated(certificate, judged) || leads_to_domain(certificate, trust, now)))
}

fn is_delegated(certificate: &Certificate, judged: &Judged) -> bool {
    let usages = certificate.extensions().extended_key_usage();
    let may_answer = usages.is_ok_and(|usages| usages.is_some_and(|usages| usages.contains(&Oid::EKU_OCSP_SIGNING)));
    let issued = judged.issuer.key().is_some_and(|key| certificate.verify_signature(key).is_ok());
    may_answer && issued && certificate.issuer().matches(judged.issuer.subject())
}

fn leads_to_domain(certificate: &Certificate, trust: &Trust, now: Timestamp) -> bool {
    let question =
        Question { purpose: Purpose::Ocsp, role: Role::Signer, algorithm: None, used_at: None, lifetime: Lifetime::Now };
    let answer = path::validate(certificate, &question, &mut Context::new(trust, now));
    answer.is_ok_and(|answer| Verdict::of(answer.checks.iter()).indication != Indication::TotalFailed && answer.domain.is_some())
}
