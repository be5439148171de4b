//! What is on record about one version of a licence: its data, its document, and everything that was done to it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::identifier::Identifier;
use super::metadata::Metadata;
use super::status::{IllegalTransition, Operation, Status};
use super::words;
use crate::digest::{Sha256, sm3, to_hex};
use crate::report::Text;
use crate::time::Timestamp;

/// One version of a licence on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its data, as they stand in the document.
    pub metadata: Metadata,
    /// The form of the document: `ofd`, `jws`, `sd-jwt` or `cms`.
    pub format: String,
    /// SHA-256 of the document.
    pub sha256: Sha256,
    /// SM3 of the document, 64 hexadecimal digits.
    pub sm3: String,
    /// Length of the document in bytes.
    pub size: u64,
    /// When it came in.
    pub received_at: Timestamp,
    /// What was done to it, by the time from which it holds, the earliest first.
    pub events: Vec<Event>,
    /// The version that it took the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Identifier>,
    /// The version or licence that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Identifier>,
}

/// Something that was done to a licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What was done.
    pub operation: Operation,
    /// The state that it led to.
    pub status: Status,
    /// From when it holds.
    pub effective_at: Timestamp,
    /// When it was told to us.
    pub recorded_at: Timestamp,
    /// Why, in the words of who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The calling system that told us, by its name in the configuration.
    pub actor: String,
    /// The organisation that it speaks for.
    pub organisation: String,
}

/// What is to be done to a licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub operation: Operation,
    /// From when it holds: no later than it is recorded, no earlier than what was done before.
    pub effective_at: Timestamp,
    /// The present moment.
    pub recorded_at: Timestamp,
    /// Why, in the words of who decided.
    pub reason: Option<Reason>,
    /// The calling system, by its name in the configuration.
    pub actor: String,
    /// The organisation that it speaks for.
    pub organisation: String,
    /// What takes the licence's place. Extending and changing need a later version of the same licence; handing over may
    /// name any licence of the other body; no other operation has one.
    pub successor: Option<Identifier>,
}

/// A reason in free text, at most [`Reason::MAX_CHARACTERS`] long. People write names into such fields, so `Debug` shows only
/// its length.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("maxLength" = 1000))]
pub struct Reason(String);

/// Why a decision is not put on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// It cannot be done to a licence in its state.
    Illegal(IllegalTransition),
    /// It would hold from before what was done last.
    OutOfOrder {
        /// From when that holds.
        last: Timestamp,
    },
    /// It would hold from after the present moment.
    InFuture,
    /// It needs a later version of the same licence to take its place, and names none.
    Successor,
    /// It names a successor although nothing takes the licence's place.
    NoSuccessor,
    /// The record has [`Record::MAX_EVENTS`] events already.
    TooManyEvents,
    /// The reason is longer than [`Reason::MAX_CHARACTERS`].
    ReasonTooLong,
}

impl Record {
    /// The most events of a record.
    pub const MAX_EVENTS: usize = 1000;

    /// A record of this document, to which nothing was done yet.
    #[must_use]
    pub fn new(metadata: Metadata, format: &str, document: &[u8], received_at: Timestamp) -> Self {
        Self {
            metadata,
            format: format.to_owned(),
            sha256: Sha256::of(&[document]),
            sm3: to_hex(&sm3(&[document])),
            size: u64::try_from(document.len()).unwrap_or(u64::MAX),
            received_at,
            events: Vec::new(),
            previous: None,
            next: None,
        }
    }

    /// The licence's identifier.
    #[must_use]
    pub const fn identifier(&self) -> &Identifier {
        &self.metadata.identifier
    }

    /// The state at this moment by what was done until then, and the event that led to it. Nothing before the first event.
    #[must_use]
    pub fn status_at(&self, at: Timestamp) -> Option<(Status, &Event)> {
        let event = self.events.iter().take_while(|event| event.effective_at <= at).last()?;
        Some((event.status, event))
    }

    /// The state by everything that was done, and the event that led to it.
    #[must_use]
    pub fn current(&self) -> Option<(Status, &Event)> {
        self.events.last().map(|event| (event.status, event))
    }

    /// The state at this moment as people mean it: a licence that nobody ended has expired when its time is over.
    #[must_use]
    pub fn standing_at(&self, at: Timestamp) -> Option<Status> {
        let (status, _) = self.status_at(at)?;
        let over = self.metadata.valid_until().is_some_and(|until| at > until);
        if over && matches!(status, Status::Valid | Status::Suspended) { Some(Status::Expired) } else { Some(status) }
    }

