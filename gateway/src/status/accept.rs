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
    Ok(Accepted { proof: Proof::list(list, now), span, fault })
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
    Ok(Accepted { proof: Proof::response(response, issuer, now), span, fault })
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
    candidates.any(|certificate| {
        let is_named = || is_delegated(certificate, judged) || leads_to_domain(certificate, trust, now);
        signs(certificate) && is_current(certificate, trust, now) && is_named()
    })
}

/// Whether the certificate is in its validity as the answer comes in. What is kept is believed as of when it was received: with
/// a key that leaked after its time, an answer could say anything of the past, and for as long as it likes.
fn is_current(certificate: &Certificate, trust: &Trust, now: Timestamp) -> bool {
    let skew = trust.policy().clock_skew_s;
    certificate.not_before() <= now.plus(skew) && now <= certificate.not_after().plus(skew)
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

#[cfg(test)]
mod tests {
    use crypto::issue::ocsp::Answer;
    use crypto::issue::{CertificateBuilder, KeyType, Name, OcspBuilder, SigningKey};
    use crypto::x509::ocsp::IdDigest;
    use crypto::x509::trust::Policy;

    use super::*;

    #[test]
    fn a_responder_past_its_time_answers_no_more() {
        let day = |days: i64| Timestamp::from_unix(1_780_000_000).plus(days * 86_400);
        let key = |label: &str| SigningKey::from_label(KeyType::P256, label);
        let (root, leaf, responder) = (Name::new("o", "root"), Name::new("o", "leaf"), Name::new("o", "responder"));
        let issuer = CertificateBuilder::new(&root, &key("root"), 1).valid(day(-900), day(900)).authority(None);
        let issuer = issuer.self_signed(&key("root"));
        let issue = |builder: CertificateBuilder| builder.issue(&root, &key("root"));
        let subject = issue(CertificateBuilder::new(&leaf, &key("leaf"), 3).valid(day(-90), day(90)).signer());
        let answering = CertificateBuilder::new(&responder, &key("responder"), 7).valid(day(-90), day(-1)).not_ca();
        let answering = issue(answering.extended_usage(false, &[Oid::EKU_OCSP_SIGNING]));
        let read = |der: &[u8]| Certificate::from_der(der).unwrap();
        let judged = Judged { certificate: read(&subject), issuer: read(&issuer), domain: "signers".to_owned() };
        // It says to have been made in time, and to hold for long.
        let answer = Answer::good(&judged.certificate, &judged.issuer, IdDigest::Sha1, (day(-2), Some(day(60))));
        let bytes = OcspBuilder::new(day(-2)).answer(&answer).certificate(&answering).issue(&responder, &key("responder"));
        let question = ocsp::Request::new(&judged.certificate, &judged.issuer, IdDigest::Sha1);
        let trust = Trust::new(Vec::new(), Policy::default());
        assert!(response(&bytes, &question, &judged, &trust, day(-2)).is_ok());
        assert!(matches!(response(&bytes, &question, &judged, &trust, day(0)), Err(Fault::NotSigned)));
    }
}
