//! What every look-up says besides whom it asks about: what it is for, until when, and how urgent it is.

use std::sync::Arc;

use crypto::grants::{Authority, Consumer};
use crypto::licence::HolderNumber;
use crypto::time::Timestamp;

use super::deadline::{self, Deadline};
use super::said::Said;
use crate::app::App;
use crate::broker::{Class, Errand};
use crate::handlers::{HolderRequest, today_in_china};
use crate::http::{Code, Problem, Request};

/// A look-up before it is known whom it is about and on whose authority.
#[derive(Clone, Debug)]
pub struct Order {
    /// When it was asked.
    pub now: Timestamp,
    /// The name of the request.
    pub request_id: String,
    /// Who asks.
    pub consumer: Consumer,
    /// The code of the item.
    pub item: String,
    /// The purpose.
    pub purpose: Option<String>,
    /// The number of the case.
    pub case: Option<String>,
    /// The person who asks, by a pseudonym.
    pub operator: Option<String>,
    /// How urgent it is.
    pub class: Class,
    /// Until when.
    pub deadline: Deadline,
}

impl Order {
    /// Reads it from the headers and from what the body says, and notes it for the record.
    ///
    /// # Errors
    /// [`Code::BadContent`] when there is no item, or body and headers contradict each other; [`Code::BadParameter`] for a deadline
    /// or a class that is none.
    pub fn read(app: &App, request: &Request, said: Said, usual: Class) -> Result<Self, Problem> {
        let mut settled = Ok(());
        request.trail.note(|draft| settled = said.settle(draft));
        settled?;
        let class = deadline::class(&request.headers, usual)?;
        let deadline = Deadline::read(&request.headers, &app.lookup, request.arrived)?;
        request.trail.detail("class", class.name());
        request.trail.detail("deadline_ms", deadline.ms);
        let draft = request.trail.draft();
        Ok(Self {
            now: request.now,
            request_id: request.request_id.as_str().to_owned(),
            consumer: Consumer { caller: request.caller.name.clone(), organisation: request.caller.organisation.clone() },
            item: draft.facts.item.ok_or_else(no_item)?,
            purpose: draft.facts.purpose,
            case: draft.subject.case,
            operator: draft.facts.operator,
            class,
            deadline,
        })
    }

    /// What sources are told of it.
    #[must_use]
    pub fn errand(&self, authority: Authority) -> Arc<Errand> {
        Arc::new(Errand {
            now: self.now,
            request_id: self.request_id.clone(),
            consumer: self.consumer.clone(),
            authority,
            item: self.item.clone(),
            purpose: self.purpose.clone(),
            case: self.case.clone(),
            operator: self.operator.clone(),
            class: self.class,
        })
    }
}

fn no_item() -> Problem {
    let expected = ("the code of an item, here or in Licet-Item", "事项编码（置于请求体或Licet-Item请求头）");
    Problem::expected(Code::BadContent, "item", expected)
}

/// Reads the number of a subject.
///
/// # Errors
/// [`Code::BadContent`] with the first rule that it breaks.
pub fn subject(asked: &HolderRequest, now: Timestamp) -> Result<HolderNumber, Problem> {
    HolderNumber::parse(asked.code_type, &asked.code, today_in_china(now)).map_err(|error| {
        let text = error.text();
        Problem::new(Code::BadContent).detail(text.en, text.zh)
    })
}
