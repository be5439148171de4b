//! What stands before a source: everything that keeps it from harm, and those who ask from waiting in vain.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time;

use super::berth::Berth;
use super::breaker::Ticket;
use super::desk::{Desk, End, Said};
use super::flight::{Flight, Flights, Key, Keys, Landing, Passenger};
use super::journal::Journal;
use super::kept::Kept;
use super::limits::{Limits, ms};
use super::source::Answer;
use super::tally::Meter;
use super::waiting::Waits;
use super::{Class, Question, Reply, Source, SourceFault, SourceState, State};
use crate::clock;
use crate::spread::Spread;
use crate::telemetry::{self, Fact};

/// A call that waits for its turn.
#[derive(Debug)]
struct Waiter {
    flight: Arc<Flight>,
    tell: oneshot::Sender<Result<Berth, State>>,
}

/// What stands before a source.
#[derive(Debug)]
pub(super) struct Guard {
    name: String,
    source: Arc<dyn Source>,
    limits: Limits,
    desk: Mutex<Desk<Waiter>>,
    flights: Flights,
    keys: Keys,
    kept: Arc<Kept>,
    meter: Option<Meter>,
    journal: Journal,
}

/// What is said to a question at once.
#[derive(Debug)]
pub(super) enum Asked {
    /// It is on its way, alone or with another.
    OnItsWay { flight: Arc<Flight>, is_shared: bool },
    /// Nothing is on record, as was said so long ago.
    Nothing(Arc<Reply>, Duration),
    /// It is not asked, and why.
    No(State),
}

/// The right to a call, or where it is told.
enum Boarding {
    Now(Berth),
    Later(oneshot::Receiver<Result<Berth, State>>),
}

impl Guard {
    /// Before this source.
    pub(super) fn new(
        name: &str,
        (source, limits): (Arc<dyn Source>, Limits),
        kept: Arc<Kept>,
        meter: Option<Meter>,
        spread: Option<Spread>,
    ) -> Self {
        let desk = Mutex::new(Desk::new(&limits, spread));
        let journal = Journal::new(name);
        let (flights, keys) = (Flights::default(), Keys::new());
        Self { name: name.to_owned(), source, limits, desk, flights, keys, kept, meter, journal }
    }

    /// The key of a question to this source. Another source of the same name has other keys: what one has said is not told of the other.
    pub(super) fn key(&self, question: &Question) -> Key {
        self.keys.of(question)
    }

    /// Asks, or joins who asks the same already. Whoever asks is told on their channel, unless it is known at once.
    pub(super) fn ask(self: &Arc<Self>, question: Question, key: Key, passenger: &Passenger, span: (Instant, Instant)) -> Asked {
        let (now, until) = span;
        if let Some((reply, age)) = self.kept.nothing(key, now, self.limits.negative_ttl()) {
            return Asked::Nothing(reply, age);
        }
        if until <= now {
            return Asked::No(State::TimedOut);
        }
        let mut boarding = None;
        let joined = self.flights.join_or(key, passenger, span, || {
            let flight = Flight::new(passenger.clone(), until);
            boarding = Some(self.come(&flight, &question, span)?);
            Ok(flight)
        });
        match (joined, boarding) {
            (Err(state), _) => Asked::No(state),
            (Ok((flight, is_shared)), None) => Asked::OnItsWay { flight, is_shared },
            (Ok((flight, is_shared)), Some(boarding)) => {
                // Runs on when whoever asked is gone: others may have joined, and how long an answer takes is worth knowing.
                let flying = Arc::clone(self).fly(Arc::clone(&flight), question, key, boarding);
                tokio::spawn(Box::pin(telemetry::carried(flying)));
                Asked::OnItsWay { flight, is_shared }
            }
        }
    }

    /// What was said before, if it is not older than this.
    pub(super) fn kept(&self, key: Key, now: Instant, age_max: Duration) -> Option<(Arc<Reply>, Duration)> {
        self.kept.records(key, now, age_max.min(self.limits.keep()))
    }

    /// By when nine of ten answers come that take longer than this.
    pub(super) fn expected(&self, waited: Duration) -> Option<Duration> {
        self.desk().expected(waited)
    }

    /// How long it would take who comes now, with those before them, in nine of ten cases.
    pub(super) fn expected_in_turn(&self, class: Class) -> Option<Duration> {
        self.desk().expected_in_turn(class)
    }

    /// Something came of a question.
    pub(super) fn outcome(&self, state: State) {
        tracing::debug!(source = self.name.as_str(), state = state.name(), "a question to a source has its outcome");
        if let Some(meter) = &self.meter {
            meter.outcome(state);
        }
    }

    /// How things stand.
    pub(super) fn state(&self, now: Instant) -> SourceState {
        let desk = self.desk();
        let (breaker, tried_in) = desk.breaker(now);
        let (in_flight, concurrency, waiting) = desk.load();
        let quantile = |permille| desk.latency().quantile(permille);
        SourceState {
            name: self.name.clone(),
            breaker,
            tried_in,
            in_flight,
            concurrency,
            waiting,
            p50: quantile(500),
            p90: quantile(900),
            p99: quantile(990),
        }
    }

