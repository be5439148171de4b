//! Questions that auditors ask again and again: each is one look through the uses of seals.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::str::FromStr;

use crypto::record::{Ending, Facts, Opening, Stamp};
use crypto::seal_register::Record;
use crypto::time::Timestamp;
use storage::StorageError;
use storage::log::{OfficeHours, Question, Row};
use storage::seals::Seals;

/// A ready question, by its name in paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyQuestion {
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

impl ReadyQuestion {
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

    /// The question to the store, where the record alone answers it.
    #[must_use]
    pub fn of_records(self, hours: &OfficeHours) -> Option<Question> {
        match self {
            Self::WithoutApproval => Some(Question::WithoutApproval),
            Self::OutsideHours => Some(Question::OutsideHours(hours.clone())),
            Self::AfterFreezing | Self::ExpiredCertificates => None,
        }
    }
}

impl FromStr for ReadyQuestion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|question| question.name() == text).ok_or(())
    }
}

/// The register of seals, as far as a question needs it: each seal is read once.
#[derive(Debug)]
pub struct Register<'a> {
    seals: &'a Seals,
    read: RefCell<BTreeMap<String, Option<Record>>>,
}

impl<'a> Register<'a> {
    /// Over what is on file.
    #[must_use]
    pub const fn new(seals: &'a Seals) -> Self {
        Self { seals, read: RefCell::new(BTreeMap::new()) }
    }

    /// Whether a use is what is asked for, as far as the register decides that.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn answers(&self, question: ReadyQuestion, row: &Row) -> Result<bool, StorageError> {
        let holds = match question {
            ReadyQuestion::AfterFreezing => was_out_of_use,
            ReadyQuestion::ExpiredCertificates => had_expired_certificates,
            ReadyQuestion::WithoutApproval | ReadyQuestion::OutsideHours => return Ok(true),
        };
        let (Some(stamp), Some(facts)) = (row.opening.read::<Stamp>(Opening::STAMP), row.opening.read::<Facts>(Opening::FACTS))
        else {
            return Ok(false);
        };
        let named = facts.effective_at.unwrap_or(stamp.at);
        // A moment that the record names is a claim: a use that is told of a frozen seal is found, whenever it is said to have been.
        let moments = if question == ReadyQuestion::AfterFreezing { [named, stamp.at] } else { [named; 2] };
        let mut read = self.read.borrow_mut();
        for mention in &facts.seals {
            if !read.contains_key(&mention.id) {
                read.insert(mention.id.clone(), self.seals.seal(&mention.id)?);
            }
            if read.get(&mention.id).and_then(Option::as_ref).is_some_and(|seal| moments.iter().any(|at| holds(seal, *at))) {
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

/// Whether all signers' certificates had ended. A list of mere digests says nothing.
fn had_expired_certificates(seal: &Record, at: Timestamp) -> bool {
    let signers = &seal.making.signers;
    !signers.is_empty() && signers.iter().all(|signer| signer.not_after.is_some_and(|end| end < at))
}
