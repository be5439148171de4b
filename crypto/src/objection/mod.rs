//! Objections (异议处理): what somebody holds to be wrong on record, who has to look into it until when, and what came of it.

mod about;
mod error;
mod step;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::licence::Reason;
use crate::time::Timestamp;

pub use about::{About, Attribute, Licence, Subject};
pub use error::ObjectionError;
pub use step::{Decision, Event, State, Step};

/// An objection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    /// Its identifier, 32 hexadecimal digits.
    pub id: String,
    /// What it is against.
    pub about: About,
    /// What is held to be wrong, in the words of who objects.
    pub text: Reason,
    /// The digests of what shows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Sha256>,
    /// In whose name.
    pub filed_for: FiledFor,
    /// When.
    pub filed_at: Timestamp,
    /// The calling system that filed it, by its name in the configuration.
    pub filed_by: String,
    /// The organisation that it speaks for.
    pub organisation: String,
    /// The organisation that has to answer it.
    pub responsible: String,
    /// The first moment at which its answer is late.
    pub due: Timestamp,
    /// What was done about it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

/// In whose name an objection is filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FiledFor {
    /// That of the person or body whom the fact is about.
    Holder,
    /// That of the organisation that filed it.
    Organisation,
}

impl Objection {
    /// The most that is done about one objection: whoever passes it on for ever is stopped.
    pub const MAX_EVENTS: usize = 32;

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.events.iter().fold(State::Filed, |_, event| event.step.leads_to())
    }

    /// Whether what it is against counts as disputed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state().is_open()
    }

    /// Whether its answer is late.
    #[must_use]
    pub fn is_overdue(&self, at: Timestamp) -> bool {
        self.is_open() && at >= self.due
    }

    /// Whether another one was filed by the same request, sent again.
    #[must_use]
    pub fn is_same_request(&self, other: &Self) -> bool {
        let asked = |one: &Self| Self {
            filed_at: Timestamp::MIN,
            due: Timestamp::MIN,
            responsible: String::new(),
            events: Vec::new(),
            ..one.clone()
        };
        asked(self) == asked(other)
    }

    /// Does something about it. What was done last, done again by the same caller, changes nothing and is no error: then the answer
    /// is `false`.
    ///
    /// # Errors
    /// [`ObjectionError`] when it is not this caller's to do, or the objection is closed.
    pub fn apply(&mut self, event: Event) -> Result<bool, ObjectionError> {
        if self.events.last().is_some_and(|last| Event { at: last.at, ..event.clone() } == *last) {
            return Ok(false);
        }
        self.demand(&event)?;
        if event.step == Step::Accept && self.state() == State::Accepted {
            return Ok(false);
        }
        if let Step::Forward { to, .. } = &event.step {
            self.responsible.clone_from(to);
        }
        self.events.push(event);
        Ok(true)
    }

    fn demand(&self, event: &Event) -> Result<(), ObjectionError> {
        if event.step == Step::Withdraw {
            if event.by != self.filed_by {
                return Err(ObjectionError::NotOwn);
            }
        } else if event.organisation != self.responsible {
            return Err(ObjectionError::NotResponsible);
        }
        if !self.is_open() {
            return Err(ObjectionError::Closed);
        }
        match &event.step {
            Step::Forward { to, .. } if *to == self.responsible => Err(ObjectionError::SameOrganisation),
            // The last place is for its end.
            Step::Forward { .. } | Step::Accept if self.events.len() + 1 >= Self::MAX_EVENTS => Err(ObjectionError::Full),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
