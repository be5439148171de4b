//! The status of one certificate, drawn from the statements about it.

use super::signers::{self, Standing};
use super::statement::{Source, Statement};
use super::{Subject, lists, responses};
use crate::budget::Exhausted;
use crate::context::Context;
use crate::digest::Sha256;
use crate::report::Check;
use crate::time::Timestamp;
use crate::x509::crl::{Reasons, Revocation};

/// The three states; a hold is no conclusion of its own kind.
pub(super) enum Status {
    Good,
    Revoked(Finding),
    /// On hold, which may be lifted again: at the moment in question, or only since.
    Held {
        finding: Finding,
        in_force: bool,
    },
    Unknown(Because),
}

/// A revocation, and what says so.
pub(super) struct Finding {
    pub(super) revocation: Revocation,
    by: &'static str,
    sha256: Sha256,
}

/// Why nothing is concluded.
#[derive(Default)]
pub(super) struct Because {
    /// When the newest statement was made whose signer may make it.
    pub(super) newest: Option<Timestamp>,
    /// Whether something was left aside only because its signer's certificate is out of its validity.
    pub(super) signer_out_of_validity: bool,
    /// Since when it is revoked or on hold by the word of somebody of whom it is not known whether he may say so.
    doubted_since: Option<Timestamp>,
    /// Whether what is at hand speaks of some reasons of revocation alone.
    is_partial: bool,
    /// Whether what is at hand was made after the certificate's end and does not speak of those that expired.
    is_forgotten: bool,
    /// Whether a list has no number, or something critical that is unknown.
    is_odd: bool,
    /// Whether a responder does not know the certificate.
    is_disowned: bool,
}

impl Finding {
    fn new(statement: &Statement<'_>, revocation: Revocation) -> Self {
        Self { revocation, by: statement.source.kind(), sha256: statement.source.sha256() }
    }

    /// Adds what is known of the revocation to a check.
    pub(super) fn describe(&self, check: Check) -> Check {
        let mut check = check.with("revoked_at", &self.revocation.at).with("by", self.by).with("evidence", &self.sha256);
        if let Some(reason) = self.revocation.reason {
            check = check.with("reason_code", &reason);
        }
        match self.revocation.invalid_since {
            Some(since) => check.with("invalid_since", &since),
            None => check,
        }
    }
}

impl Because {
    fn doubt(&mut self, since: Timestamp) {
        self.doubted_since = Some(self.doubted_since.map_or(since, |known| known.min(since)));
    }

    pub(super) const fn reason(&self) -> &'static str {
        if self.signer_out_of_validity {
            "the evidence is signed by a certificate that is out of its own validity"
        } else if self.doubted_since.is_some() {
            "something says that it is revoked, and whether the signer of that may say so is not known"
        } else if self.is_partial {
            "the evidence speaks of some reasons of revocation alone"
        } else if self.is_forgotten {
            "the certificate had expired before the evidence was made, which does not speak of expired ones"
        } else if self.is_odd {
            "a revocation list has no number, or something critical that is not understood"
        } else if self.newest.is_some() {
            "the revocation lists and OCSP responses at hand do not speak of the moment in question"
        } else if self.is_disowned {
            "the responder does not know the certificate"
        } else {
            "no revocation list or OCSP response is at hand that can be relied upon"
        }
    }
}

/// The status of the certificate at the moment in question, by everything at hand.
pub(super) fn of(subject: &Subject<'_>, context: &mut Context<'_>) -> Result<Status, Exhausted> {
    let mut statements = lists::statements(subject, context);
    let (answers, is_disowned) = responses::statements(subject, context);
    statements.extend(answers);
    let mut because = Because { is_disowned, ..Because::default() };
    if let Some(finding) = revocation(&statements, subject, context, &mut because)? {
        let since = finding.revocation.effective();
        // Where one that came after the moment in question might be spared, an earlier one that is in doubt must not be.
        if since <= subject.moment || because.doubted_since.is_none_or(|doubted| since <= doubted) {
            return Ok(Status::Revoked(finding));
        }
    } else {
        let held = hold(&statements, subject, context, &mut because)?;
        if let Some((finding, in_force)) = held
            && (in_force || because.doubted_since.is_none())
        {
            return Ok(Status::Held { finding, in_force });
        }
        if because.doubted_since.is_none() && is_good(&statements, subject, context, &mut because)? {
            return Ok(Status::Good);
        }
    }
    newest(&statements, subject, context, &mut because)?;
    Ok(Status::Unknown(because))
}

