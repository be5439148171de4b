//! Those who ask all the time, and what they see.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;

use super::facts::{Facts, Known, Which};
use crate::asks::post;
use crate::dataset::{Dataset, ordinary, sealed};
use crate::target::Connection;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    /// A licence by its identifier, by who may ask under both.
    Identifier,
    /// The same by a caller that may ask under one of them alone.
    Reader,
    /// A file that is too large under one of them.
    Large,
}

/// The requests.
#[derive(Clone, Debug)]
pub(super) struct Questions {
    identifier: Bytes,
    large: Bytes,
}

/// Which configuration is in force, as far as it is certain: the count goes up by one when a change begins, and again when it ends.
#[derive(Debug)]
pub(super) struct Stage(AtomicU64);

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Answers.
    pub answers: u64,
    /// Answers that are of neither as a whole.
    pub mixed: u64,
    /// Answers of one that was not in force any more when they were asked for.
    pub late: u64,
    /// Requests without an answer that could be read.
    pub failed: u64,
    /// Connections that were closed before they had answered.
    pub dropped: u64,
    /// The first that went wrong.
    pub complaint: Option<String>,
}

/// One of them.
pub(super) struct Watcher {
    pub(super) connection: Connection,
    pub(super) question: Question,
    pub(super) request: Bytes,
    pub(super) stage: Arc<Stage>,
    pub(super) known: Arc<Known>,
}

/// The count that ends it.
const END: u64 = u64::MAX;

impl Question {
    pub(super) const ALL: [Self; 3] = [Self::Identifier, Self::Reader, Self::Large];

    /// All requests.
    pub(super) fn all(dataset: &Dataset) -> Result<Questions, String> {
        const PATH: &str = "/v1/verifications?depth=simple&receipt=true";
        let body = format!("{{\"identifier\":\"{}\"}}", dataset.identifier(ordinary(0))?);
        let paper = dataset.paper(sealed(0))?;
        Ok(Questions {
            identifier: post(PATH, "application/json", body.as_bytes()),
            large: post(PATH, paper.media_type, &paper.bytes),
        })
    }
}

impl Questions {
    pub(super) const fn request(&self, question: Question) -> &Bytes {
        match question {
            Question::Identifier | Question::Reader => &self.identifier,
            Question::Large => &self.large,
        }
    }
}

impl Stage {
    /// This one is in force. Counts that leave 0 are of A, those that leave 2 of B; odd ones are changes.
    pub(super) const fn new(which: Which) -> Self {
        Self(AtomicU64::new(match which {
            Which::A => 0,
            Which::B => 2,
        }))
    }

    /// A change begins.
    pub(super) fn changes(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// It has ended, and this one is in force.
    pub(super) fn settled(&self, which: Which) {
        let now = self.0.fetch_add(1, Ordering::AcqRel) + 1;
        debug_assert_eq!(certain(now), Some(which));
    }

    /// Nobody asks any more.
    pub(super) fn end(&self) {
        self.0.store(END, Ordering::Release);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

const fn certain(count: u64) -> Option<Which> {
    match count % 4 {
        0 => Some(Which::A),
        2 => Some(Which::B),
        _ => None,
    }
}

/// Asks once, for something that must be answered.
pub(super) async fn ask(connection: &mut Connection, request: &[u8]) -> Result<Facts, String> {
    let reply = connection.exchange(request).await?;
    let said = serde_json::from_slice(reply.body).unwrap_or_default();
    let beginning = String::from_utf8_lossy(reply.body.get(..reply.body.len().min(300)).unwrap_or_default());
    Facts::of(reply.status, &said).ok_or_else(|| format!("{} {beginning}", reply.status))
}

impl Watcher {
    pub(super) async fn run(mut self) -> Watched {
        let mut seen = Watched::default();
        loop {
            let before = self.stage.count();
            if before == END {
                // A server that refuses to read a body may close behind its answer, as HTTP/1.1 says: that is no drop.
                if self.question != Question::Large {
                    seen.dropped = self.connection.broken();
                    let complaint = (seen.dropped > 0).then(|| format!("{:?}: {} times dropped", self.question, seen.dropped));
                    seen.complaint = seen.complaint.or(complaint);
                }
                return seen;
            }
            let asked = ask(&mut self.connection, &self.request).await;
            let after = self.stage.count();
            seen.take(self.question, asked, &self.known, (before == after).then(|| certain(before)).flatten());
        }
    }
}

impl Watched {
    fn take(&mut self, question: Question, asked: Result<Facts, String>, known: &Known, must: Option<Which>) {
        let (counted, complaint) = match asked {
            Err(reason) => (&mut self.failed, reason),
            Ok(facts) => {
                self.answers += 1;
                match (known.which(question, &facts), must) {
                    (None, _) => (&mut self.mixed, format!("{question:?}: {facts:?}")),
                    (Some(which), Some(must)) if which != must => {
                        (&mut self.late, format!("{question:?} under {must:?}: {facts:?}"))
                    }
                    _ => return,
                }
            }
        };
        *counted += 1;
        self.complaint.get_or_insert(complaint);
    }

    /// Takes over what another one saw.
    pub(super) fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.mixed += other.mixed;
        self.late += other.late;
        self.failed += other.failed;
        self.dropped += other.dropped;
        self.complaint = self.complaint.take().or(other.complaint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_certain_counts_and_what_changes_does_not() {
        let stage = Stage::new(Which::B);
        assert_eq!(certain(stage.count()), Some(Which::B));
        stage.changes();
        assert_eq!(certain(stage.count()), None);
        stage.settled(Which::A);
        assert_eq!(certain(stage.count()), Some(Which::A));

        let (mut known, refused) = (Known::default(), |code: &str| Facts::Refused(code.to_owned()));
        known.learn(Which::A, Question::Large, refused("a"));
        known.learn(Which::B, Question::Large, refused("b"));
        let mut seen = Watched::default();
        let mut take = |asked, must| {
            seen.take(Question::Large, asked, &known, must);
            (seen.answers, seen.mixed, seen.late, seen.failed)
        };
        assert_eq!(take(Ok(refused("a")), Some(Which::A)), (1, 0, 0, 0));
        assert_eq!(take(Ok(refused("b")), None), (2, 0, 0, 0));
        assert_eq!(take(Ok(refused("b")), Some(Which::A)), (3, 0, 1, 0));
        assert_eq!(take(Ok(refused("c")), None), (4, 1, 1, 0));
        assert_eq!(take(Err("gone".to_owned()), None), (4, 1, 1, 1));
    }
}
