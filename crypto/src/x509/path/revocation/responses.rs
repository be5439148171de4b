//! What the OCSP responses at hand say of a certificate (RFC 6960; GB/T 19713).

use super::Subject;
use super::statement::{Source, Statement};
use crate::context::Context;
use crate::time::Timestamp;
use crate::x509::OcspResponse;
use crate::x509::crl::Reasons;
use crate::x509::ocsp::{CertificateStatus, SingleResponse};

/// How long a response counts that does not say until when, in seconds: the longest that is usual for those that do.
const AGE_MAX_S: i64 = 86_400;

/// The statements of all responses at hand, and whether one of them says that it does not know the certificate.
pub(super) fn statements<'a>(subject: &Subject<'_>, context: &Context<'a>) -> (Vec<Statement<'a>>, bool) {
    let serial = subject.certificate.serial();
    let own = context.trust.responses(serial).map(|response| (response, context.trust.received(response.sha256())));
    let along = context.evidence.responses.iter().map(|response| (response, None));
    let (mut statements, mut disowned) = (Vec::new(), false);
    for (response, received) in own.chain(along) {
        let about = response.singles().filter(|single| single.id.names(subject.certificate, subject.issuer));
        for single in about {
            disowned |= single.status == CertificateStatus::Unknown;
            statements.extend(statement(response, single, received));
        }
    }
    (statements, disowned)
}

fn statement<'a>(response: &'a OcspResponse, single: &SingleResponse, received: Option<Timestamp>) -> Option<Statement<'a>> {
    let entry = match single.status {
        CertificateStatus::Good => None,
        CertificateStatus::Revoked(revocation) => Some(revocation),
        CertificateStatus::Unknown => return None,
    };
    let is_understood = response.is_understood() && single.is_understood;
    Some(Statement {
        source: Source::Response(response),
        received,
        made: single.this_update,
        until: Some(single.next_update.unwrap_or_else(|| single.this_update.plus(AGE_MAX_S))),
        entry,
        covers: if is_understood { Reasons::ALL } else { Reasons::NONE },
        remembers: single.archive_cutoff,
    })
}
