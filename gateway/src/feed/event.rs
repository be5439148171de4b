//! What a subscriber is told of a record. Nobody's number is in it.

use crypto::licence::{self, Identifier};
use crypto::record::{Ending, EventKind, Facts, Opening, Stamp, SubjectPart};
use crypto::seal_register;
use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::scope::Scope;
use crate::handlers::today_in_china;
use crate::purpose::holds_citizen_number;

/// The detail of a record that says of which type the licence is: it stays when what is about its holder is erased.
pub(crate) const LICENCE_TYPE: &str = "licence_type";

/// Something that happened to a licence or a seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FeedEvent {
    /// Its place in the feed: hand it back as `after` to go on behind it.
    pub position: u64,
    /// When it was put on record.
    pub at: Timestamp,
    /// What happened.
    pub event: EventKind,
    /// What was done to the licence or the seal, such as `suspend`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The state that it led to, such as `suspended`. That of a new version is about that version: the one before is superseded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// From when it holds.
    pub effective_at: Timestamp,
    /// The licence, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<MentionedLicence>,
    /// The seal, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<MentionedSeal>,
}

/// A licence that something happened to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MentionedLicence {
    /// Its identifier; absent where it was erased, or holds the number of a citizen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<Identifier>,
    /// Its type, by its code.
    pub licence_type: String,
    /// The code of the body that issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Whether what was on record about its holder was erased, its identifier with it.
    pub erased: bool,
}

/// A seal that something happened to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MentionedSeal {
    /// Its identifier.
    pub id: String,
    /// The organisation that owns it.
    pub owner: String,
    /// The seal that took its place, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}

impl FeedEvent {
    /// What this subscriber is told of a record; nothing where it is none of the feed's, or not for them.
    #[must_use]
    pub fn of(position: u64, record: &Opening, scope: &Scope) -> Option<Self> {
        let (stamp, facts): (Stamp, Facts) = (record.read(Opening::STAMP)?, record.read(Opening::FACTS)?);
        let is_news = facts.outcome == Ending::Done && facts.details.get("unchanged").is_none_or(|told| *told != true);
        if !is_news {
            return None;
        }
        let event = Self {
            position,
            at: stamp.at,
            event: facts.event,
            operation: None,
            status: None,
            effective_at: facts.effective_at.unwrap_or(stamp.at),
            licence: None,
            seal: None,
        };
        if matches!(facts.event, EventKind::LicenceIssue | EventKind::LicenceStatus) {
            event.about_licence(record, &facts, scope)
        } else {
            event.about_seal(&facts, scope)
        }
    }

    fn about_licence(mut self, record: &Opening, facts: &Facts, scope: &Scope) -> Option<Self> {
        let subject: Option<SubjectPart> = record.read(Opening::SUBJECT);
        let identifier = subject.as_ref().and_then(|subject| subject.licence.as_ref()?.parse::<Identifier>().ok());
        let told = facts.details.get(LICENCE_TYPE).and_then(|told| told.as_str());
        let licence_type = identifier.as_ref().map(Identifier::type_code).or(told)?.to_owned();
        if !scope.has_type(&licence_type) {
            return None;
        }
        let operation = operation(facts, identifier.as_ref());
        self.status = operation.and_then(|operation| state(self.event, operation)).map(licence::Status::name);
        self.operation = operation.and_then(name);
        let today = today_in_china(self.at);
        let identifier = identifier.filter(|identifier| !holds_citizen_number(&identifier.to_string(), today));
        let (issuer, erased) = (facts.issuer.clone(), subject.is_none());
        self.licence = Some(MentionedLicence { identifier, licence_type, issuer, erased });
        Some(self)
    }

    fn about_seal(mut self, facts: &Facts, scope: &Scope) -> Option<Self> {
        let seal = facts.seals.first()?;
        let owner = seal.owner.clone().filter(|owner| scope.has_owner(owner))?;
        let operation = OPERATIONS.into_iter().find(|operation| operation.event() == facts.event)?;
        self.operation = name(operation);
        let states = seal_register::Status::ALL.iter();
        let led_to = states.filter_map(|state| state.after(operation).ok()).next();
        self.status = Some(led_to.unwrap_or(seal_register::Status::Filed).name());
        let successor = facts.seals.get(1).filter(|_| facts.event == EventKind::SealRemake).map(|seal| seal.id.clone());
        self.seal = Some(MentionedSeal { id: seal.id.clone(), owner, successor });
        Some(self)
    }
}

/// What can be done to a seal on file.
const OPERATIONS: [seal_register::Operation; 7] = {
    use seal_register::Operation as Op;
    [Op::File, Op::Deliver, Op::Freeze, Op::Stop, Op::Restore, Op::Cancel, Op::Remake]
};

/// The name of an operation in JSON.
fn name(operation: impl Serialize) -> Option<String> {
    Some(serde_json::to_value(operation).ok()?.as_str()?.to_owned())
}

/// What was done to a licence, as the record says; of one that was handed in without a word, what its version says.
fn operation(facts: &Facts, identifier: Option<&Identifier>) -> Option<licence::Operation> {
    if let Some(told) = facts.details.get("operation") {
        return serde_json::from_value(told.clone()).ok();
    }
    let is_new = facts.event == EventKind::LicenceIssue;
    let version = identifier.filter(|_| is_new)?.version();
    Some(if version == 1 { licence::Operation::Issue } else { licence::Operation::Change })
}

/// Where that led.
fn state(event: EventKind, operation: licence::Operation) -> Option<licence::Status> {
    if event == EventKind::LicenceIssue {
        // Whatever became of the version before it, this one is in force.
        return Some(licence::Status::Valid);
    }
    licence::Status::ALL.iter().find_map(|state| state.after(operation).ok())
}
