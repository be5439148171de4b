//! What is on file about a seal: what it is, whose it is, and everything that was done to it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::delivery::Delivery;
use super::making::Making;
use super::status::{IllegalTransition, Operation, Status};
use crate::digest::Sha256;
use crate::licence::{Reason, words};
use crate::report::Text;
use crate::seal::Seal;
use crate::time::Timestamp;

/// A seal on file. The seal itself is kept beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its identifier (`esID`).
    pub id: String,
    /// The digest of the seal as it came, DER.
    pub sha256: Sha256,
    /// Its name.
    pub name: String,
    /// The version of its format: 1, 4 or 5.
    pub version: u8,
    /// The digest of the maker's certificate.
    pub maker_sha256: Sha256,
    /// From when it may be used.
    pub valid_from: Timestamp,
    /// Until when it may be used.
    pub valid_until: Timestamp,
    /// The organisation that owns it.
    pub organisation: String,
    /// When it was put on file.
    pub registered_at: Timestamp,
    /// The caller that put it on file.
    pub registered_by: String,
    /// The number under which it was filed (备案编号).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<String>,
    /// The application that it was made on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// What it says of its making.
    pub making: Making,
    /// What was done to it, by the time from which it holds, the earliest first.
    pub events: Vec<Event>,
    /// The seal that it took the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The seal that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Something that was done to a seal.
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
    /// The digests of what it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Sha256>,
    /// The calling system that told us, by its name in the configuration.
    pub actor: String,
    /// The organisation that it speaks for.
    pub organisation: String,
    /// To whom it was handed over, and in what: for [`Operation::Deliver`] alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// The digest of the name that the caller gave to its request, so that the same request again is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Sha256>,
}

/// What is to be done to a seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What to do.
    pub operation: Operation,
    /// From when it holds: no later than it is recorded, no earlier than what was done before; when it is recorded if absent.
    pub effective_at: Option<Timestamp>,
    /// The present moment.
    pub now: Timestamp,
    /// Why, in the words of who decided.
    pub reason: Option<Reason>,
    /// The digests of what it rests on.
    pub evidence: Vec<Sha256>,
    /// The calling system, by its name in the configuration.
    pub actor: String,
    /// The organisation that it speaks for.
    pub organisation: String,
    /// The seal that takes its place: for [`Operation::Remake`], and for nothing else.
    pub successor: Option<String>,
    /// To whom it is handed over, and in what: for [`Operation::Deliver`], and for nothing else.
    pub delivery: Option<Delivery>,
    /// The digest of the name of the request.
    pub request: Option<Sha256>,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is on record now.
    New,
    /// It was on record already, by an earlier request of the same name.
    Repeated,
}

/// Why a change is not put on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// It cannot be done to a seal in its state.
    Illegal(IllegalTransition),
    /// It would hold from before what was done last.
    OutOfOrder {
        /// From when that holds.
        last: Timestamp,
    },
    /// It would hold from after the present moment.
    InFuture,
    /// Another seal of the same owner, on file and fit for use, has to take its place, and none does.
    Successor,
    /// It names a successor although nothing takes the seal's place.
    NoSuccessor,
    /// It says to whom the seal is handed over although it is not.
    NoDelivery,
    /// The record has [`Record::MAX_EVENTS`] events already.
    TooManyEvents,
    /// An earlier request of the same name asked for something else.
    OtherRequest,
}

impl Record {
    /// The most events of a record.
    pub const MAX_EVENTS: usize = 1000;

    /// The record of a seal that is put on file now by this caller, as its owner's.
    #[must_use]
    pub fn new(seal: &Seal<'_>, owner: &str, (actor, organisation): (&str, &str), now: Timestamp) -> Self {
        let mut record = Self {
            id: seal.id.clone().into_owned(),
            sha256: seal.sha256(),
            name: seal.name.to_owned(),
            version: u8::try_from(seal.version.number()).unwrap_or(u8::MAX),
            maker_sha256: Sha256::of(&[seal.maker]),
            valid_from: seal.valid_from,
            valid_until: seal.valid_until,
            organisation: owner.to_owned(),
            registered_at: now,
            registered_by: actor.to_owned(),
            filing: None,
            application: None,
            making: Making::of(seal),
            events: Vec::new(),
            previous: None,
            next: None,
        };
        record.events.push(record.filed(organisation));
        record
    }

