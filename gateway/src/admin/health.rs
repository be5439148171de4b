//! Whether the gateway can do its work right now, found by doing it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crypto::time::Timestamp;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time;

use super::check::{Check, Found, Sight, State};

/// Time in which every piece of work must be done.
const TIME_MAX: Duration = Duration::from_secs(5);

/// Where an operator reads what to do.
const PAGES: &str = "docs/OPERATIONS.md#";

/// The checks: each piece of work one at a time, however often anybody asks.
#[derive(Debug)]
pub struct Health<S = Sight> {
    rows: Vec<Row<S>>,
    /// How each check stood the last time, and since when.
    since: Mutex<BTreeMap<&'static str, (State, Timestamp)>>,
}

#[derive(Debug)]
struct Row<S> {
    check: Arc<Check<S>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// How the gateway stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether callers should be sent here.
    pub ready: bool,
    /// The worst of all checks.
    pub state: State,
    /// Why not, each with the name of its check.
    pub reasons: Vec<String>,
    /// What somebody should look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Every check.
    pub checks: Vec<CheckView>,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckView {
    /// Its name.
    pub name: &'static str,
    /// How well it works.
    pub state: State,
    /// Since when it has been seen so.
    pub since: Timestamp,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where an operator reads what to do.
    pub page: String,
}

impl<S: Clone + Send + Sync + 'static> Health<S> {
    /// These checks.
    #[must_use]
    pub fn new(checks: Vec<Check<S>>) -> Self {
        let row = |check| Row { check: Arc::new(check), turn: Arc::default() };
        Self { rows: checks.into_iter().map(row).collect(), since: Mutex::default() }
    }

    /// How the gateway stands. It is known within five seconds.
    pub async fn report(&self, sight: &S, now: Timestamp, is_draining: bool) -> Report {
        if is_draining {
            let found = Found::not_ready("the gateway is stopping");
            return Report::of(vec![self.view("shutdown", "stopping", &found, now)]);
        }
        let found = self.round(sight).await;
        let views = self.rows.iter().zip(found);
        Report::of(views.map(|(row, found)| self.view(row.check.name, row.check.page, &found, now)).collect())
    }

    /// What each check finds, in their order.
    async fn round(&self, sight: &S) -> Vec<Found> {
        let mut found: Vec<Option<Found>> = vec![None; self.rows.len()];
        let mut works = JoinSet::new();
        for (place, row) in self.rows.iter().enumerate() {
            let glanced = row.check.glance.as_ref().map(|look| look(sight));
            match (glanced, row.check.work.is_some()) {
                (Some(glanced), is_work) if !is_work || glanced.state != State::Ready => set(&mut found, place, glanced),
                (None, false) => set(&mut found, place, Found::ready()),
                (_, true) => {
                    let (check, turn, sight) = (Arc::clone(&row.check), Arc::clone(&row.turn), sight.clone());
                    works.spawn(async move { (place, work(check, turn, sight).await) });
                }
                (Some(_), false) => {}
            }
        }
        while let Some(done) = works.join_next().await {
            if let Ok((place, done)) = done {
                set(&mut found, place, done);
            }
        }
        // Only a piece of work that broke down is missing.
        found.into_iter().map(|found| found.unwrap_or_else(|| Found::not_ready("the check itself broke down"))).collect()
    }

    fn view(&self, name: &'static str, page: &'static str, found: &Found, now: Timestamp) -> CheckView {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let stood = since.entry(name).or_insert((found.state, now));
        if stood.0 != found.state {
            *stood = (found.state, now);
        }
        let reason = (!found.reasons.is_empty()).then(|| found.reasons.join("; "));
        CheckView { name, state: found.state, since: stood.1, reason, page: format!("{PAGES}{page}") }
    }
}

fn set(found: &mut [Option<Found>], place: usize, now: Found) {
    if let Some(found) = found.get_mut(place) {
        *found = Some(now);
    }
}

/// Does a piece of work in its turn, on a thread of its own.
async fn work<S: Send + Sync + 'static>(check: Arc<Check<S>>, turn: Arc<tokio::sync::Mutex<()>>, sight: S) -> Found {
    let late = || Found::not_ready(format!("not done within {} s", TIME_MAX.as_secs()));
    let working = async move {
        let turn = turn.lock_owned().await;
        let worked = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, not with who waits for it: a disk that hangs holds one thread, however often it is asked.
            let _turn = turn;
            check.work.as_ref().map_or_else(Found::ready, |look| look(&sight))
        });
        worked.await.unwrap_or_else(|_panic| Found::not_ready("the check itself broke down"))
    };
    time::timeout(TIME_MAX, working).await.unwrap_or_else(|_late| late())
}

