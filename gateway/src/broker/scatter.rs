//! The broker: questions out, outcomes in, all by one moment.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crypto::catalogue::Resource;
use tokio::sync::mpsc;
use tokio::time::{self, Sleep};

use super::flight::{Flight, Key, Landing, Passenger};
use super::guard::{Asked, Guard};
use super::kept::Kept;
use super::{BreakerState, Class, Limits, Outcome, Question, Settings, Source, State, Tally};
use crate::clock;
use crate::spread::Spread;

/// The name of the source that answers for resources that name none: the licences on record here.
pub const LOCAL: &str = "local";

/// Everything that questions go through to their sources.
#[derive(Debug)]
pub struct Broker {
    guards: BTreeMap<String, Arc<Guard>>,
    kept: Arc<Kept>,
    tally: Option<Tally>,
    seed: Option<u64>,
}

/// How a source stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// Its name in the configuration.
    pub name: String,
    /// Whether it is asked.
    pub breaker: BreakerState,
    /// Where it is not asked: after how long it is tried again.
    pub tried_in: Option<Duration>,
    /// Calls that are under way.
    pub in_flight: u32,
    /// How many calls it gets at the same time.
    pub concurrency: u32,
    /// Questions that wait for their turn.
    pub waiting: u32,
    /// Within how long half of its answers come.
    pub p50: Option<Duration>,
    /// Within how long nine of ten come.
    pub p90: Option<Duration>,
    /// Within how long 99 of a hundred come.
    pub p99: Option<Duration>,
}

/// What is coming in of questions that were asked together.
#[derive(Debug)]
pub struct Gathering {
    until: Pin<Box<Sleep>>,
    is_over: bool,
    ready: VecDeque<Outcome>,
    pending: BTreeMap<usize, Pending>,
    told: mpsc::UnboundedReceiver<(usize, Landing)>,
}

/// A question of which nothing has come yet.
#[derive(Debug)]
struct Pending {
    asked: Meta,
    flight: Arc<Flight>,
    is_shared: bool,
}

/// What is remembered of a question.
#[derive(Debug)]
struct Meta {
    place: usize,
    resource: Arc<Resource>,
    class: Class,
    stale_s_max: Option<u32>,
    key: Key,
    guard: Arc<Guard>,
    began: Instant,
}

impl Broker {
    /// Over these sources, by name.
    #[must_use]
    pub fn new(sources: BTreeMap<String, (Arc<dyn Source>, Limits)>, settings: Settings) -> Self {
        let Settings { kept_bytes_max, tally, seed } = settings;
        let empty = Self { guards: BTreeMap::new(), kept: Arc::new(Kept::new(kept_bytes_max)), tally, seed };
        empty.renewed(sources, &BTreeSet::new())
    }

    /// Over other sources. Those that are named as unchanged stay as they are, with what is known of them and what is under way.
    #[must_use]
    pub fn renewed(&self, sources: BTreeMap<String, (Arc<dyn Source>, Limits)>, unchanged: &BTreeSet<String>) -> Self {
        let mut seed = self.seed;
        let guards = sources.into_iter().map(|(name, (source, limits))| {
            if let Some(guard) = self.guards.get(&name).filter(|_| unchanged.contains(&name)) {
                return (name, Arc::clone(guard));
            }
            let meter = self.tally.as_ref().map(|tally| tally.of(&name));
            // Each source by a seed of its own.
            seed = seed.map(|seed| seed.wrapping_add(1));
            let guard = Guard::new(&name, (source, limits), Arc::clone(&self.kept), meter, seed.map(Spread::new));
            (name, Arc::new(guard))
        });
        let guards = guards.collect();
        Self { guards, kept: Arc::clone(&self.kept), tally: self.tally.clone(), seed }
    }

    /// Asks all of them at once. Each has its outcome by this moment; what is asked of sources runs on a while when nobody waits for it
    /// any more. Must be called within the runtime.
    #[must_use]
    pub fn scatter(self: &Arc<Self>, questions: Vec<Question>, until: time::Instant) -> Gathering {
        let began = clock::tokio_instant().into_std();
        let (tell, told) = mpsc::unbounded_channel();
        let mut gathering = Gathering {
            until: Box::pin(time::sleep_until(until)),
            is_over: false,
            ready: VecDeque::new(),
            pending: BTreeMap::new(),
            told,
        };
        for (place, question) in questions.into_iter().enumerate() {
            let name = question.resource.source.as_deref().unwrap_or(LOCAL);
            let Some(guard) = self.guards.get(name) else {
                gathering.ready.push_back(unknown(place, question.resource));
                continue;
            };
            let asked = Meta {
                place,
                resource: Arc::clone(&question.resource),
                class: question.errand.class,
                stale_s_max: question.stale_s_max,
                key: guard.key(&question),
                guard: Arc::clone(guard),
                began,
            };
            let passenger = Passenger { place, tell: tell.clone() };
            match guard.ask(question, asked.key, &passenger, (began, until.into_std())) {
                Asked::OnItsWay { flight, is_shared } => {
                    gathering.pending.insert(place, Pending { asked, flight, is_shared });
                }
                Asked::Nothing(reply, age) => {
                    let outcome = asked.outcome(State::NotFound, began);
                    gathering.ready.push_back(Outcome { reply: Some(reply), age: Some(age), is_shared: true, ..outcome });
                }
                Asked::No(state) => gathering.ready.push_back(asked.without_answer(state, began)),
            }
        }
        gathering
    }

