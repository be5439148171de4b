//! What the revocation lists at hand say of a certificate (RFC 5280, 6.3).

use super::Subject;
use super::statement::{Source, Statement};
use crate::context::Context;
use crate::x509::crl::Reasons;
use crate::x509::distribution::{coverage, list_issuers};
use crate::x509::{RevocationList, Trust};

/// A list that may speak of the certificate.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    list: &'a RevocationList,
    is_own: bool,
    covers: Reasons,
}

/// The statements of all lists at hand.
pub(super) fn statements<'a>(subject: &Subject<'_>, context: &Context<'a>) -> Vec<Statement<'a>> {
    let all = candidates(subject, context);
    let mut statements: Vec<Statement<'_>> = all.iter().map(|candidate| alone(candidate, &all, subject, context.trust)).collect();
    let complete: Vec<&Candidate<'_>> = all.iter().filter(|candidate| candidate.list.base_number().is_none()).collect();
    for delta in all.iter().filter(|candidate| candidate.list.base_number().is_some()) {
        let base = complete.iter().filter(|base| fits(delta.list, base.list)).max_by_key(|base| base.list.number());
        statements.extend(base.map(|base| combined(delta, base, subject, context.trust)));
    }
    statements
}

fn candidates<'a>(subject: &Subject<'_>, context: &Context<'a>) -> Vec<Candidate<'a>> {
    let certificate = subject.certificate;
    let issuers = list_issuers(certificate);
    let is_wanted = |list: &&RevocationList| issuers.iter().any(|issuer| issuer.matches(list.issuer()));
    let own = context.trust.lists(|name| issuers.iter().any(|issuer| issuer.matches(name))).map(|list| (list, true));
    let along = context.evidence.lists.iter().filter(is_wanted).map(|list| (list, false));
    let mut found: Vec<Candidate<'a>> = Vec::new();
    for (list, is_own) in own.chain(along) {
        let covers = coverage(list, certificate);
        // A list of the issuer itself that is not meant for the certificate and lists it nevertheless is believed.
        let concerns = covers != Reasons::NONE || list.issuer().matches(certificate.issuer());
        if concerns && !found.iter().any(|known| known.list.sha256() == list.sha256()) {
            found.push(Candidate { list, is_own, covers });
        }
    }
    found
}

fn alone<'a>(candidate: &Candidate<'a>, all: &[Candidate<'_>], subject: &Subject<'_>, trust: &Trust) -> Statement<'a> {
    let list = candidate.list;
    let shows = list.is_understood() && list.base_number().is_none() && !is_overtaken(list, all, trust);
    Statement {
        source: Source::List(list),
        received: trust.received(list.sha256()).filter(|_| candidate.is_own),
        made: list.this_update(),
        until: list.next_update(),
        entry: list.find(subject.certificate),
        covers: if shows { candidate.covers } else { Reasons::NONE },
        remembers: list.expired_since(),
    }
}

fn combined<'a>(delta: &Candidate<'a>, base: &Candidate<'a>, subject: &Subject<'_>, trust: &Trust) -> Statement<'a> {
    let received = |one: &Candidate<'_>| trust.received(one.list.sha256()).filter(|_| one.is_own);
    let find = |list: &RevocationList| list.find(subject.certificate);
    Statement {
        source: Source::Delta { delta: delta.list, base: base.list },
        received: received(delta).zip(received(base)).map(|(delta, base)| delta.max(base)),
        made: delta.list.this_update(),
        until: delta.list.next_update(),
        entry: find(delta.list).or_else(|| find(base.list)),
        covers: base.covers,
        remembers: delta.list.expired_since(),
    }
}

/// RFC 5280 5.2.4 and 6.3.3 (c): whether the delta may be put on top of the complete list.
fn fits(delta: &RevocationList, base: &RevocationList) -> bool {
    let (Some(from), Some(number), Some(complete)) = (delta.base_number(), delta.number(), base.number()) else { return false };
    delta.is_understood()
        && base.is_understood()
        && same_series(delta, base)
        && delta.extensions().authority_key_id() == base.extensions().authority_key_id()
        && from <= complete
        && complete <= number
}

/// Whether both are lists of one issuer with the same scope, which are numbered together.
fn same_series(one: &RevocationList, other: &RevocationList) -> bool {
    one.issuer().matches(other.issuer()) && one.scope() == other.scope()
}

/// Whether a list that is known has a higher number although it is not younger: the numbers tell the truth, not the dates.
fn is_overtaken(list: &RevocationList, all: &[Candidate<'_>], trust: &Trust) -> bool {
    let Some(number) = list.number() else { return false };
    all.iter().any(|other| {
        other.is_own
            && other.list.this_update() <= list.this_update()
            && other.list.number().is_some_and(|known| known > number)
            && trust.is_settled(other.list.sha256())
            && same_series(list, other.list)
    })
}
