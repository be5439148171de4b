//! The licences on record here, as a source.
//!
//! Told are the licences of the asked type that stand: the latest version of each, on record, in force by the register and within
//! its time. Each was verified when it came in; that the document still verifies is found by whoever redeems its use code.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use crypto::catalogue::{Field, Resource};
use crypto::licence::{Record, Status};
use crypto::time::Timestamp;
use storage::Store;

use super::convert;
use crate::broker::{Answer, Question, Reply, Row, Source, SourceFault};
use crate::clock;
use crate::config::Server;
use crate::http::Code;
use crate::pool::Pool;
use crate::use_codes::licence_fields;

/// How many records are read at a time.
const PAGE: usize = 64;

/// The most records of one holder that are looked through. With more, it cannot be said in time which licences there are, and nothing
/// is said.
const RECORDS_MAX: usize = 4_096;

/// The licences on record.
#[derive(Debug)]
pub struct Local {
    store: Store,
    pool: Pool,
}

/// A question as a job that outlives whoever asked.
#[derive(Clone, Debug)]
struct Job {
    question: Question,
    until: Instant,
}

impl Local {
    /// The licences of this store, read on as many threads as verifications have.
    #[must_use]
    pub fn new(store: &Store, server: &Server) -> Self {
        let workers = match server.workers_max {
            0 => thread::available_parallelism().map_or(1, usize::from),
            n => usize::try_from(n).unwrap_or(usize::MAX),
        };
        let queue = usize::try_from(server.queue_max).unwrap_or(usize::MAX);
        Self { store: store.clone(), pool: Pool::new(workers, queue) }
    }

    async fn asked(&self, question: &Question, left: Duration) -> Result<Reply, SourceFault> {
        // A resource that names neither a source nor a type of licence has nobody to answer for it.
        let Some(licence_type) = question.resource.licence_type.clone() else { return Err(SourceFault::Refused) };
        let now = clock::instant();
        let job = Job { question: question.clone(), until: now.checked_add(left).unwrap_or(now) };
        let store = self.store.clone();
        let done = self.pool.run(move || job.run(&store, &licence_type)).await;
        done.map_err(|problem| match problem.code() {
            Code::Overloaded => SourceFault::Overloaded,
            _ => SourceFault::Failed,
        })?
    }
}

impl Source for Local {
    fn ask<'a>(&'a self, question: &'a Question, left: Duration) -> Answer<'a> {
        Box::pin(self.asked(question, left))
    }
}

impl Job {
    fn run(&self, store: &Store, licence_type: &str) -> Result<Reply, SourceFault> {
        let (subject, now) = (&self.question.subject, self.question.errand.now);
        let mut reply = Reply::nothing(now);
        let (mut after, mut seen) = (None, 0usize);
        loop {
            let page = store.licences().by_holder(subject, after.as_ref(), PAGE).map_err(|error| {
                tracing::error!(%error, "the licences of a holder could not be read");
                SourceFault::Failed
            })?;
            seen = seen.saturating_add(page.items.len());
            for record in page.items.iter().filter(|record| record.metadata.type_code == licence_type) {
                if stands(record, now) {
                    reply.rows.push(self.row(record)?);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(reply);
            }
            if seen >= RECORDS_MAX {
                tracing::warn!(records = seen, "a holder has more licences than are looked through");
                return Err(SourceFault::Failed);
            }
            if clock::instant() >= self.until {
                return Err(SourceFault::Slow);
            }
        }
    }

    fn row(&self, record: &Record) -> Result<Row, SourceFault> {
        let mut fields = BTreeMap::new();
        let stated = licence_fields(record, Some(&self.question.subject), self.question.errand.now);
        for field in told(&self.question) {
            let value = stated.get(&field.name).map(|value| convert::value(field.kind, value)).transpose()?.flatten();
            fields.extend(value.map(|value| (field.name.clone(), value)));
        }
        Ok(Row { fields, licence: Some(record.identifier().clone()), disputes: Vec::new() })
    }
}

/// The fields that may be told.
fn told(question: &Question) -> impl Iterator<Item = &Field> {
    let resource: &Resource = &question.resource;
    resource.fields.iter().filter(|field| question.fields.contains(&field.name))
}

/// Whether nothing took its place, nobody ended or suspended it, and its time has come and is not over.
fn stands(record: &Record, now: Timestamp) -> bool {
    record.next.is_none() && record.standing_at(now) == Some(Status::Valid) && record.metadata.valid_from() <= now
}

#[cfg(test)]
mod tests {
    use crypto::licence::{Decision, Holder, HolderCodeType, Metadata, Operation};
    use crypto::time::Date;

    use super::*;

    #[test]
    fn only_within_its_time() {
        let day = |year| Date::new(year, 1, 1);
        let metadata = Metadata {
            name: "x".to_owned(),
            type_name: "x".to_owned(),
            type_code: "11100000000013338W009".to_owned(),
            number: "1".to_owned(),
            identifier: "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0".parse().unwrap(),
            issuer_name: "x".to_owned(),
            issuer_code: "11330105002500287C".to_owned(),
            issuer_level: None,
            issued: day(2025).unwrap(),
            holders: vec![Holder { name: "x".to_owned(), code: "1".to_owned(), code_type: HolderCodeType::OtherPerson }],
            valid_from: day(2026),
            valid_until: day(2027),
            extras: BTreeMap::new(),
        };
        let issued = day(2025).unwrap().start_in_china();
        let mut record = Record::new(metadata, "jws", b"document", issued);
        assert!(!stands(&record, day(2026).unwrap().start_in_china()), "before it is issued");
        let decision = Decision {
            operation: Operation::Issue,
            effective_at: issued,
            recorded_at: issued,
            reason: None,
            actor: "x".to_owned(),
            organisation: "x".to_owned(),
            successor: None,
        };
        record.apply(decision).unwrap();
        let (begins, ends) = (day(2026).unwrap().start_in_china(), day(2027).unwrap().end_in_china());
        for (at, expected) in [(begins.plus(-1), false), (begins, true), (ends.plus(-1), true), (ends, false)] {
            assert_eq!(stands(&record, at), expected, "{at}");
        }
    }
}
