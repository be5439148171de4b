//! Sources that do as they are told, and questions to them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crypto::catalogue::Resource;
use crypto::grants::{Authority, Consumer};
use crypto::licence::{HolderCodeType, HolderNumber};
use crypto::time::Timestamp;
use gateway::broker::{
    Answer, Broker, Class, Errand, Gathering, Limits, Outcome, Question, Reply, Row, Settings, Source, SourceFault, State, Tally,
};
use gateway::clock;
use prometheus::{Registry, TextEncoder};
use serde_json::json;
use tokio::time::Instant;

/// What a source does with a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Does {
    /// After how many milliseconds; never when absent.
    pub(super) after: Option<u64>,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Tells,
    HasNothing,
    Lies,
    /// Tells, unless it is given less time than that takes: then it gives up when the time is over.
    TellsOrGivesUp,
    Fails(SourceFault),
    Panics,
}

/// A call that a source got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) subject: String,
    pub(super) class: Class,
    pub(super) at: Instant,
    /// How long it was told that there is.
    pub(super) left: Duration,
    /// When it is answered.
    pub(super) end: Option<Instant>,
    pub(super) what: What,
}

/// A source that does as it is told: by the subject, and how many calls came before.
pub(super) struct Scripted<F> {
    script: F,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl<F> std::fmt::Debug for Scripted<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl<F: Fn(&str, usize) -> Does + Send + Sync> Source for Scripted<F> {
    fn ask<'a>(&'a self, question: &'a Question, left: Duration) -> Answer<'a> {
        let subject = question.subject.expose().to_owned();
        let at = clock::tokio_instant();
        let mut seen = self.seen.lock().unwrap();
        let does = (self.script)(&subject, seen.len());
        let end = does.after.map(|ms| at + Duration::from_millis(ms));
        let class = question.errand.class;
        seen.push(Seen { subject: subject.clone(), class, at, left, end, what: does.what });
        drop(seen);
        assert!(does.after.is_some() || does.what != What::Panics, "panics at once");
        Box::pin(async move {
            let work = async {
                match end {
                    Some(end) => tokio::time::sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            let patience = if does.what == What::TellsOrGivesUp { left } else { Duration::MAX };
            if tokio::time::timeout(patience, work).await.is_err() {
                return Err(SourceFault::Slow);
            }
            let value = match does.what {
                What::Tells | What::TellsOrGivesUp => format!("{subject} by {}", question.resource.code),
                What::Lies => format!("{subject} by nobody"),
                What::HasNothing => return Ok(Reply::nothing(question.errand.now)),
                What::Fails(fault) => return Err(fault),
                What::Panics => panic!("as told"),
            };
            let fields = question.fields.iter().map(|name| (name.clone(), json!(value))).collect();
            Ok(Reply { rows: vec![Row { fields, licence: None, disputes: Vec::new() }], as_of: question.errand.now })
        })
    }
}

/// A broker over scripted sources.
pub(super) struct World {
    pub(super) broker: Arc<Broker>,
    pub(super) tally: Tally,
    seen: BTreeMap<String, Arc<Mutex<Vec<Seen>>>>,
}

/// Sources before they are put together.
#[derive(Default)]
pub(super) struct Sources {
    sources: BTreeMap<String, (Arc<dyn Source>, Limits)>,
    seen: BTreeMap<String, Arc<Mutex<Vec<Seen>>>>,
}

impl Sources {
    pub(super) fn with<F>(mut self, name: &str, limits: Limits, script: F) -> Self
    where
        F: Fn(&str, usize) -> Does + Send + Sync + 'static,
    {
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        self.seen.insert(name.to_owned(), Arc::clone(&seen));
        self.sources.insert(name.to_owned(), (Arc::new(Scripted { script, seen }), limits));
        self
    }

    pub(super) fn build(self) -> World {
        let tally = Tally::new().unwrap();
        let settings = Settings { tally: Some(tally.clone()), ..Settings::default() };
        World { broker: Arc::new(Broker::new(self.sources, settings)), tally, seen: self.seen }
    }
}

impl World {
    /// One source of this name that answers all calls alike.
    pub(super) fn of(name: &str, does: Does) -> Self {
        Sources::default().with(name, Limits::default(), move |_, _| does).build()
    }

    pub(super) fn scatter(&self, questions: Vec<Question>, ms: u64) -> Gathering {
        self.broker.scatter(questions, clock::tokio_instant() + Duration::from_millis(ms))
    }

    /// What came of the questions within so many milliseconds, by place.
    pub(super) async fn ask(&self, questions: Vec<Question>, ms: u64) -> Vec<Outcome> {
        let (began, count) = (clock::tokio_instant(), questions.len());
        let outcomes = all(self.scatter(questions, ms)).await;
        assert!(clock::tokio_instant() <= began + Duration::from_millis(ms));
        assert_eq!(outcomes.iter().map(|outcome| outcome.place).collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
        outcomes
    }

    pub(super) async fn one(&self, question: Question, ms: u64) -> Outcome {
        self.ask(vec![question], ms).await.pop().unwrap()
    }

    /// The calls that a source got.
    pub(super) fn seen(&self, name: &str) -> Vec<Seen> {
        self.seen[name].lock().unwrap().clone()
    }
}

/// Everything that comes of a gathering, by place.
pub(super) async fn all(mut gathering: Gathering) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    while let Some(outcome) = gathering.next().await {
        outcomes.push(outcome);
    }
    outcomes.sort_by_key(|outcome| outcome.place);
    outcomes
}

pub(super) const fn tells(after: u64) -> Does {
    Does { after: Some(after), what: What::Tells }
}

pub(super) const fn nothing(after: u64) -> Does {
    Does { after: Some(after), what: What::HasNothing }
}

pub(super) const fn fails(after: u64, fault: SourceFault) -> Does {
    Does { after: Some(after), what: What::Fails(fault) }
}

pub(super) const NEVER: Does = Does { after: None, what: What::Tells };

/// A resource that this source answers for.
pub(super) fn resource(source: &str) -> Arc<Resource> {
    let resource = json!({
        "code": format!("{source}/1"), "name": source, "provider": "11330105002500287C", "share": "conditional", "legal_basis": "law",
        "sensitivity": "personal", "subjects": ["999"], "update": "live", "source": source, "idempotent": true,
        "sla": { "latency_ms": 100, "slow_permille_max": 10, "error_permille_max": 10 },
        "fields": [
            { "name": "name", "title": "name", "type": "text", "attribute": "person.name" },
            { "name": "note", "title": "note", "type": "text" },
        ],
    });
    Arc::new(serde_json::from_value(resource).unwrap())
}

/// A question about a subject to a source.
pub(super) fn question(source: &str, subject: &str) -> Question {
    let errand = Errand {
        now: Timestamp::from_unix(1_800_000_000),
        request_id: "request".into(),
        consumer: Consumer { caller: "counter".into(), organisation: "11330105002500287C".into() },
        authority: Authority::Duty,
        item: "item".into(),
        purpose: None,
        case: None,
        operator: None,
        class: Class::Interactive,
    };
    Question {
        subject: HolderNumber::parse(HolderCodeType::OtherPerson, subject, "2026-07-01".parse().unwrap()).unwrap(),
        resource: resource(source),
        fields: ["name".to_owned()].into(),
        stale_s_max: None,
        errand: Arc::new(errand),
    }
}

/// The same with something else about what it is for.
pub(super) fn errand(mut question: Question, change: impl FnOnce(&mut Errand)) -> Question {
    change(Arc::make_mut(&mut question.errand));
    question
}

/// The same as part of a batch.
pub(super) fn batch(question: Question) -> Question {
    errand(question, |errand| errand.class = Class::Batch)
}

/// The value that came.
pub(super) fn told(outcome: &Outcome) -> Option<&str> {
    outcome.reply.as_ref()?.rows.first()?.fields["name"].as_str()
}

pub(super) fn states(outcomes: &[Outcome]) -> Vec<State> {
    outcomes.iter().map(|outcome| outcome.state).collect()
}

pub(super) async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// All metrics of the sources.
pub(super) fn text(tally: &Tally) -> String {
    let registry = Registry::new();
    for collector in tally.collectors() {
        registry.register(collector).unwrap();
    }
    TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
}
