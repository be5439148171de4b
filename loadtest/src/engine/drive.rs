//! Sends requests when they are due, over connections that each have one at a time.
//!
//! What is due while all connections of its caller are taken waits for one, and its time runs.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex as Turn;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::pace;
use super::plan::{Load, Plan};
use super::tally::{Ended, Tally};
use crate::arrivals::{self, Arrivals, Rhythm};
use crate::asks::{Ask, Outcome};
use crate::target::Connection;
use crate::time::now;

/// Something that asks, one request at a time.
pub trait Caller: Send + 'static {
    /// Gets ready, so that the first request has not to wait.
    fn open(&mut self) -> impl Future<Output = Result<(), String>> + Send;

    /// Asks.
    fn ask(&mut self, ask: &Ask) -> impl Future<Output = Outcome> + Send;
}

impl Caller for Connection {
    async fn open(&mut self) -> Result<(), String> {
        self.open().await
    }

    async fn ask(&mut self, ask: &Ask) -> Outcome {
        match self.exchange(&ask.request).await {
            Ok(reply) => ask.expectation.judge(&reply),
            Err(reason) => Outcome::Failed(Cow::Owned(reason)),
        }
    }
}

/// A request that is due.
struct Job {
    due: Instant,
    ask: Ask,
}

/// The requests of one lane that nobody has taken up yet.
type Queue = Arc<Turn<UnboundedReceiver<Job>>>;

/// What takes up requests of one lane.
struct Worker<C> {
    caller: C,
    place: usize,
    queue: Queue,
    tally: Arc<Mutex<Tally>>,
    patience: Duration,
    /// Told of each end, where the next request waits for that.
    ended: Option<UnboundedSender<()>>,
}

/// Hands out requests to lanes.
struct Dispatcher<N> {
    lanes: Vec<UnboundedSender<Job>>,
    tally: Arc<Mutex<Tally>>,
    next: N,
    left: u64,
}

/// Carries out a plan over these connections, which stand in lanes by caller, and gives them back for the next one.
///
/// # Errors
/// No connection, or no request; in a sentence.
pub async fn drive<C: Caller>(
    plan: &Plan,
    mut lanes: Vec<Vec<C>>,
    next: impl FnMut() -> Result<Ask, String>,
) -> Result<(Tally, Vec<Vec<C>>), String> {
    for caller in lanes.iter_mut().flatten() {
        caller.open().await?;
    }
    let started = now();
    let (begins, ends) = (started + plan.warm, started + plan.warm + plan.lasts);
    let tally = Arc::new(Mutex::new(Tally::new(begins, ends)));
    let (ended, mut ends_of_requests) = unbounded_channel();
    let ended = matches!(plan.load, Load::Closed { .. }).then_some(ended);
    let (mut workers, mut senders, mut back) = (JoinSet::new(), Vec::new(), Vec::new());
    for (place, callers) in lanes.into_iter().enumerate() {
        let (sender, receiver) = unbounded_channel();
        let queue = Arc::new(Turn::new(receiver));
        for caller in callers {
            let (queue, tally) = (Arc::clone(&queue), Arc::clone(&tally));
            workers.spawn(Worker { caller, place, queue, tally, patience: plan.patience, ended: ended.clone() }.run());
        }
        senders.push(sender);
        back.push(Vec::new());
    }
    drop(ended);
    let mut dispatcher = Dispatcher { lanes: senders, tally: Arc::clone(&tally), next, left: plan.requests_max };
    let outcome = match plan.load {
        Load::Open { per_second, rhythm } => {
            let arrivals = Arrivals::new(rhythm, per_second, plan.warm + plan.lasts, plan.seed);
            dispatcher.open(pace::start(plan.pace, arrivals, started)).await
        }
        Load::Surge { usual, surge } => {
            let arrivals = arrivals::surge(Rhythm::Random, (usual, surge), plan.warm + plan.lasts, plan.seed);
            dispatcher.open(pace::start(plan.pace, arrivals, started)).await
        }
        Load::Closed { callers } => dispatcher.closed(callers, &mut ends_of_requests, ends).await,
    };
    // Without senders, workers end when their queue is empty.
    drop(dispatcher);
    while let Some(worker) = workers.join_next().await {
        let (place, caller) = worker.map_err(|error| error.to_string())?;
        if let Some(lane) = back.get_mut(place) {
            lane.push(caller);
        }
    }
    outcome?;
    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((tally, back))
}

impl<N: FnMut() -> Result<Ask, String>> Dispatcher<N> {
    /// Requests when they are due.
    async fn open(&mut self, mut due: UnboundedReceiver<Instant>) -> Result<(), String> {
        while self.left > 0 {
            let Some(due) = due.recv().await else { break };
            self.send(due)?;
        }
        Ok(())
    }

    /// So many at a time, each when another one has come to its end.
    async fn closed(&mut self, callers: u64, ended: &mut UnboundedReceiver<()>, until: Instant) -> Result<(), String> {
        for _ in 0..callers.min(self.left) {
            self.send(now())?;
        }
        while self.left > 0 && ended.recv().await.is_some() && now() < until {
            self.send(now())?;
        }
        Ok(())
    }