    /// The event that put it on file.
    #[must_use]
    pub fn filed(&self, organisation: &str) -> Event {
        Event {
            operation: Operation::File,
            status: Status::Filed,
            effective_at: self.registered_at,
            recorded_at: self.registered_at,
            reason: None,
            evidence: Vec::new(),
            actor: self.registered_by.clone(),
            organisation: organisation.to_owned(),
            delivery: None,
            request: None,
        }
    }

    /// The state by everything that was done, and the event that led to it.
    #[must_use]
    pub fn current(&self) -> Option<(Status, &Event)> {
        self.events.last().map(|event| (event.status, event))
    }

    /// The state at this moment by what was done until then. Nothing before it was put on file.
    #[must_use]
    pub fn status_at(&self, at: Timestamp) -> Option<(Status, &Event)> {
        let event = self.events.iter().take_while(|event| event.effective_at <= at).last()?;
        Some((event.status, event))
    }

    /// The state at this moment as people mean it: a seal that nobody ended has expired when its time is over.
    #[must_use]
    pub fn standing_at(&self, at: Timestamp) -> Option<Status> {
        let (status, _) = self.status_at(at)?;
        Some(if at > self.valid_until && !status.is_final() { Status::Expired } else { status })
    }

    /// The times in which it was out of use, each from when and until when, as far as they have begun by a moment. The last one
    /// may be without end.
    #[must_use]
    pub fn out_of_use(&self, by: Timestamp) -> Vec<OutOfUse> {
        let mut times: Vec<OutOfUse> = Vec::new();
        for event in self.events.iter().take_while(|event| event.effective_at <= by) {
            match times.last_mut().filter(|last| last.until.is_none()) {
                Some(open) if event.status.is_usable() => open.until = Some(event.effective_at),
                // What came later is what it is now; it has been out of use since the first.
                Some(open) => open.status = event.status,
                None if event.status.is_usable() => {}
                None => times.push(OutOfUse { status: event.status, from: event.effective_at, until: None }),
            }
        }
        times
    }

    /// Puts a change on record, unless the same request has put it there before. What has expired by then counts as expired.
    ///
    /// Whether a successor is on file and of the same owner is for whoever has the register to say.
    ///
    /// # Errors
    /// The change cannot be made; the record is as it was.
    pub fn apply(&mut self, change: Change) -> Result<Applied, RecordError> {
        if let Some(earlier) = self.events.iter().find(|event| change.request.is_some() && event.request == change.request) {
            return if self.is_of(earlier, &change) { Ok(Applied::Repeated) } else { Err(RecordError::OtherRequest) };
        }
        if self.events.len() >= Self::MAX_EVENTS {
            return Err(RecordError::TooManyEvents);
        }
        let last = self.current().map_or(Timestamp::MIN, |(_, last)| last.effective_at);
        // What is on record has happened before this, also when the clock was set back.
        let recorded_at = change.now.max(last);
        let effective_at = change.effective_at.unwrap_or(recorded_at);
        if effective_at > recorded_at {
            return Err(RecordError::InFuture);
        }
        if effective_at < last {
            return Err(RecordError::OutOfOrder { last });
        }
        let Change { operation, reason, evidence, actor, organisation, successor, delivery, request, .. } = change;
        if delivery.is_some() && operation != Operation::Deliver {
            return Err(RecordError::NoDelivery);
        }
        let from = self.standing_at(effective_at);
        let status = from.map_or(Err(IllegalTransition { from: None, operation }), |from| from.after(operation));
        let status = status.map_err(RecordError::Illegal)?;
        match &successor {
            Some(next) if operation == Operation::Remake && *next != self.id => self.next = successor,
            _ if operation == Operation::Remake => return Err(RecordError::Successor),
            Some(_) => return Err(RecordError::NoSuccessor),
            None => {}
        }
        let event =
            Event { operation, status, effective_at, recorded_at, reason, evidence, actor, organisation, delivery, request };
        self.events.push(event);
        Ok(Applied::New)
    }

