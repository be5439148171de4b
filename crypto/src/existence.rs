//! When a signature was made: by its own word, and by what proves that it existed (ETSI EN 319 102-1, 5.6.2).

use crate::budget::Exhausted;
use crate::context::Context;
use crate::report::checks::{SIGNATURE_EXISTENCE, SIGNATURE_LAG, SIGNATURE_TIMESTAMP};
use crate::report::{Check, Verdict};
use crate::time::{Timestamp, earlier};
use crate::timestamp::verify::{Expected, Imprint, Stamp, verify};
use crate::x509::Certificate;
use crate::x509::path::{self, Answer, Lifetime, Question};

/// What is known of the moment at which a signature was made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Existence {
    /// When the signer says to have signed.
    pub(crate) claimed: Option<Timestamp>,
    /// The earliest time stamp by a trusted authority.
    stamped: Option<Timestamp>,
    /// The earliest moment at which the signature is proven to have existed.
    proven: Option<Timestamp>,
    /// What the signature rested on and that has ended since, by the check that fails as of now.
    ended: Vec<&'static str>,
}

impl Existence {
    /// A signature with this claimed time in a document that may be on record.
    pub(crate) fn new(claimed: Option<Timestamp>, context: &mut Context<'_>) -> Self {
        Self { claimed, stamped: context.stamped, proven: context.recorded(), ..Self::default() }
    }

    /// Verifies a time-stamp token over the signature value, takes it into account, and tells its checks.
    pub(crate) fn take_token(&mut self, token: &[u8], value: &[u8], context: &mut Context<'_>) -> Result<Vec<Check>, Exhausted> {
        let skew = context.trust.policy().clock_skew_s;
        let not_before = self.claimed.map(|claimed| claimed.plus(-skew));
        let expected = Expected { kind: &SIGNATURE_TIMESTAMP, imprint: Imprint::Of(value), not_before };
        let stamp = verify(token, &expected, context)?;
        self.stamp(&stamp);
        Ok(stamp.checks)
    }

    /// Takes a time stamp over the signature into account.
    fn stamp(&mut self, stamp: &Stamp) {
        self.stamped = earlier(self.stamped, stamp.made);
        self.proven = earlier(self.proven, stamp.proves);
    }

    /// The same knowledge about something that the signature contains and that has a time stamp of its own.
    pub(crate) fn of_part(&self, stamp: &Stamp) -> Self {
        let mut part = Self { ended: Vec::new(), ..self.clone() };
        part.stamp(stamp);
        part
    }

    /// The earliest moment at which the signature is proven to have existed.
    pub(crate) const fn proven(&self) -> Option<Timestamp> {
        self.proven
    }

    /// Whether the signature claims to be younger than it is proven to be, for clocks that differ by `skew` seconds.
    pub(crate) fn contradicts(&self, skew: i64) -> bool {
        self.claimed.zip(self.proven).is_some_and(|(claimed, proven)| claimed > proven.plus(skew))
    }

    /// The earliest time stamp by a trusted authority.
    pub(crate) const fn stamped(&self) -> Option<Timestamp> {
        self.stamped
    }

    /// Remembers what has ended since of a part.
    pub(crate) fn take_ended(&mut self, part: &Self) {
        part.ended.iter().for_each(|check| self.rests_on(check));
    }

    /// Remembers that something has ended since the proven moment.
    pub(crate) fn rests_on(&mut self, check: &'static str) {
        if !self.ended.contains(&check) {
            self.ended.push(check);
        }
    }

    /// The best answer about a path: as the question says or, where that does not do, as of the proven moment.
    pub(crate) fn validate(
        &mut self,
        leaf: &Certificate,
        question: &Question,
        context: &mut Context<'_>,
    ) -> Result<Answer, Exhausted> {
        let answer = path::validate(leaf, question, context)?;
        let verdict = Verdict::of(answer.checks.iter());
        let Some(proven) = self.proven.filter(|_| !verdict.is_passed()) else { return Ok(answer) };
        let then = path::validate(leaf, &Question { lifetime: Lifetime::Proven(proven), ..*question }, context)?;
        if Verdict::of(then.checks.iter()).indication >= verdict.indication {
            return Ok(answer);
        }
        self.rests_on("path");
        Ok(then)
    }

    /// What is proven, and whether the policy is content with it.
    pub(crate) fn checks(&self, context: &Context<'_>) -> Vec<Check> {
        let policy = context.trust.policy();
        let mut checks = Vec::new();
        if policy.require_timestamp && self.stamped.is_none() {
            checks.push(SIGNATURE_EXISTENCE.doubt());
        } else if let Some(proven) = self.proven {
            let check = if self.ended.is_empty() {
                SIGNATURE_EXISTENCE.pass()
            } else {
                SIGNATURE_EXISTENCE.fail().without_effect().with("ended", &self.ended.join(", "))
            };
            let by = if self.stamped.is_some() { "time stamp" } else { "record" };
            checks.push(check.with("proven", &proven).with("by", by));
        }
        if let (Some(claimed), Some(stamped), Some(most)) = (self.claimed, self.stamped, policy.claimed_lag_max_s) {
            let check = SIGNATURE_LAG.test(stamped <= claimed.plus(most)).without_effect();
            checks.push(check.with("claimed", &claimed).with("stamped", &stamped));
        }
        checks
    }
}
