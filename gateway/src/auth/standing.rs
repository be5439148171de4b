//! Whether the certificate of a caller is revoked, by all that is known in the trust domains for callers: their own lists, and what is
//! fetched of their status in the background.

use std::sync::{Mutex, PoisonError};

use crypto::context::{Context, Judged};
use crypto::digest::Sha256;
use crypto::report::checks::{PATH_BUILT, PATH_REVOCATION};
use crypto::report::{Check, Outcome, Role};
use crypto::time::Timestamp;
use crypto::x509::path::{self, Lifetime, Question};
use crypto::x509::{Certificate, Purpose, Trust};

use crate::status::Fetcher;

/// What was found the last time: a connection asks with every request.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<Option<Found>>);

#[derive(Clone, Copy, Debug)]
struct Found {
    /// By which trust.
    generation: Sha256,
    /// From when until before when nothing changes by time alone.
    from: Timestamp,
    until: Timestamp,
    is_revoked: bool,
}

impl Standing {
    /// Whether the first of these certificates, which were presented together, is revoked or on hold, or an authority above it; or whether
    /// there are too many to find that out. What is not known is left to the handshake, which has let it in. What would have to be known
    /// is asked for.
    pub(super) fn is_revoked(&self, chain: &[Certificate], (trust, status): (&Trust, &Fetcher), now: Timestamp) -> bool {
        let Some((leaf, others)) = chain.split_first() else { return false };
        if trust.for_purpose(Purpose::Client).next().is_none() {
            return false;
        }
        // Whole after a panic: it is assigned once.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = |found: &Found| found.generation == trust.generation() && found.from <= now && now < found.until;
        if let Some(found) = last.filter(holds) {
            return found.is_revoked;
        }
        let (is_revoked, until, judged) = judge(leaf, others, trust, now);
        *last = Some(Found { generation: trust.generation(), from: now, until, is_revoked });
        drop(last);
        status.need(&judged, now);
        is_revoked
    }
}

/// Whether it is revoked, until when that is so, and on whose status it depends.
fn judge(leaf: &Certificate, others: &[Certificate], trust: &Trust, now: Timestamp) -> (bool, Timestamp, Vec<Judged>) {
    let mut context = Context::new(trust, now);
    context.certificates = others;
    let question =
        Question { purpose: Purpose::Client, role: Role::Signer, algorithm: None, used_at: None, lifetime: Lifetime::Now };
    let answer = path::validate(leaf, &question, &mut context);
    // Found out, and not only in doubt: then it is said since when.
    let tells =
        |check: &Check| check.id == PATH_REVOCATION.id && check.effect.is_some() && check.inputs.contains_key("revoked_at");
    // Whoever presents so much with its certificate that the search has to be cut short, keeps nothing from being found by that.
    let is_cut_short = |check: &Check| check.id == PATH_BUILT.id && check.outcome == Outcome::NotConcluded;
    let is_revoked = answer.map_or(true, |answer| answer.checks.iter().any(|check| tells(check) || is_cut_short(check)));
    (is_revoked, context.horizon.next().unwrap_or(Timestamp::MAX), context.judged.into_values().collect())
}
