//! Paths from a certificate to a trust anchor: found in `build`, judged in `judge` and `revocation`.
//!
//! This is the validation of RFC 5280 6.1 over every path that can be found. Where the standard takes a trust anchor as a name
//! and a key, an anchor here is a certificate, and what it says of the paths below it (validity, names, lengths, policies,
//! usages) counts as well, as RFC 5937 recommends.

mod build;
mod demands;
mod judge;
mod revocation;

use build::Search;

use super::{Certificate, Domain, Purpose};
use crate::budget::Exhausted;
use crate::context::Context;
use crate::report::checks::{PATH_BUILT, PATH_SIGNATURES};
use crate::report::{CertificateSummary, Check, Role, SubIndication, Verdict};
use crate::sig::Algorithm;
use crate::time::Timestamp;

/// What is asked about a certificate.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// What the certificate was used for.
    pub purpose: Purpose,
    /// Whose certificate it is, in the report.
    pub role: Role,
    /// The algorithm that its key was used with; `None` when the use does not tell.
    pub algorithm: Option<Algorithm>,
    /// When it says to have been used, if it says so.
    pub used_at: Option<Timestamp>,
    /// How its age is judged.
    pub lifetime: Lifetime,
}

/// How the validity and revocation of a path are judged when its use lies in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// The path must be good at the validation time: the claimed time of use is not proven.
    Now,
    /// The path must have been good at this moment; what happened since leaves a warning if `warn_since`, else it counts
    /// where it cannot be told from before.
    At {
        /// The moment in question.
        moment: Timestamp,
        /// Whether later expiry and revocation are warnings (GM/T 0031-2025) instead of doubts.
        warn_since: bool,
    },
    /// The use is proven to have happened at this moment or before: what happened later does not count.
    Proven(Timestamp),
}

/// The answer: checks for the report, and the path if there is one.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The checks that were made.
    pub checks: Vec<Check>,
    /// The path, from the certificate in question to the anchor.
    pub chain: Vec<CertificateSummary>,
    /// The domain whose anchor it leads to.
    pub domain: Option<String>,
}

/// A certificate with its issuer's certificates up to an anchor of a domain.
#[derive(Clone, Debug)]
struct Path<'a> {
    domain: &'a Domain,
    /// From the certificate in question to the anchor, which may be the certificate itself.
    certificates: Vec<&'a Certificate>,
}

/// Finds the best path for `leaf` and says what is good and bad about it.
///
/// All paths within the limits are tried until one passes every check; otherwise the least bad one is reported, with a doubt
/// if the limits ended the search.
///
/// # Errors
/// [`Exhausted`] when the document's budget for signatures is spent on the status of certificates.
pub fn validate(leaf: &Certificate, question: &Question, context: &mut Context<'_>) -> Result<Answer, Exhausted> {
    let mut best: Option<(Verdict, Answer)> = None;
    let (trust, companions) = (context.trust, context.certificates);
    let mut search = Search::new(leaf, companions, context.horizon.at());
    'search: for domain in trust.for_purpose(question.purpose) {
        let mut walk = search.walk(domain);
        while let Some(path) = search.next(&mut walk, &mut context.budget) {
            let mut checks = judge::judge(&path, question, context)?;
            checks.extend(demands::check(&path, question, &mut context.horizon));
            context.note_judged(&path.certificates, &path.domain.name);
            let verdict = Verdict::of(checks.iter());
            if best.as_ref().is_none_or(|(known, _)| verdict.indication < known.indication) {
                best = Some((verdict, answer(&path, checks, question.role)));
            }
            if verdict.is_passed() {
                break 'search;
            }
        }
    }
    Ok(match best {
        Some((verdict, answer)) if verdict.is_passed() || !search.ended_early() => answer,
        Some((_, mut answer)) => {
            // A better path may be among those that were not tried.
            answer.checks.retain(|check| check.id != PATH_BUILT.id);
            answer.checks.insert(0, PATH_BUILT.doubt().of(question.role));
            answer
        }
        None => nothing_found(&search, leaf, question.role),
    })
}

fn answer(path: &Path<'_>, checks: Vec<Check>, role: Role) -> Answer {
    let found = PATH_BUILT.pass().of(role).with("domain", &path.domain.name).with("certificates", &path.certificates.len());
    Answer {
        checks: std::iter::once(found).chain(checks).collect(),
        chain: path.certificates.iter().map(|certificate| certificate.summary()).collect(),
        domain: Some(path.domain.name.clone()),
    }
}

fn nothing_found(search: &Search<'_>, leaf: &Certificate, role: Role) -> Answer {
    let issuer = leaf.issuer();
    let built = if search.ended_early() { PATH_BUILT.doubt() } else { PATH_BUILT.fail() };
    let mut built = built.of(role).with("issuer", &issuer);
    let mut checks = Vec::new();
    if search.saw_bad_signature() {
        let forged = Verdict::indeterminate(SubIndication::CertificateChainGeneralFailure);
        checks.push(PATH_SIGNATURES.fail().of(role).counting_as(forged));
        if !search.ended_early() {
            // That somebody signed in the issuer's name says more than that no path was found.
            built = built.counting_as(forged);
        }
    }
    checks.insert(0, built);
    Answer { checks, chain: vec![leaf.summary()], domain: None }
}