    /// How every source stands, by name.
    #[must_use]
    pub fn state(&self) -> Vec<SourceState> {
        let now = clock::tokio_instant().into_std();
        self.guards.values().map(|guard| guard.state(now)).collect()
    }
}

impl Gathering {
    /// The next outcome: as they come, and all by the deadline. None when there are no more.
    pub async fn next(&mut self) -> Option<Outcome> {
        loop {
            if let Some(outcome) = self.ready.pop_front() {
                return Some(outcome);
            }
            if self.pending.is_empty() {
                return None;
            }
            let came = self.came().await;
            let now = clock::tokio_instant().into_std();
            if let Some((place, landing)) = came {
                let pending = self.pending.remove(&place);
                self.ready.extend(pending.map(|pending| pending.landed(landing, now)));
            } else {
                let pending = std::mem::take(&mut self.pending);
                self.ready.extend(pending.into_values().map(|pending| pending.given_up(now)));
            }
        }
    }

    /// What comes next, or nothing when it is time. What came in the same moment still counts.
    async fn came(&mut self) -> Option<(usize, Landing)> {
        if !self.is_over {
            tokio::select! {
                biased;
                came = self.told.recv() => return came,
                () = &mut self.until => self.is_over = true,
            }
        }
        self.told.try_recv().ok()
    }
}

impl Pending {
    fn landed(self, landing: Landing, now: Instant) -> Outcome {
        let (was_asked, is_hedged) = self.flight.is_departed_and_hedged();
        let outcome = match landing {
            Ok(reply) => {
                let state = if reply.rows.is_empty() { State::NotFound } else { State::Answered };
                Outcome { reply: Some(reply), ..self.asked.outcome(state, now) }
            }
            Err(state) => self.asked.without_answer(state, now),
        };
        Outcome { was_asked, is_hedged, is_shared: self.is_shared, ..outcome }
    }

    /// It is time, and nothing has come: the source did not answer, or was not even asked because others were before.
    fn given_up(self, now: Instant) -> Outcome {
        let (was_asked, is_hedged) = self.flight.is_departed_and_hedged();
        let state = if was_asked { State::TimedOut } else { State::Overloaded };
        Outcome { was_asked, is_hedged, is_shared: self.is_shared, ..self.asked.without_answer(state, now) }
    }
}

impl Meta {
    fn outcome(&self, state: State, now: Instant) -> Outcome {
        self.guard.outcome(state);
        Outcome {
            place: self.place,
            resource: Arc::clone(&self.resource),
            state,
            reply: None,
            instead_of: None,
            age: None,
            took: now.saturating_duration_since(self.began),
            is_shared: false,
            was_asked: false,
            is_hedged: false,
            expected: None,
        }
    }

    /// What is told where the source has not answered: what it said before, if the permit allows that.
    fn without_answer(&self, state: State, now: Instant) -> Outcome {
        // A refusal is an answer, and what was told before would go around it.
        let age_max = self.stale_s_max.filter(|_| state != State::Refused).map(|max| Duration::from_secs(max.into()));
        let kept = age_max.and_then(|max| self.guard.kept(self.key, now, max));
        let mut outcome = self.outcome(if kept.is_some() { State::Stale } else { state }, now);
        if let Some((reply, age)) = kept {
            outcome.instead_of = Some(state);
            outcome.reply = Some(reply);
            outcome.age = Some(age);
        }
        outcome.expected = match state {
            State::TimedOut => self.guard.expected(outcome.took),
            State::Overloaded => self.guard.expected_in_turn(self.class),
            _ => None,
        };
        outcome
    }
}

/// A source that the configuration does not have.
fn unknown(place: usize, resource: Arc<Resource>) -> Outcome {
    Outcome {
        place,
        resource,
        state: State::Failed,
        reply: None,
        instead_of: None,
        age: None,
        took: Duration::ZERO,
        is_shared: false,
        was_asked: false,
        is_hedged: false,
        expected: None,
    }
}
