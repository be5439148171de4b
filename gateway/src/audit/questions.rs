//! Questions that auditors ask again and again: each is one look through the uses of seals.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::str::FromStr;

use crypto::record::{Ending, Facts, Opening, Stamp};
use crypto::seal_register::Record;
use crypto::time::Timestamp;
use storage::StorageError;
use storage::log::Row;
use storage::seals::Seals;

use super::Hours;

/// A ready question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Uses of a seal from when on it was frozen, out of use, cancelled, replaced or expired, until it was restored; refused ones
    /// as well.
    AfterFreezing,
    /// Uses that name no approval.
    WithoutApproval,
    /// Uses outside office hours.
    OutsideHours,
    /// Uses of a seal when the certificates of all its signers had ended.
    ExpiredCertificates,
}

impl Question {
    /// Every question.
    pub const ALL: [Self; 4] = [Self::AfterFreezing, Self::WithoutApproval, Self::OutsideHours, Self::ExpiredCertificates];

    /// The name in paths.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AfterFreezing => "uses-after-freezing",
            Self::WithoutApproval => "uses-without-approval",
            Self::OutsideHours => "uses-outside-hours",
            Self::ExpiredCertificates => "expired-certificates-in-use",
        }
    }

    /// The outcome of the uses that are looked through, where it matters.
    #[must_use]
    pub const fn outcome(self) -> Option<Ending> {
        match self {
            Self::AfterFreezing => None,
            Self::WithoutApproval | Self::OutsideHours | Self::ExpiredCertificates => Some(Ending::Done),
        }
    }
}

impl FromStr for Question {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|question| question.name() == text).ok_or(())
    }
}

/// What answers a question about one use after the other.
#[derive(Debug)]
pub struct Answerer<'a> {
    question: Question,
    hours: &'a Hours,
    register: Register<'a>,
}

/// The register of seals, each seal read once.
#[derive(Debug)]
struct Register<'a> {
    seals: &'a Seals,
    read: RefCell<BTreeMap<String, Option<Record>>>,
}

impl<'a> Answerer<'a> {
    /// Answers this question by these hours and this register.
    #[must_use]
    pub const fn new(question: Question, hours: &'a Hours, seals: &'a Seals) -> Self {
        Self { question, hours, register: Register { seals, read: RefCell::new(BTreeMap::new()) } }
    }

    /// Whether a use is what is asked for.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn is_asked_for(&self, row: &Row) -> Result<bool, StorageError> {
        let (Some(stamp), Some(facts)) = (row.opening.read::<Stamp>(Opening::STAMP), row.opening.read::<Facts>(Opening::FACTS))
        else {
            return Ok(false);
        };
        let at = facts.effective_at.unwrap_or(stamp.at);
        match self.question {
            Question::WithoutApproval => Ok(facts.approval.as_ref().is_none_or(|approval| approval.trim().is_empty())),
            Question::OutsideHours => Ok(!self.hours.contains(at)),
            Question::AfterFreezing => self.register.any(&facts, |seal| was_out_of_use(seal, at)),
            Question::ExpiredCertificates => self.register.any(&facts, |seal| had_expired_certificates(seal, at)),
        }
    }
}

impl Register<'_> {
    /// Whether this holds of any of the seals that are on file.
    fn any(&self, facts: &Facts, holds: impl Fn(&Record) -> bool) -> Result<bool, StorageError> {
        let mut read = self.read.borrow_mut();
        for mention in &facts.seals {
            if !read.contains_key(&mention.id) {
                read.insert(mention.id.clone(), self.seals.seal(&mention.id)?);
            }
            if read.get(&mention.id).and_then(Option::as_ref).is_some_and(&holds) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether the seal had been on file and could not be used.
fn was_out_of_use(seal: &Record, at: Timestamp) -> bool {
    seal.standing_at(at).is_some_and(|status| !status.is_usable())
}

/// Whether all signers' certificates whose end is known had ended. A list of mere digests says nothing.
fn had_expired_certificates(seal: &Record, at: Timestamp) -> bool {
    let mut ends = seal.making.signers.iter().map(|signer| signer.not_after).peekable();
    ends.peek().is_some() && ends.all(|end| end.is_some_and(|end| end < at))
}