/// The earliest revocation for good that has taken effect: later lists may have dropped it, it stays.
fn revocation(
    statements: &[Statement<'_>],
    subject: &Subject<'_>,
    context: &mut Context<'_>,
    because: &mut Because,
) -> Result<Option<Finding>, Exhausted> {
    let mut found: Option<Finding> = None;
    for statement in statements.iter().filter(|statement| !matches!(statement.source, Source::Delta { .. })) {
        let Some(entry) = statement.entry.filter(|entry| entry.is_lasting()) else { continue };
        let earlier = found.as_ref().is_none_or(|known| entry.effective() < known.revocation.effective());
        if !earlier || !context.horizon.reached(entry.effective()) {
            continue;
        }
        let standing = signers::standing(statement, subject, context)?;
        if standing.revokes(because) {
            found = Some(Finding::new(statement, entry));
        } else if standing.is_in_doubt() {
            because.doubt(entry.effective());
        }
    }
    Ok(found)
}

/// A hold, and whether it was in force at the moment in question.
///
/// It is in force when a later statement still tells of it, or when the latest one until then does: what lifted it afterwards
/// may have done so at any time.
fn hold(
    statements: &[Statement<'_>],
    subject: &Subject<'_>,
    context: &mut Context<'_>,
    because: &mut Because,
) -> Result<Option<(Finding, bool)>, Exhausted> {
    let moment = subject.moment;
    let mut holds: Vec<(&Statement<'_>, Revocation)> = Vec::new();
    for statement in statements {
        let Some(entry) = statement.hold().filter(|entry| context.horizon.reached(entry.at)) else { continue };
        let standing = signers::standing(statement, subject, context)?;
        if standing.revokes(because) {
            holds.push((statement, entry));
        } else if standing.is_in_doubt()
            && entry.at <= moment
            && (statement.made > moment || !is_lifted(statement, moment, statements, (subject, context, because))?)
        {
            because.doubt(entry.at);
        }
    }
    let Some((latest, entry)) = holds.iter().max_by_key(|(statement, _)| statement.made).copied() else { return Ok(None) };
    let told_later = holds.iter().find(|(statement, entry)| statement.made > moment && entry.at <= moment);
    if let Some((statement, entry)) = told_later {
        return Ok(Some((Finding::new(statement, *entry), true)));
    }
    // Among those made until the moment, the latest hold stands unless something later lifted it, still before the moment.
    let until = holds.iter().filter(|(statement, entry)| statement.made <= moment && entry.at <= moment);
    if let Some((statement, entry)) = until.max_by_key(|(statement, _)| statement.made)
        && !is_lifted(statement, moment, statements, (subject, context, because))?
    {
        return Ok(Some((Finding::new(statement, *entry), true)));
    }
    let began_since = entry.at > moment && !is_lifted(latest, Timestamp::MAX, statements, (subject, context, because))?;
    Ok(began_since.then(|| (Finding::new(latest, entry), false)))
}

/// Whether something that was made after the hold, and until this moment, shows it no more.
fn is_lifted(
    hold: &Statement<'_>,
    until: Timestamp,
    statements: &[Statement<'_>],
    (subject, context, because): (&Subject<'_>, &mut Context<'_>, &mut Because),
) -> Result<bool, Exhausted> {
    for statement in statements {
        let is_later = statement.made > hold.made || (statement.made == hold.made && is_after(statement, hold));
        let may_lift = is_later && statement.made <= until && statement.lifts();
        // To lift a hold is to clear: an algorithm that is not accepted does not do for it.
        if may_lift && signers::standing(statement, subject, context)?.clears(because) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Of two statements of one moment, a delta list that was put on top of the other is the later one.
fn is_after(statement: &Statement<'_>, hold: &Statement<'_>) -> bool {
    matches!((statement.source, hold.source), (Source::Delta { base, .. }, Source::List(list)) if base.sha256() == list.sha256())
}

/// Whether statements that speak of the moment in question show together, for every reason, that it was not revoked.
fn is_good(
    statements: &[Statement<'_>],
    subject: &Subject<'_>,
    context: &mut Context<'_>,
    because: &mut Because,
) -> Result<bool, Exhausted> {
    let skew_s = context.trust.policy().clock_skew_s;
    let mut clearing: Vec<&Statement<'_>> = statements.iter().filter(|statement| statement.clears(subject.moment)).collect();
    // Those that hold longest first: the answer keeps as long as what it rests on.
    clearing.sort_by_key(|statement| std::cmp::Reverse(statement.until.unwrap_or(Timestamp::MIN)));
    let mut covered = Reasons::NONE;
    for statement in clearing {
        let adds = covered.or(statement.covers) != covered;
        if !adds || !statement.speaks_of(subject, skew_s, &mut context.horizon) {
            let end = subject.certificate.not_after();
            because.is_forgotten |= adds && statement.made > end;
            continue;
        }
        if signers::standing(statement, subject, context)?.clears(because) {
            covered = covered.or(statement.covers);
            if covered.contains(Reasons::ALL) {
                return Ok(true);
            }
        }
    }
    because.is_partial = covered != Reasons::NONE;
    because.is_odd = statements.iter().any(|statement| matches!(statement.source, Source::List(list) if !list.is_understood()));
    Ok(false)
}

/// When the newest statement was made whose signer may make it, for the reader of the report.
fn newest(
    statements: &[Statement<'_>],
    subject: &Subject<'_>,
    context: &mut Context<'_>,
    because: &mut Because,
) -> Result<(), Exhausted> {
    let mut all: Vec<&Statement<'_>> = statements.iter().collect();
    all.sort_by_key(|statement| std::cmp::Reverse(statement.made));
    for statement in all.iter().take(NEWEST_TRIED_MAX) {
        if is_said(statement, subject, context, because)? {
            because.newest = Some(statement.made);
            break;
        }
    }
    Ok(())
}

/// Most statements that are looked at to say how old the newest is.
const NEWEST_TRIED_MAX: usize = 4;

/// Whether whoever signed the statement may make it.
fn is_said(
    statement: &Statement<'_>,
    subject: &Subject<'_>,
    context: &mut Context<'_>,
    because: &mut Because,
) -> Result<bool, Exhausted> {
    Ok(signers::standing(statement, subject, context)?.revokes(because))
}

impl Standing {
    fn revokes(self, because: &mut Because) -> bool {
        because.signer_out_of_validity |= self == Self::OutOfValidity;
        matches!(self, Self::Good | Self::Weak)
    }

    /// Whether it is open if whoever signed the statement may make it.
    const fn is_in_doubt(self) -> bool {
        matches!(self, Self::Unclear | Self::OutOfValidity)
    }

    fn clears(self, because: &mut Because) -> bool {
        self.revokes(because) && self == Self::Good
    }
}