impl Report {
    fn of(checks: Vec<CheckView>) -> Self {
        let state = checks.iter().map(|check| check.state).max().unwrap_or(State::Ready);
        let told = |serves: bool| -> Vec<String> {
            let told = checks.iter().filter(|check| check.state.serves() == serves);
            told.filter_map(|check| Some(format!("{}: {}", check.name, check.reason.as_ref()?))).collect()
        };
        Self { ready: state.serves(), state, reasons: told(false), warnings: told(true), checks }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn not_ready(reason: &'static str) -> impl Fn(&()) -> Found {
        move |_| Found::not_ready(reason)
    }

    #[tokio::test]
    async fn the_worst_check_decides_and_every_reason_is_given() {
        let warned = |(): &()| Found::degraded(vec!["one".to_owned(), "two".to_owned()]);
        let fine = Health::new(vec![Check::work("verify", "verify", |_| Found::ready())]).report(&(), NOW, false).await;
        assert_eq!((fine.ready, fine.state, fine.reasons.len(), fine.warnings.len()), (true, State::Ready, 0, 0));

        let checks = vec![Check::glance("trust", "trust", warned), Check::work("verify", "verify", |_| Found::ready())];
        let degraded = Health::new(checks).report(&(), NOW, false).await;
        assert_eq!((degraded.ready, degraded.state), (true, State::Degraded));
        assert_eq!(degraded.warnings, ["trust: one; two"]);

        let checks = vec![Check::glance("trust", "trust", warned), Check::work("store", "disk", not_ready("the disk is full"))];
        let health = Health::new(checks);
        let report = health.report(&(), NOW, false).await;
        assert_eq!((report.ready, report.state), (false, State::NotReady));
        assert_eq!(report.reasons, ["store: the disk is full"]);
        assert_eq!(report.checks[1].page, "docs/OPERATIONS.md#disk");
        assert_eq!(health.report(&(), NOW, true).await.reasons, ["shutdown: the gateway is stopping"]);
    }

    #[tokio::test]
    async fn since_is_when_it_was_first_seen_so() {
        let states = [State::Ready, State::Degraded, State::Degraded, State::Ready];
        let next = Mutex::new(states.into_iter());
        let look = move |(): &()| Found { state: next.lock().unwrap().next().unwrap(), reasons: Vec::new() };
        let health = Health::new(vec![Check::glance("disk", "disk", look)]);
        let mut since = Vec::new();
        for second in 0..4 {
            since.push(health.report(&(), NOW.plus(second), false).await.checks[0].since.unix() - NOW.unix());
        }
        assert_eq!(since, [0, 1, 1, 3]);
    }

    #[tokio::test]
    async fn a_check_that_breaks_down_is_none_that_passed() {
        let health = Health::new(vec![Check::work("verify", "verify", |_| panic!("on purpose"))]);
        for _ in 0..2 {
            assert_eq!(health.report(&(), NOW, false).await.reasons, ["verify: the check itself broke down"]);
        }
    }

    #[tokio::test]
    async fn what_shows_at_a_glance_is_not_tried() {
        let check = Check::work("store", "disk", not_ready("it was tried")).unless(not_ready("the disk hangs"));
        assert_eq!(Health::new(vec![check]).report(&(), NOW, false).await.reasons, ["store: the disk hangs"]);
        let check = Check::work("store", "disk", not_ready("it was tried")).unless(|_| Found::ready());
        assert_eq!(Health::new(vec![check]).report(&(), NOW, false).await.reasons, ["store: it was tried"]);
    }

    #[tokio::test]
    async fn a_check_that_hangs_is_not_begun_again() {
        let (release, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let hangs = move |(): &()| {
            begun.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
            Found::ready()
        };
        let health = Health::new(vec![Check::work("store", "disk", hangs)]);
        tokio::select! {
            _ = health.report(&(), NOW, false) => panic!("it hangs"),
            begun = begins.recv() => begun.unwrap(),
        }
        // Who asked has gone away; the work goes on.
        let mut next = Box::pin(health.report(&(), NOW, false));
        for _ in 0..100 {
            assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(next.as_mut().poll(cx))).await.is_pending());
            tokio::task::yield_now().await;
        }
        assert!(begins.is_empty(), "a second thread waits for the same disk");
        release.send(()).unwrap();
        release.send(()).unwrap();
        assert!(next.await.ready);
    }
}