    /// A call takes so long that it counts as failed.
    pub(super) fn slow(self: &Arc<Self>, ticket: &Ticket, now: Instant) {
        let mut desk = self.desk();
        desk.slow(ticket, now);
        self.seat(desk, now);
    }

    /// A call ended.
    pub(super) fn called(&self, took: Duration, fault: Option<SourceFault>) {
        tracing::debug!(
            source = self.name.as_str(),
            took_ms = took.as_secs_f64() * 1000.0,
            fault = fault.map(SourceFault::name),
            "a call of a source ended"
        );
        if let Some(meter) = &self.meter {
            meter.called(took, fault);
        }
    }

    /// A call is over: the next ones may go.
    pub(super) fn leave(this: &Arc<Self>, ticket: Option<&Ticket>, end: End, now: Instant) {
        let mut desk = this.desk();
        desk.leave(ticket, end, now);
        this.seat(desk, now);
    }

    /// Lets those go whose turn it is. They are told once the desk is free, because one who is gone gives the turn back to it.
    fn seat(self: &Arc<Self>, mut desk: MutexGuard<'_, Desk<Waiter>>, now: Instant) {
        let mut told = Vec::new();
        while let Some((waiter, turn)) = desk.next(now) {
            told.push((waiter, turn.map(|ticket| Berth::new(Arc::clone(self), ticket))));
        }
        self.note(&desk, now);
        drop(desk);
        for (waiter, turn) in told {
            drop(waiter.tell.send(turn));
        }
    }

    fn come(
        self: &Arc<Self>,
        flight: &Arc<Flight>,
        question: &Question,
        (now, until): (Instant, Instant),
    ) -> Result<Boarding, State> {
        let (tell, told) = oneshot::channel();
        let mut desk = self.desk();
        let said = desk.come(question.errand.class, (now, until), || Waiter { flight: Arc::clone(flight), tell });
        self.note(&desk, now);
        drop(desk);
        match said {
            Said::Go(ticket) => Ok(Boarding::Now(Berth::new(Arc::clone(self), ticket))),
            Said::No(state) => Err(state),
            Said::Wait(instead_of) => {
                if let Some(gone) = instead_of {
                    drop(gone.tell.send(Err(State::Overloaded)));
                }
                Ok(Boarding::Later(told))
            }
        }
    }

    async fn fly(self: Arc<Self>, flight: Arc<Flight>, question: Question, key: Key, boarding: Boarding) {
        let mut boarding = Ok(boarding);
        loop {
            let berth = match boarding {
                Ok(Boarding::Now(berth)) => Ok(berth),
                Ok(Boarding::Later(told)) => turn(&flight, told).await,
                Err(state) => Err(state),
            };
            let berth = match berth {
                Ok(berth) => berth,
                Err(state) => return self.flights.land(key, &flight, &Err(state)),
            };
            if self.call_twice_if_late(&flight, &question, key, berth).await {
                return;
            }
            // For who joined with more time than the source was told. There is at least one more of them each time that it is asked.
            let now = clock::tokio_instant().into_std();
            boarding = self.come(&flight, &question, (now, flight.until()));
        }
    }

    /// Calls, and calls a second time when the answer is late. What comes first counts, unless it is a fault and the other is not.
    /// False where nothing was told to anybody because there is time to ask again.
    async fn call_twice_if_late(self: &Arc<Self>, flight: &Arc<Flight>, question: &Question, key: Key, berth: Berth) -> bool {
        let asked = clock::tokio_instant().into_std();
        let until = flight.depart();
        let land = |answer| self.land(flight, (question, key), asked, answer);
        let mut first = pin!(self.call(question, berth, until));
        let answer = match self.hedge_after(question) {
            Some(after) => time::timeout(after, &mut first).await.ok(),
            None => Some(first.as_mut().await),
        };
        if let Some(answer) = answer {
            return land(answer);
        }
        let Some((berth, until)) = self.hedge(flight, question) else { return land(first.await) };
        let mut second = pin!(self.call(question, berth, until));
        // Both are heard to the end, so that how long they take is known.
        tokio::select! {
            biased;
            answer = &mut first => {
                if is_faulty(&answer) {
                    land(better(answer, second.await))
                } else {
                    let is_landed = land(answer);
                    drop(second.await);
                    is_landed
                }
            }
            answer = &mut second => {
                if is_faulty(&answer) {
                    land(better(first.await, answer))
                } else {
                    let is_landed = land(answer);
                    drop(first.await);
                    is_landed
                }
            }
        }
    }

