//! Another licet: asked as it asks itself, answered in its own form.

use std::collections::BTreeMap;
use std::time::Duration;

use crypto::grants::Authority;
use crypto::jws;
use crypto::time::Timestamp;
use serde_json::{Map, Value, json};

use super::auth::Auth;
use super::client::{Address, Client, Reply as Got};
use super::head::head;
use super::{mapping, peer_disputes};
use crate::broker::{Answer, Question, Reply, Source, SourceFault, State};
use crate::config::{DataSource, Faults};

/// The most records that are read.
const ROWS_MAX: usize = 1_024;

/// Another gateway, at its `POST /v1/lookups`.
#[derive(Debug)]
pub(super) struct Peer {
    client: Client,
    auth: Auth,
    url: Address,
    /// What it calls our resources.
    remote: BTreeMap<String, String>,
}

impl Peer {
    /// Reads the files.
    pub(super) fn open(settings: &DataSource, at: &str) -> Result<Self, Faults> {
        let remote = settings.resources.iter().filter_map(|(code, one)| Some((code.clone(), one.remote.clone()?)));
        Ok(Self {
            client: Client::new(settings, at)?,
            auth: Auth::open(settings.auth.as_ref(), at)?,
            url: Address::new(&settings.url, None, &format!("{at}.url"))?,
            remote: remote.collect(),
        })
    }

    async fn asked(&self, question: &Question, left: Duration) -> Result<Reply, SourceFault> {
        // A holder's token cannot be handed on, and a question without it would say that it is asked by duty.
        if question.errand.authority != Authority::Duty {
            return Err(SourceFault::Refused);
        }
        let resource = self.remote.get(&question.resource.code).unwrap_or(&question.resource.code);
        let body = body(question, resource).to_string();
        let mut head = head(question, "application/json", left);
        self.auth.seal(&mut head, &self.url, body.as_bytes(), question.errand.now)?;
        let got = self.client.post(&self.url, head, body.into()).await?;
        read(&got, resource, question)
    }
}

impl Source for Peer {
    fn ask<'a>(&'a self, question: &'a Question, left: Duration) -> Answer<'a> {
        Box::pin(self.asked(question, left))
    }
}

fn body(question: &Question, resource: &str) -> Value {
    let errand = &question.errand;
    let subject = json!({ "code_type": question.subject.code_type(), "code": question.subject.expose() });
    let mut body = Map::new();
    body.insert("subject".to_owned(), subject);
    body.insert("item".to_owned(), errand.item.clone().into());
    for (name, value) in [("case", &errand.case), ("purpose", &errand.purpose), ("operator", &errand.operator)] {
        body.extend(value.as_ref().map(|value| (name.to_owned(), value.clone().into())));
    }
    body.insert("resources".to_owned(), json!([resource]));
    // A code of theirs is good for whoever asked them, which is this gateway: nobody could use it up.
    body.insert("use_codes".to_owned(), false.into());
    body.insert("fields".to_owned(), json!({ resource: question.fields }));
    body.into()
}

/// What it says of this resource. Only what it heard from its own source counts: what it remembers is older than it says here.
fn read(got: &Got, resource: &str, question: &Question) -> Result<Reply, SourceFault> {
    match got.status {
        200 => {}
        429 | 503 => return Err(SourceFault::Overloaded),
        400..500 => return Err(SourceFault::Refused),
        _ => return Err(SourceFault::Failed),
    }
    let answer = jws::object(&got.body).ok_or(SourceFault::Malformed)?;
    let sources = answer.get("sources").and_then(Value::as_array).ok_or(SourceFault::Malformed)?;
    let mut of_resource = sources.iter().filter(|source| source.get("resource").and_then(Value::as_str) == Some(resource));
    let (Some(source), None) = (of_resource.next(), of_resource.next()) else { return Err(SourceFault::Malformed) };
    let name = source.get("state").and_then(Value::as_str).ok_or(SourceFault::Malformed)?;
    match State::ALL.into_iter().find(|state| state.name() == name) {
        Some(State::Answered | State::NotFound) => {}
        Some(State::TimedOut) => return Err(SourceFault::Slow),
        Some(State::Overloaded | State::BreakerOpen) => return Err(SourceFault::Overloaded),
        Some(State::Failed | State::Stale) => return Err(SourceFault::Failed),
        Some(State::Refused) => return Err(SourceFault::Refused),
        // `denied`: its grants do not allow it.
        None => return Err(SourceFault::Refused),
    }
    let as_of = match source.get("as_of") {
        None | Some(Value::Null) => question.errand.now,
        Some(value) => {
            let at = value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
            at.ok_or(SourceFault::Malformed)?.min(question.errand.now)
        }
    };
    let rows = match source.get("rows") {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(rows)) if rows.len() <= ROWS_MAX => rows,
        Some(_) => return Err(SourceFault::Malformed),
    };
    let pointers = BTreeMap::new();
    let disputes = peer_disputes::read(source, &question.resource.code)?;
    let record = |row: &Value| {
        let mut read = row.get("fields").ok_or(SourceFault::Malformed).and_then(|row| mapping::row(&pointers, row, question))?;
        read.disputes = disputes.of(row)?;
        Ok(read)
    };
    Ok(Reply { rows: rows.iter().map(record).collect::<Result<_, _>>()?, as_of })
}