    /// Whether an event is what this change asks for.
    fn is_of(&self, event: &Event, change: &Change) -> bool {
        let successor = if event.operation == Operation::Remake { self.next.as_ref() } else { None };
        event.operation == change.operation
            && change.effective_at.is_none_or(|at| at == event.effective_at)
            && event.reason == change.reason
            && event.evidence == change.evidence
            && event.delivery == change.delivery
            && event.actor == change.actor
            && successor == change.successor.as_ref()
    }
}

/// A time in which a seal was out of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfUse {
    /// What it was at the end of it.
    pub status: Status,
    /// From when.
    pub from: Timestamp,
    /// Until when, if it was restored.
    pub until: Option<Timestamp>,
}

impl OutOfUse {
    /// Whether the moment lies in it.
    #[must_use]
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.from <= moment && self.until.is_none_or(|until| moment < until)
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
            Self::NoDelivery => "event-no-delivery",
            Self::TooManyEvents => "event-too-many",
            Self::OtherRequest => "request-reused",
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Illegal(illegal) => illegal.text(),
            Self::OutOfOrder { last } => Text {
                en: format!("The last change of the seal holds from {last}; the next cannot hold from before that.").into(),
                zh: format!("上一次变更自 {last} 起生效，后续变更不得早于该时间。").into(),
            },
            Self::InFuture => words("A change cannot hold from a time that is yet to come.", "变更的生效时间不得晚于当前时间。"),
            Self::Successor => words(
                "Remaking a seal needs another seal of the same owner that is on file and fit for use.",
                "重制须指明同一单位另一枚已备案且可使用的印章。",
            ),
            Self::NoSuccessor => {
                words("This operation does not put another seal in place of this one.", "该操作不产生替代印章。")
            }
            Self::NoDelivery => words("This operation does not hand the seal over.", "该操作不涉及印章发放。"),
            Self::TooManyEvents => words("The record of the seal is full.", "印章变更记录已达上限。"),
            Self::OtherRequest => words(
                "An earlier request with the same Idempotency-Key asked for something else.",
                "此前以相同Idempotency-Key提交的请求内容不同。",
            ),
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
    use super::super::testing::{at, change, record};
    use super::*;

    #[test]
    fn a_life() {
        let mut record = record();
        for (operation, when, status) in [
            (Operation::Deliver, "2026-02-01T00:00:00Z", Status::InUse),
            (Operation::Freeze, "2026-03-01T00:00:00Z", Status::Frozen),
            (Operation::Stop, "2026-03-02T00:00:00Z", Status::Stopped),
            (Operation::Restore, "2026-04-01T00:00:00Z", Status::InUse),
            (Operation::Cancel, "2026-05-01T00:00:00Z", Status::Cancelled),
        ] {
            assert_eq!(record.apply(change(operation, when)), Ok(Applied::New), "{operation:?}");
            assert_eq!(record.standing_at(at(when)), Some(status));
        }
        assert_eq!(record.standing_at(at("2025-12-31T23:59:59Z")), None);
        assert_eq!(record.standing_at(at("2026-01-31T23:59:59Z")), Some(Status::Filed));
        assert_eq!(record.standing_at(at("2026-03-31T00:00:00Z")), Some(Status::Stopped));
        let stopped =
            OutOfUse { status: Status::Stopped, from: at("2026-03-01T00:00:00Z"), until: Some(at("2026-04-01T00:00:00Z")) };
        let cancelled = OutOfUse { status: Status::Cancelled, from: at("2026-05-01T00:00:00Z"), until: None };
        assert_eq!(record.out_of_use(Timestamp::MAX), [stopped, cancelled]);
        assert_eq!(record.out_of_use(at("2026-04-30T00:00:00Z")), [stopped]);
        assert!(stopped.contains(stopped.from) && !stopped.contains(at("2026-04-01T00:00:00Z")));
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
    }