    /// One call, for as long as the source may take, whoever still waits.
    async fn call(&self, question: &Question, mut berth: Berth, until: Instant) -> Result<Reply, SourceFault> {
        let began = clock::tokio_instant();
        berth.depart(began.into_std());
        let left = until.saturating_duration_since(began.into_std()).min(self.limits.timeout());
        tracing::trace!(source = self.name.as_str(), left_ms = left.as_secs_f64() * 1000.0, "a call of a source begins");
        let mut step = telemetry::question("ask");
        if step.is_recorded() {
            step.note("licet.source", Fact::Name(self.name.clone()));
        }
        let mut answer = pin!(step.doing(caught(&*self.source, question, left)));
        let timeout = self.limits.timeout();
        let slow = ms(self.limits.breaker.slow_ms).min(timeout);
        let in_time = time::timeout(slow, &mut answer).await;
        let answer = match in_time {
            Ok(answer) => answer,
            Err(_) => {
                berth.slow(clock::tokio_instant().into_std());
                time::timeout(timeout.saturating_sub(slow), answer).await.unwrap_or(Err(SourceFault::Slow))
            }
        };
        if let Err(fault) = &answer {
            step.fail(fault.name());
        }
        let now = clock::tokio_instant().into_std();
        berth.end(&answer, now);
        if matches!(answer, Err(SourceFault::Malformed)) {
            self.journal.malformed(&question.resource.code, now);
        }
        answer
    }

    fn hedge_after(&self, question: &Question) -> Option<Duration> {
        if question.resource.idempotent { self.desk().hedge_after() } else { None }
    }

    fn hedge(self: &Arc<Self>, flight: &Flight, question: &Question) -> Option<(Berth, Instant)> {
        let now = clock::tokio_instant().into_std();
        let ticket = self.desk().hedge(question.errand.class, (now, flight.until()))?;
        let until = flight.hedge();
        tracing::debug!(source = self.name.as_str(), "a source is asked a second time, as it is late");
        if let Some(meter) = &self.meter {
            meter.hedged();
        }
        Some((Berth::new(Arc::clone(self), ticket), until))
    }

    /// Keeps what came, and tells it to all who wait: unless the source was too slow for who asked first alone, and may be asked again
    /// for who joined them.
    fn land(
        &self,
        flight: &Arc<Flight>,
        (question, key): (&Question, Key),
        asked: Instant,
        answer: Result<Reply, SourceFault>,
    ) -> bool {
        let is_slow = matches!(answer, Err(SourceFault::Slow)) && question.resource.idempotent;
        if is_slow && flight.is_hurried(clock::tokio_instant().into_std()) {
            return false;
        }
        let landing: Landing = answer.map(Arc::new).map_err(state);
        match &landing {
            Ok(reply) if reply.rows.is_empty() => {
                // Whatever was on record before is not any more.
                self.kept.forget(key, asked);
                self.kept.keep(key, reply, asked, self.limits.negative_ttl());
            }
            Ok(reply) => {
                // Kept for those alone who may be given it later.
                let life = Duration::from_secs(question.stale_s_max.unwrap_or(0).into());
                self.kept.keep(key, reply, asked, life.min(self.limits.keep()));
            }
            Err(State::Refused) => self.kept.forget(key, asked),
            Err(_) => {}
        }
        self.flights.land(key, flight, &landing);
        true
    }

    fn note(&self, desk: &Desk<Waiter>, now: Instant) {
        let breaker = desk.breaker(now);
        // While the desk is held, so that its turns are told in their order.
        self.journal.breaker(breaker, now);
        if let Some(meter) = &self.meter {
            meter.stands(desk.load(), breaker.0);
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk<Waiter>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waits for Waiter {
    fn until(&self) -> Instant {
        self.flight.until()
    }
}

/// Waits for a turn, for as long as anybody waits for what comes of it.
async fn turn(flight: &Flight, mut told: oneshot::Receiver<Result<Berth, State>>) -> Result<Berth, State> {
    loop {
        let until = time::Instant::from_std(flight.until());
        match time::timeout_at(until, &mut told).await {
            Ok(turn) => return turn.unwrap_or(Err(State::Overloaded)),
            // Somebody may have joined who waits longer.
            Err(_) if flight.until() <= until.into_std() => return Err(State::Overloaded),
            Err(_) => {}
        }
    }
}

/// Asks a source that may panic: that is a failure as any other.
async fn caught(source: &dyn Source, question: &Question, left: Duration) -> Result<Reply, SourceFault> {
    let mut answer: Option<Answer<'_>> = None;
    poll_fn(|context| {
        let asked = || answer.get_or_insert_with(|| source.ask(question, left)).as_mut().poll(context);
        catch_unwind(AssertUnwindSafe(asked)).unwrap_or(Poll::Ready(Err(SourceFault::Failed)))
    })
    .await
}

const fn is_faulty(answer: &Result<Reply, SourceFault>) -> bool {
    matches!(answer, Err(fault) if fault.counts_against())
}

fn better(one: Result<Reply, SourceFault>, other: Result<Reply, SourceFault>) -> Result<Reply, SourceFault> {
    if is_faulty(&one) { other } else { one }
}

const fn state(fault: SourceFault) -> State {
    match fault {
        SourceFault::Unreachable | SourceFault::Failed | SourceFault::Malformed => State::Failed,
        SourceFault::Slow => State::TimedOut,
        SourceFault::Overloaded => State::Overloaded,
        SourceFault::Refused => State::Refused,
    }
}
