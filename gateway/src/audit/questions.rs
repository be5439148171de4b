//! Questions that auditors ask again and again: each is one look through the uses of seals.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::str::FromStr;

use crypto::record::{Ending, Facts, LogName, Opening, Stamp};
use crypto::seal_register::{Event, Record};
use crypto::time::Timestamp;
use storage::StorageError;
use storage::log::{Logs, OfficeHours, Order, Query, Question, Row};
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

/// Records of changes that are read at a time.
const PAGE: usize = 4;

/// The register of seals, as far as a question needs it: each seal is read once.
#[derive(Debug)]
pub struct Register<'a> {
    seals: &'a Seals,
    logs: &'a Logs,
    read: RefCell<BTreeMap<String, Option<Record>>>,
}

impl<'a> Register<'a> {
    /// Over what is on file, and what is on record of its changes.
    #[must_use]
    pub const fn new(seals: &'a Seals, logs: &'a Logs) -> Self {
        Self { seals, logs, read: RefCell::new(BTreeMap::new()) }
    }

    /// Whether a use is what is asked for, as far as the register decides that.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn answers(&self, question: ReadyQuestion, row: &Row) -> Result<bool, StorageError> {
        if matches!(question, ReadyQuestion::WithoutApproval | ReadyQuestion::OutsideHours) {
            // The store has answered it.
            return Ok(true);
        }
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
            let Some(seal) = read.get(&mention.id).and_then(Option::as_ref) else { continue };
            let mut holds = false;
            for at in moments {
                holds |= match question {
                    ReadyQuestion::AfterFreezing => self.was_out_of_use(seal, (row.number, at, facts.outcome))?,
                    ReadyQuestion::ExpiredCertificates => had_expired_certificates(seal, at),
                    ReadyQuestion::WithoutApproval | ReadyQuestion::OutsideHours => true,
                };
            }
            if holds {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the seal had been on file and could not be used.
    ///
    /// Moments are told to the second, and a record is never stamped earlier than the one before it. So of a use that was done and of
    /// a change that held from when it was told, the log alone says which came first.
    fn was_out_of_use(&self, seal: &Record, (number, at, outcome): (u64, Timestamp, Ending)) -> Result<bool, StorageError> {
        let is_out = seal.standing_at(at).is_some_and(|status| !status.is_usable());
        if !is_out || outcome != Ending::Done {
            return Ok(is_out);
        }
        let since = seal.out_of_use(at).last().filter(|time| time.until.is_none()).map(|time| time.from);
        let change = seal.events.iter().find(|event| Some(event.effective_at) == since && !event.status.is_usable());
        Ok(match change {
            Some(change) if change.effective_at >= change.recorded_at => {
                self.told(seal, change)?.is_none_or(|told| told < number)
            }
            // It has expired, or it was said later that it had been out of use since then.
            _ => true,
        })
    }

    /// The number of the record of a change that held from when it was told.
    fn told(&self, seal: &Record, change: &Event) -> Result<Option<u64>, StorageError> {
        let query = Query {
            seal: Some(seal.id.clone()),
            event: Some(change.operation.event()),
            outcome: Some(Ending::Done),
            from: Some(change.recorded_at),
            ..Query::default()
        };
        let mut after = None;
        loop {
            let hits = self.logs.search(LogName::Seal, &query, Order::OldestFirst, after, PAGE)?;
            match (hits.rows.first(), hits.next) {
                (Some(first), _) => return Ok(Some(first.number)),
                (None, None) => return Ok(None),
                (None, next) => after = next,
            }
        }
    }
}

/// Whether all signers' certificates had ended. A list of mere digests says nothing.
fn had_expired_certificates(seal: &Record, at: Timestamp) -> bool {
    let signers = &seal.making.signers;
    !signers.is_empty() && signers.iter().all(|signer| signer.not_after.is_some_and(|end| end < at))
}