    #[test]
    fn a_refused_change_leaves_no_trace() {
        let mut record = record();
        let before = record.clone();
        let last = at("2026-01-01T00:00:00Z");
        assert_eq!(record.apply(change(Operation::Freeze, "2025-12-31T23:59:59Z")), Err(RecordError::OutOfOrder { last }));
        let late = Change { now: at("2026-01-02T00:00:00Z"), ..change(Operation::Freeze, "2026-01-02T00:00:01Z") };
        assert_eq!(record.apply(late), Err(RecordError::InFuture));
        let again = record.apply(change(Operation::File, "2026-02-01T00:00:00Z"));
        assert_eq!(again.unwrap_err().code(), "illegal-seal-transition");
        for successor in [None, Some(record.id.clone())] {
            let remake = Change { successor, ..change(Operation::Remake, "2026-02-01T00:00:00Z") };
            assert_eq!(record.apply(remake), Err(RecordError::Successor));
        }
        let freeze = Change { successor: Some("other".to_owned()), ..change(Operation::Freeze, "2026-02-01T00:00:00Z") };
        assert_eq!(record.apply(freeze), Err(RecordError::NoSuccessor));
        let delivery = Delivery { medium: Some("ukey-1".to_owned()), ..Delivery::default() }.told();
        let freeze = Change { delivery: delivery.clone(), ..change(Operation::Freeze, "2026-02-01T00:00:00Z") };
        assert_eq!(record.apply(freeze), Err(RecordError::NoDelivery));
        assert_eq!(record, before);
        let deliver = Change { delivery, ..change(Operation::Deliver, "2026-01-01T00:00:00Z") };
        assert_eq!(record.clone().apply(deliver), Ok(Applied::New));
        record.events = vec![record.events.first().unwrap().clone(); Record::MAX_EVENTS];
        assert_eq!(record.apply(change(Operation::Freeze, "2026-02-01T00:00:00Z")), Err(RecordError::TooManyEvents));
    }

    #[test]
    fn what_is_over_can_only_be_ended() {
        let mut record = record();
        let late = record.valid_until.plus(1);
        assert_eq!(record.standing_at(late), Some(Status::Expired));
        let freeze = record.apply(change(Operation::Freeze, &late.to_string()));
        let illegal = IllegalTransition { from: Some(Status::Expired), operation: Operation::Freeze };
        assert_eq!(freeze, Err(RecordError::Illegal(illegal)));
        let remake = Change { successor: Some("new".to_owned()), ..change(Operation::Remake, &late.to_string()) };
        assert_eq!(record.apply(remake), Ok(Applied::New));
        assert_eq!((record.standing_at(late), record.next.as_deref()), (Some(Status::Remade), Some("new")));
    }

    #[test]
    fn a_named_request_counts_once() {
        let mut record = record();
        let request = Some(Sha256::of(&[b"request"]));
        let now = at("2026-02-01T00:00:00Z");
        let freeze = Change { request, effective_at: None, now, ..change(Operation::Freeze, "2026-02-01T00:00:00Z") };
        assert_eq!(record.apply(freeze.clone()), Ok(Applied::New));
        let later = Change { now: freeze.now.plus(60), ..freeze.clone() };
        assert_eq!(record.apply(later), Ok(Applied::Repeated));
        assert_eq!(record.events.len(), 2);
        let other = Change { operation: Operation::Cancel, ..freeze };
        assert_eq!(record.apply(other), Err(RecordError::OtherRequest));
    }

    #[test]
    fn a_clock_set_back_does_not_stop_anybody() {
        let mut record = record();
        let early =
            Change { effective_at: None, now: at("2020-01-01T00:00:00Z"), ..change(Operation::Freeze, "2026-02-01T00:00:00Z") };
        assert_eq!(record.apply(early), Ok(Applied::New));
        assert_eq!(
            record.current().map(|(status, event)| (status, event.effective_at)),
            Some((Status::Frozen, at("2026-01-01T00:00:00Z")))
        );
    }
}