    /// Puts a decision on record. The first one issues the licence; what has expired by the moment of the decision counts as
    /// expired.
    ///
    /// # Errors
    /// The decision cannot be made; the record is as it was.
    pub fn apply(&mut self, decision: Decision) -> Result<&Event, RecordError> {
        let Decision { operation, effective_at, recorded_at, reason, actor, organisation, successor } = decision;
        if self.events.len() >= Self::MAX_EVENTS {
            return Err(RecordError::TooManyEvents);
        }
        if effective_at > recorded_at {
            return Err(RecordError::InFuture);
        }
        if let Some((_, last)) = self.current().filter(|(_, last)| effective_at < last.effective_at) {
            return Err(RecordError::OutOfOrder { last: last.effective_at });
        }
        let status = match (self.standing_at(effective_at), operation) {
            (Some(from), _) => from.after(operation),
            (None, Operation::Issue) => Ok(Status::Valid),
            (None, _) => Err(IllegalTransition { from: None, operation }),
        };
        let status = status.map_err(RecordError::Illegal)?;
        self.check_successor(operation, successor.as_ref())?;
        if successor.is_some() {
            self.next = successor;
        }
        self.events.push(Event { operation, status, effective_at, recorded_at, reason, actor, organisation });
        self.events.last().ok_or(RecordError::TooManyEvents)
    }

    fn check_successor(&self, operation: Operation, successor: Option<&Identifier>) -> Result<(), RecordError> {
        let own = self.identifier();
        match successor {
            Some(next) if operation.supersedes() && own.same_lineage(next) && next.version() > own.version() => Ok(()),
            _ if operation.supersedes() => Err(RecordError::Successor),
            Some(next) if operation == Operation::Transfer && next != own => Ok(()),
            Some(_) => Err(RecordError::NoSuccessor),
            None => Ok(()),
        }
    }
}

impl Reason {
    /// The most characters of a reason.
    pub const MAX_CHARACTERS: usize = 1000;

    /// Takes a text as a reason.
    ///
    /// # Errors
    /// [`RecordError::ReasonTooLong`].
    pub fn new(text: String) -> Result<Self, RecordError> {
        if text.chars().count() > Self::MAX_CHARACTERS { Err(RecordError::ReasonTooLong) } else { Ok(Self(text)) }
    }

    /// The text. May name people: for answers to those who may read the record, never for logs or reports.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reason {
    type Error = RecordError;

    fn try_from(text: String) -> Result<Self, RecordError> {
        Self::new(text)
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reason({} characters)", self.0.chars().count())
    }
}

