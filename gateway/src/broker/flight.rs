//! One call for all who ask the same at the same time.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crypto::catalogue::FieldType;
use crypto::digest::Sha256;
use tokio::sync::mpsc;

use super::{Question, Reply, State};

/// What is asked: two questions with the same key have the same answer. About whom, which fields of what, for whom and by whose hand, on
/// whose authority, what for and in which case: a source is told each of them and may decide by it, so an answer to one is never
/// another's.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

/// What makes keys. They are digests under a number of this process: what is in memory names nobody.
pub(super) struct Keys([u8; 32]);

/// A call that is under way or waits for its turn, and who waits for it.
#[derive(Debug)]
pub(super) struct Flight(Mutex<Cabin>);

#[derive(Debug)]
struct Cabin {
    /// Until when anybody waits.
    until: Instant,
    /// What the source was told of it, once it was asked.
    told: Option<Instant>,
    is_hedged: bool,
    landing: Option<Landing>,
    passengers: Vec<Passenger>,
}

/// Somebody who waits: which of their questions it is, and where they want to be told.
#[derive(Clone, Debug)]
pub(super) struct Passenger {
    pub(super) place: usize,
    pub(super) tell: mpsc::UnboundedSender<(usize, Landing)>,
}

/// What came of a call.
pub(super) type Landing = Result<Arc<Reply>, State>;

/// The calls to one source.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<Key, Arc<Flight>>>);

impl Keys {
    /// Of a number that nobody else has.
    pub(super) fn new() -> Self {
        let seed = RandomState::new();
        let parts = [0_u8, 1, 2, 3].map(|n| seed.hash_one(n).to_le_bytes());
        Self(Sha256::of(&parts.each_ref().map(<[u8; 8]>::as_slice)).0)
    }

    /// The key of a question.
    pub(super) fn of(&self, question: &Question) -> Key {
        let mut text = Vec::with_capacity(512);
        let mut part = |bytes: &[u8]| {
            text.extend_from_slice(&bytes.len().to_le_bytes());
            text.extend_from_slice(bytes);
        };
        let (resource, errand) = (&*question.resource, &*question.errand);
        part(&self.0);
        part(question.subject.code_type().code().as_bytes());
        part(question.subject.expose().as_bytes());
        part(resource.code.as_bytes());
        part(resource.source.as_deref().unwrap_or_default().as_bytes());
        part(resource.licence_type.as_deref().unwrap_or_default().as_bytes());
        for text in [&errand.consumer.caller, &errand.consumer.organisation, &errand.item] {
            part(text.as_bytes());
        }
        part(errand.authority.name().as_bytes());
        for text in [&errand.purpose, &errand.case, &errand.operator] {
            part(text.as_deref().unwrap_or_default().as_bytes());
        }
        part(errand.class.name().as_bytes());
        for field in &question.fields {
            part(field.as_bytes());
            // A field that became something else in the catalogue is another one.
            part(&[resource.field(field).map_or(0, |found| kind(found.kind))]);
        }
        Key(Sha256::of(&[&text]).0)
    }
}

impl Flights {
    /// The call that answers this question by its deadline, if there is one; or else what `begin` makes of it. Whoever joins is told
    /// with the rest.
    pub(super) fn join_or<T>(
        &self,
        key: Key,
        passenger: &Passenger,
        (now, until): (Instant, Instant),
        begin: impl FnOnce() -> Result<Arc<Flight>, T>,
    ) -> Result<(Arc<Flight>, bool), T> {
        let mut flights = lock(&self.0);
        if let Some(flight) = flights.get(&key)
            && flight.board(passenger, now, until)
        {
            return Ok((Arc::clone(flight), true));
        }
        let flight = begin()?;
        flights.insert(key, Arc::clone(&flight));
        Ok((flight, false))
    }

    /// Tells all who wait what came of a call.
    pub(super) fn land(&self, key: Key, flight: &Arc<Flight>, landing: &Landing) {
        let mut flights = lock(&self.0);
        if flights.get(&key).is_some_and(|found| Arc::ptr_eq(found, flight)) {
            flights.remove(&key);
        }
        drop(flights);
        let mut cabin = flight.cabin();
        cabin.landing = Some(landing.clone());
        let passengers = std::mem::take(&mut cabin.passengers);
        drop(cabin);
        for passenger in passengers {
            passenger.told(landing.clone());
        }
    }
}

impl Flight {
    /// A call that somebody waits for.
    pub(super) fn new(passenger: Passenger, until: Instant) -> Arc<Self> {
        let cabin = Cabin { until, told: None, is_hedged: false, landing: None, passengers: vec![passenger] };
        Arc::new(Self(Mutex::new(cabin)))
    }

    /// Joins, unless the source was told to hurry more than this question has to: then its answer may be less than there would be time
    /// for. What is half of the time at least is time enough.
    fn board(&self, passenger: &Passenger, now: Instant, until: Instant) -> bool {
        let mut cabin = self.cabin();
        if let Some(landing) = &cabin.landing {
            passenger.told(landing.clone());
            return true;
        }
        let own = until.saturating_duration_since(now);
        if cabin.told.unwrap_or(cabin.until).saturating_duration_since(now) < own / 2 {
            return false;
        }
        cabin.until = cabin.until.max(until);
        cabin.passengers.push(passenger.clone());
        true
    }

    /// Until when anybody waits.
    pub(super) fn until(&self) -> Instant {
        self.cabin().until
    }

    /// The source is asked now, and told until when somebody waits.
    pub(super) fn depart(&self) -> Instant {
        let mut cabin = self.cabin();
        let until = cabin.until;
        *cabin.told.insert(until)
    }

    /// The source is asked a second time, and told until when somebody waits now.
    pub(super) fn hedge(&self) -> Instant {
        let mut cabin = self.cabin();
        cabin.is_hedged = true;
        let until = cabin.until;
        *cabin.told.insert(until)
    }

    /// Whether the source was told to hurry more than somebody has to who joined since, and who still waits. Who joins from now on counts
    /// on the call that is made for them.
    pub(super) fn is_hurried(&self, now: Instant) -> bool {
        let mut cabin = self.cabin();
        let until = cabin.until;
        let is_hurried = now < until && cabin.told.is_some_and(|told| told < until);
        if is_hurried {
            cabin.told = Some(until);
        }
        is_hurried
    }

    /// Whether the source was asked, and whether twice.
    pub(super) fn is_departed_and_hedged(&self) -> (bool, bool) {
        let cabin = self.cabin();
        (cabin.told.is_some(), cabin.is_hedged)
    }

    fn cabin(&self) -> MutexGuard<'_, Cabin> {
        lock(&self.0)
    }
}

impl Passenger {
    fn told(&self, landing: Landing) {
        // Whoever is gone needs no answer.
        drop(self.tell.send((self.place, landing)));
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

const fn kind(kind: FieldType) -> u8 {
    match kind {
        FieldType::Text => 1,
        FieldType::Number => 2,
        FieldType::Date => 3,
        FieldType::Boolean => 4,
        FieldType::Code => 5,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
