//! What a list or a response says of one certificate, before it is asked who says so.

use super::Subject;
use crate::digest::Sha256;
use crate::report::Horizon;
use crate::time::Timestamp;
use crate::x509::crl::{Reasons, Revocation};
use crate::x509::{OcspResponse, RevocationList};

/// Where a statement comes from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// A list.
    List(&'a RevocationList),
    /// A delta list on top of a complete one.
    Delta { delta: &'a RevocationList, base: &'a RevocationList },
    /// An OCSP response.
    Response(&'a OcspResponse),
}

/// One statement about the certificate in question.
#[derive(Clone, Copy)]
pub(super) struct Statement<'a> {
    pub(super) source: Source<'a>,
    /// When whoever asks received it, if that is on record: then it is known to be no later invention.
    pub(super) received: Option<Timestamp>,
    /// The moment whose state it tells.
    pub(super) made: Timestamp,
    /// Until when it is good without a newer one.
    pub(super) until: Option<Timestamp>,
    /// What it revokes, holds or lifts.
    pub(super) entry: Option<Revocation>,
    /// For which reasons it can show that the certificate is not revoked.
    pub(super) covers: Reasons,
    /// Since when certificates that expired are still spoken of.
    pub(super) remembers: Option<Timestamp>,
}

impl Source<'_> {
    /// The digest of what is named in reports.
    pub(super) fn sha256(self) -> Sha256 {
        match self {
            Self::List(list) | Self::Delta { delta: list, .. } => list.sha256(),
            Self::Response(response) => response.sha256(),
        }
    }

    /// What it is, in reports.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::List(_) => "revocation list",
            Self::Delta { .. } => "delta revocation list",
            Self::Response(_) => "OCSP response",
        }
    }
}

impl Statement<'_> {
    /// The entry, if it is a hold.
    pub(super) fn hold(&self) -> Option<Revocation> {
        self.entry.filter(|entry| entry.is_hold())
    }

    /// Whether it can tell that the certificate is on no hold, and says so.
    pub(super) fn lifts(&self) -> bool {
        match self.entry {
            Some(entry) => entry.is_removal(),
            None => self.covers.contains(Reasons::HOLD),
        }
    }

    /// Whether it says of the certificate that all was well at this moment, for some reasons at least: it lists nothing, or
    /// something that happened later.
    pub(super) fn clears(&self, moment: Timestamp) -> bool {
        self.covers != Reasons::NONE && self.entry.is_none_or(|entry| entry.is_removal() || entry.effective() > moment)
    }

    /// Whether it knows what happened until the moment in question: made later, or still the latest by its own word.
    pub(super) fn speaks_of(&self, subject: &Subject<'_>, skew_s: i64, horizon: &mut Horizon) -> bool {
        let (moment, end) = (subject.moment, subject.certificate.not_after());
        let moves = moment == horizon.at();
        if self.made >= moment {
            if moves {
                // Once that moment has passed, the statement's own end counts.
                horizon.reached(self.made.plus(1));
            }
            // What expired may leave a list.
            return self.made <= end || self.remembers.is_some_and(|since| since <= end);
        }
        let Some(until) = self.until.map(|until| until.plus(skew_s)) else { return false };
        if moves { horizon.within(self.made, until) } else { moment <= until }
    }
}
