//! One round as its callers see it: the gateway, the licences, and the ledger that they share.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::ledger::Ledger;
use crate::asks::{LANES, Lane};
use crate::dataset::Dataset;
use crate::departments::Chance;
use crate::site::{OPERATOR, Site};
use crate::target::{Connection, Door};

/// How long a caller waits who got no answer.
const PAUSE: Duration = Duration::from_millis(20);

/// What outlives the rounds.
#[derive(Debug)]
pub(super) struct Memory {
    /// What was acknowledged.
    ledger: Mutex<Ledger>,
    /// The number that the next licence gets, for each of those who hand in.
    next: AtomicU64,
}

/// One round.
#[derive(Debug)]
pub(super) struct Scene {
    /// All licences that there could be.
    pub(super) dataset: Dataset,
    /// What outlives it.
    memory: Arc<Memory>,
    /// Its number.
    pub(super) round: u64,
    seed: u64,
    doors: BTreeMap<String, Arc<Door>>,
    is_over: AtomicBool,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Came {
    /// It was done, and this is the answer.
    Done(Value),
    /// It was refused.
    Refused(u16, Value),
    /// Nobody knows whether it was done.
    Unsure,
}

/// A caller's connection.
#[derive(Debug)]
pub(super) struct Line {
    connection: Connection,
    scene: Arc<Scene>,
}

impl Memory {
    /// An empty one; licences are numbered from here on.
    pub(super) fn new(first: u64) -> Arc<Self> {
        Arc::new(Self { ledger: Mutex::default(), next: AtomicU64::new(first) })
    }

    /// What was acknowledged.
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scene {
    /// A round over a gateway at this address.
    ///
    /// # Errors
    /// A certificate cannot be used.
    pub(super) fn new(
        site: &Site,
        dataset: &Dataset,
        address: SocketAddr,
        memory: &Arc<Memory>,
        (seed, round): (u64, u64),
    ) -> Result<Arc<Self>, String> {
        let callers = (0..LANES).map(|place| Lane::at(place).caller()).chain([OPERATOR.to_owned()]);
        let doors = callers.map(|caller| site.door(&caller, address).map(|door| (caller, door)));
        let doors = doors.collect::<Result<_, String>>()?;
        let (dataset, memory) = (dataset.clone(), Arc::clone(memory));
        Ok(Arc::new(Self { dataset, memory, round, seed, doors, is_over: AtomicBool::new(false) }))
    }

    /// What was acknowledged.
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.memory.ledger()
    }

    /// The number of a licence that was never handed in.
    pub(super) fn fresh(&self) -> u64 {
        self.memory.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Chance for one of the callers.
    pub(super) fn chance(&self, caller: u64) -> Chance {
        Chance::of(&[self.seed, 72, self.round, caller])
    }

    /// A connection of this caller.
    ///
    /// # Errors
    /// There is no such caller.
    pub(super) fn line(self: &Arc<Self>, caller: &str) -> Result<Line, String> {
        let door = self.doors.get(caller).ok_or_else(|| format!("there is no caller {caller}"))?;
        Ok(Line { connection: Connection::new(door), scene: Arc::clone(self) })
    }

    /// A connection of the office that this licence is of.
    ///
    /// # Errors
    /// There is no such office.
    pub(super) fn office(self: &Arc<Self>, number: u64) -> Result<Line, String> {
        self.line(&Lane::Office(self.dataset.place(number)).caller())
    }

    /// Ends the round for the callers.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}

impl Scene {
    /// Counts what came, and blames what must not.
    fn note(&self, kind: &'static str, came: &Came, may_refuse: &[u16]) {
        let mut ledger = self.ledger();
        let count = ledger.counts.entry(kind).or_default();
        match came {
            Came::Unsure => count.unsure += 1,
            Came::Refused(status, said) if !may_refuse.contains(status) => {
                ledger.blame(format!("{kind} is answered with {status}: {said}"));
            }
            _ => count.done += 1,
        }
    }
}

impl Line {
    /// Asks, counts what came, and blames what must not come: `may_refuse` says which refusals may.
    pub(super) async fn ask(&mut self, kind: &'static str, request: &[u8], may_refuse: &[u16]) -> Came {
        let came = self.exchange(request).await;
        self.scene.note(kind, &came, may_refuse);
        if came == Came::Unsure && !self.scene.is_over() {
            tokio::time::sleep(PAUSE).await;
        }
        came
    }

    async fn exchange(&mut self, request: &[u8]) -> Came {
        let Ok(reply) = self.connection.exchange(request).await else { return Came::Unsure };
        let said = serde_json::from_slice(reply.body)
            .unwrap_or_else(|_text| Value::String(String::from_utf8_lossy(reply.body).into_owned()));
        match reply.status {
            200 | 201 => Came::Done(said),
            503 | 429 => Came::Unsure,
            status => Came::Refused(status, said),
        }
    }
}