impl RecordError {
    /// The stable code that clients see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Illegal(illegal) => illegal.code(),
            Self::OutOfOrder { .. } => "event-out-of-order",
            Self::InFuture => "event-in-future",
            Self::Successor => "event-successor",
            Self::NoSuccessor => "event-no-successor",
            Self::TooManyEvents => "event-too-many",
            Self::ReasonTooLong => "event-reason-too-long",
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Illegal(illegal) => illegal.text(),
            Self::OutOfOrder { last } => Text {
                en: format!("The last change of the licence holds from {last}; the next cannot hold from before that.").into(),
                zh: format!("上一次变更自 {last} 起生效，后续变更不得早于该时间。").into(),
            },
            Self::InFuture => words("A change cannot hold from a time that is yet to come.", "变更的生效时间不得晚于当前时间。"),
            Self::Successor => words(
                "Extending or changing a licence needs the identifier of a later version of the same licence.",
                "延续或变更须提供同一证照新版本的证照标识。",
            ),
            Self::NoSuccessor => {
                words("This operation does not put another licence in place of this one.", "该操作不产生替代证照。")
            }
            Self::TooManyEvents => words("The record of the licence is full.", "证照变更记录已达上限。"),
            Self::ReasonTooLong => words("The reason is too long.", "变更原因过长。"),
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for RecordError {}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, decide, record};
    use super::*;

    #[test]
    fn a_life() {
        let mut record = record();
        let from = |operation| Err(RecordError::Illegal(IllegalTransition { from: None, operation }));
        assert_eq!(record.apply(decide(Operation::Suspend, "2025-06-01T00:00:00Z")), from(Operation::Suspend));
        for (operation, when, status) in [
            (Operation::Issue, "2025-06-01T00:00:00Z", Status::Valid),
            (Operation::Suspend, "2025-07-01T00:00:00Z", Status::Suspended),
            (Operation::Restore, "2025-07-01T00:00:00Z", Status::Valid),
            (Operation::Revoke, "2025-08-01T00:00:00Z", Status::Revoked),
        ] {
            assert_eq!(record.apply(decide(operation, when)).map(|event| event.status), Ok(status));
        }
        assert_eq!(record.current().unwrap().0, Status::Revoked);
        assert_eq!(record.status_at(at("2025-05-31T23:59:59Z")), None);
        for (when, status) in [
            ("2025-06-01T00:00:00Z", Status::Valid),
            ("2025-07-01T00:00:00Z", Status::Valid),
            ("2025-07-31T23:59:59Z", Status::Valid),
            ("2025-08-01T00:00:00Z", Status::Revoked),
        ] {
            assert_eq!(record.status_at(at(when)).unwrap().0, status, "{when}");
        }
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
    }

    #[test]
    fn a_refused_decision_leaves_no_trace() {
        let mut record = record();
        record.apply(decide(Operation::Issue, "2025-06-01T00:00:00Z")).unwrap();
        let before = record.clone();
        let last = at("2025-06-01T00:00:00Z");
        let early = record.apply(decide(Operation::Cancel, "2025-05-31T00:00:00Z")).map(|_| ());
        assert_eq!(early, Err(RecordError::OutOfOrder { last }));
        let late = Decision { recorded_at: at("2025-06-30T00:00:00Z"), ..decide(Operation::Cancel, "2025-06-30T00:00:01Z") };
        assert_eq!(record.apply(late).map(|_| ()), Err(RecordError::InFuture));
        let again = record.apply(decide(Operation::Issue, "2025-07-01T00:00:00Z")).map(|_| ());
        assert_eq!(again.unwrap_err().code(), "illegal-transition");
        assert_eq!(record, before);
        record.events = vec![record.events.first().unwrap().clone(); Record::MAX_EVENTS];
        let full = record.apply(decide(Operation::Cancel, "2025-07-01T00:00:00Z")).map(|_| ());
        assert_eq!(full, Err(RecordError::TooManyEvents));
    }

    #[test]
    fn a_later_version_takes_its_place() {
        let mut record = record();
        record.apply(decide(Operation::Issue, "2025-06-01T00:00:00Z")).unwrap();
        let own = record.identifier().clone();
        let change = |successor| Decision { successor, ..decide(Operation::Change, "2025-07-01T00:00:00Z") };
        let other = Identifier::new(own.type_code(), own.issuer(), "OTHER", 3).unwrap();
        for wrong in [None, Some(own.clone()), Some(own.with_version(1).unwrap()), Some(other.clone())] {
            assert_eq!(record.apply(change(wrong)).map(|_| ()), Err(RecordError::Successor));
        }
        let cancel = Decision { successor: Some(other.clone()), ..decide(Operation::Cancel, "2025-07-01T00:00:00Z") };
        assert_eq!(record.clone().apply(cancel).map(|_| ()), Err(RecordError::NoSuccessor));
        let transfer = Decision { successor: Some(other), ..decide(Operation::Transfer, "2025-07-01T00:00:00Z") };
        let mut transferred = record.clone();
        assert!(transferred.apply(transfer).is_ok_and(|event| event.status == Status::Transferred));
        let next = own.with_version(3).unwrap();
        assert_eq!(record.apply(change(Some(next.clone()))).map(|event| event.status), Ok(Status::Superseded));
        assert_eq!(record.next, Some(next));
    }

    #[test]
    fn an_expired_licence_cannot_be_extended_but_ended() {
        let mut record = record();
        record.apply(decide(Operation::Issue, "2025-06-01T00:00:00Z")).unwrap();
        let last = record.metadata.valid_until().unwrap();
        assert_eq!(record.standing_at(last), Some(Status::Valid));
        assert_eq!(record.standing_at(last.plus(1)), Some(Status::Expired));
        let late = last.plus(1).to_string();
        let successor = Some(record.identifier().with_version(3).unwrap());
        let extend = record.apply(Decision { successor, ..decide(Operation::Extend, &late) }).map(|_| ());
        let illegal = IllegalTransition { from: Some(Status::Expired), operation: Operation::Extend };
        assert_eq!(extend, Err(RecordError::Illegal(illegal)));
        assert_eq!(record.apply(decide(Operation::Cancel, &late)).map(|event| event.status), Ok(Status::Cancelled));
        assert_eq!(record.standing_at(last.plus(1)), Some(Status::Cancelled));
    }

    #[test]
    fn reasons_are_bounded_and_not_printed() {
        let reason = Reason::new("因张三".to_owned()).unwrap();
        assert_eq!(format!("{reason:?}"), "Reason(3 characters)");
        assert_eq!(serde_json::to_value(&reason).unwrap(), "因张三");
        let long = "一".repeat(Reason::MAX_CHARACTERS + 1);
        assert!(serde_json::from_value::<Reason>(long.clone().into()).is_err());
        assert_eq!(Reason::new(long), Err(RecordError::ReasonTooLong));
    }
}