    fn send(&mut self, due: Instant) -> Result<(), String> {
        self.left -= 1;
        let ask = (self.next)()?;
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).due(due, now());
        let lane = self.lanes.get(ask.lane.place()).ok_or("no connections for such a caller")?;
        lane.send(Job { due, ask }).map_err(|_error| "no connections for such a caller".to_owned())
    }
}

impl<C: Caller> Worker<C> {
    async fn run(mut self) -> (usize, C) {
        loop {
            // Who waits longest takes the next one.
            let job = self.queue.lock().await.recv().await;
            let Some(Job { due, ask }) = job else { return (self.place, self.caller) };
            let sent = Some(now()).filter(|now| now.saturating_duration_since(due) <= self.patience);
            let outcome = match sent {
                Some(_) => self.caller.ask(&ask).await,
                None => Outcome::Failed(Cow::Borrowed("not sent: no connection was free in time")),
            };
            let ended = Ended { kind: ask.kind, due, sent, at: now() };
            self.tally.lock().unwrap_or_else(PoisonError::into_inner).record(ended, outcome);
            if let Some(told) = &self.ended {
                // Nobody listens any more at the end.
                told.send(()).unwrap_or_default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;

    use super::super::Pace;
    use super::*;
    use crate::asks::{Expectation, Lane};
    use crate::mix::Kind;

    /// A server that answers after a millisecond, but for a second in which it does nothing.
    struct Stalling {
        from: Instant,
    }

    impl Caller for Stalling {
        async fn open(&mut self) -> Result<(), String> {
            Ok(())
        }

        async fn ask(&mut self, _ask: &Ask) -> Outcome {
            let until = self.from + Duration::from_secs(1);
            if (self.from..until).contains(&now()) {
                tokio::time::sleep_until(until.into()).await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            Outcome::Good
        }
    }

    fn ask() -> Result<Ask, String> {
        let expectation = Expectation { statuses: &[200], says: None };
        Ok(Ask { kind: Kind::VerifyId, lane: Lane::Verifier, request: Bytes::new(), expectation })
    }

    fn stalling(connections: usize) -> Vec<Vec<Stalling>> {
        let from = now() + Duration::from_secs(3);
        vec![(0..connections).map(|_| Stalling { from }).collect()]
    }

    fn plan(load: Load) -> Plan {
        let plan = Plan { pace: Pace::Timers, ..Plan::new(load, Duration::from_secs(10)) };
        plan.cold()
    }

    #[tokio::test(start_paused = true)]
    async fn everything_that_is_due_during_a_stall_is_late() {
        let load = Load::Open { per_second: 1_000, rhythm: Rhythm::Steady };
        let (tally, back) = drive(&plan(load), stalling(16), ask).await.unwrap();
        let all = tally.all();
        assert_eq!((all.good(), all.bad(), back[0].len()), (10_000, 0, 16));
        let late = all.due.longer_than(Duration::from_millis(10));
        assert!((985..1_150).contains(&late), "{late}");
        // Half of them waited for more than half of a second.
        let very = all.due.longer_than(Duration::from_millis(500));
        assert!((495..580).contains(&very), "{very}");
        assert!(all.due.quantile(0.99) > Duration::from_millis(850));
        // Whoever counts from the sending sees nothing of it but for the sixteen that were under way.
        assert!(all.sent.longer_than(Duration::from_millis(10)) <= 17);
        assert_eq!(tally.timeline.0.iter().map(|slot| slot.due).sum::<u32>(), 10_000);
        assert!(tally.timeline.0[30..39].iter().all(|slot| slot.good <= 16));
    }

    #[tokio::test(start_paused = true)]
    async fn callers_who_wait_for_answers_hide_a_stall() {
        let (tally, _) = drive(&plan(Load::Closed { callers: 8 }), stalling(16), ask).await.unwrap();
        let all = tally.all();
        assert!(all.good() > 30_000, "{}", all.good());
        assert!(all.due.longer_than(Duration::from_millis(10)) <= 8);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_no_patience_gives_up_and_numbers_are_bounded() {
        let load = Load::Open { per_second: 1_000, rhythm: Rhythm::Steady };
        let plan = plan(load).patient(Duration::from_millis(100));
        let (tally, _) = drive(&plan, stalling(4), ask).await.unwrap();
        let all = tally.all();
        assert!((850..1_000).contains(&all.unsent), "{}", all.unsent);
        assert_eq!(all.good() + all.unsent, 10_000);
        let few = Plan { requests_max: 123, ..plan };
        assert_eq!(drive(&few, stalling(4), ask).await.unwrap().0.all().good(), 123);
    }

    #[tokio::test(start_paused = true)]
    async fn the_beginning_is_not_counted() {
        let load = Load::Open { per_second: 100, rhythm: Rhythm::Random };
        let plan = Plan { warm: Duration::from_secs(5), ..plan(load) };
        let (tally, _) = drive(&plan, stalling(64), ask).await.unwrap();
        // The stall lies in it.
        assert_eq!(tally.all().due.longer_than(Duration::from_millis(10)), 0);
        assert!((900..1_100).contains(&tally.all().good()));
    }
}
