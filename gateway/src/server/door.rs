//! Who may have a connection: known callers up to a limit, each up to half of it, and beside them so many whose caller is not known
//! yet.
//!
//! A connection is a stranger's until the handshake has shown a caller. When there are too many strangers the oldest of them has to
//! go: who is slow or only pretends makes room for who comes, and never takes the place of a caller.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGaugeVec, Opts};
use tokio::sync::Notify;

use crate::config;
use crate::metrics::rows;

/// So many strangers there may be for each caller.
const STRANGERS_PART: u32 = 4;

/// One address may have this part of the strangers, however few there may be.
const ADDRESS_PART: u32 = 2;

/// A caller may have this part of the connections of callers.
const CALLER_PART: u32 = 2;

/// Who may have a connection. Outlives a change of the configuration.
#[derive(Clone, Debug)]
pub struct Door {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Wakes those who wait for the place of a caller.
    freed: Notify,
    tally: Tally,
}

#[derive(Debug)]
struct State {
    limits: Limits,
    /// By the order in which they came.
    strangers: BTreeMap<u64, Stranger>,
    next: u64,
    /// How many connections of callers there are, and of each.
    known: u32,
    callers: BTreeMap<String, u32>,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    callers: u32,
    each: u32,
    strangers: usize,
    per_address: usize,
}

#[derive(Debug)]
struct Stranger {
    network: Option<IpAddr>,
    go: Arc<Notify>,
}

/// A connection, from when it is accepted until this is dropped.
#[derive(Debug)]
pub(super) struct Visit {
    door: Door,
    number: u64,
    go: Arc<Notify>,
    caller: Mutex<Option<String>>,
}

/// Why a connection was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Too many strangers came after it.
    Strangers,
    /// Too many strangers came after it from its address.
    Address,
    /// Its caller has its share.
    CallerShare,
    /// Callers have all there are.
    Full,
    /// It does not take its answers.
    SlowReader,
}

/// What the metrics tell of connections.
#[derive(Clone, Debug)]
pub struct Tally {
    open: IntGaugeVec,
    refused: IntCounterVec,
}

impl Door {
    /// As the configuration says.
    #[must_use]
    pub fn new(settings: &config::Server, tally: Tally) -> Self {
        let state =
            State { limits: Limits::of(settings), strangers: BTreeMap::new(), next: 0, known: 0, callers: BTreeMap::new() };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), freed: Notify::new(), tally }) }
    }

    /// Goes by another configuration from now on. Who is in stays in.
    pub fn follow(&self, settings: &config::Server) {
        self.state().limits = Limits::of(settings);
        self.shared.freed.notify_waiters();
    }

    /// Lets a connection in. Another one may have to go for it.
    pub(super) fn enter(&self, address: Option<IpAddr>) -> Visit {
        let (go, network) = (Arc::new(Notify::new()), address.map(network));
        let mut state = self.state();
        let of_same = |stranger: &Stranger| network.is_some() && stranger.network == network;
        if state.strangers.values().filter(|stranger| of_same(stranger)).count() >= state.limits.per_address {
            let oldest = state.strangers.iter().find(|(_, stranger)| of_same(stranger)).map(|(number, _)| *number);
            self.push_out(&mut state, oldest, Reason::Address);
        } else if state.strangers.len() >= state.limits.strangers {
            let oldest = state.strangers.keys().next().copied();
            self.push_out(&mut state, oldest, Reason::Strangers);
        }
        let number = state.next;
        state.next = number.wrapping_add(1);
        state.strangers.insert(number, Stranger { network, go: Arc::clone(&go) });
        self.shared.tally.show(&state);
        drop(state);
        Visit { door: self.clone(), number, go, caller: Mutex::default() }
    }

    fn push_out(&self, state: &mut State, stranger: Option<u64>, reason: Reason) {
        if let Some(stranger) = stranger.and_then(|number| state.strangers.remove(&number)) {
            stranger.go.notify_one();
            tracing::debug!(network = stranger.network.map(display), reason = reason.name(), "a connection is turned away");
            self.shared.tally.refused(reason);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is made in a few assignments, none of which can panic.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limits {
    fn of(settings: &config::Server) -> Self {
        let callers = settings.connections_max;
        let strangers = callers.div_ceil(STRANGERS_PART);
        let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        Self {
            callers,
            each: callers.div_ceil(CALLER_PART),
            strangers: size(strangers),
            per_address: size(settings.strangers_per_address_max.min(strangers.div_ceil(ADDRESS_PART))),
        }
    }
}

/// What has the same owner as this address: of the newer kind everybody has many.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        IpAddr::V4(address) => address.into(),
    }
}

impl State {
    /// Makes a stranger a caller, where there is a place for it.
    fn admit(&mut self, number: u64, caller: &str) -> Result<(), Option<Reason>> {
        if !self.strangers.contains_key(&number) {
            // It was told to go meanwhile, and that was counted.
            return Err(None);
        }
        let own = self.callers.get(caller).copied().unwrap_or(0);
        if own >= self.limits.each {
            return Err(Some(Reason::CallerShare));
        }
        if self.known >= self.limits.callers {
            return Err(Some(Reason::Full));
        }
        self.strangers.remove(&number);
        self.known += 1;
        self.callers.insert(caller.to_owned(), own + 1);
        Ok(())
    }

    fn leave(&mut self, number: u64, caller: Option<&str>) {
        self.strangers.remove(&number);
        let Some(caller) = caller else { return };
        self.known = self.known.saturating_sub(1);
        if let Some(own) = self.callers.get_mut(caller) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                self.callers.remove(caller);
            }
        }
    }
}

impl Visit {
    /// Waits until this connection has to go. That of a caller never has.
    pub(super) async fn pushed_out(&self) {
        self.go.notified().await;
    }

    /// Says which caller's connection it is, and waits for a place for so long. Whether there is one.
    pub(super) async fn is_of(&self, caller: &str, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.admitted(caller)).await.unwrap_or_else(|_elapsed| {
            self.refused(caller, Reason::Full);
            false
        })
    }

    async fn admitted(&self, caller: &str) -> bool {
        loop {
            // Before the look, so that what is freed behind it is not missed.
            let freed = self.door.shared.freed.notified();
            let outcome = {
                let mut state = self.door.state();
                let outcome = state.admit(self.number, caller);
                self.door.shared.tally.show(&state);
                outcome
            };
            match outcome {
                Ok(()) => {
                    *self.caller.lock().unwrap_or_else(PoisonError::into_inner) = Some(caller.to_owned());
                    return true;
                }
                Err(Some(Reason::Full)) => freed.await,
                Err(reason) => {
                    reason.into_iter().for_each(|reason| self.refused(caller, reason));
                    return false;
                }
            }
        }
    }

    fn refused(&self, caller: &str, reason: Reason) {
        tracing::debug!(caller, reason = reason.name(), "a connection is turned away");
        self.door.shared.tally.refused(reason);
    }

    /// Says that the client does not take its answers.
    pub(super) fn reads_too_slowly(&self) {
        let caller = self.caller.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.refused(caller.as_deref().unwrap_or_default(), Reason::SlowReader);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let caller = self.caller.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let mut state = self.door.state();
        state.leave(self.number, caller.as_deref());
        self.door.shared.tally.show(&state);
        drop(state);
        if caller.is_some() {
            self.door.shared.freed.notify_one();
        }
    }
}

impl Reason {
    const ALL: [Self; 5] = [Self::Strangers, Self::Address, Self::CallerShare, Self::Full, Self::SlowReader];

    const fn name(self) -> &'static str {
        match self {
            Self::Strangers => "strangers",
            Self::Address => "address",
            Self::CallerShare => "caller-share",
            Self::Full => "full",
            Self::SlowReader => "slow-reader",
        }
    }
}

impl Tally {
    /// Makes the metrics.
    ///
    /// # Errors
    /// When one is malformed, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let open = Opts::new("licet_connections", "Connections that are open");
        let refused = Opts::new("licet_connections_refused_total", "Connections that were turned away");
        let refused = IntCounterVec::new(refused, &["reason"])?;
        rows(&refused, &[&Reason::ALL.map(Reason::name)]);
        Ok(Self { open: IntGaugeVec::new(open, &["state"])?, refused })
    }

    /// Everything that is measured.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 2] {
        [Box::new(self.open.clone()), Box::new(self.refused.clone())]
    }

    /// Open connections of known callers, and of others.
    #[must_use]
    pub fn open(&self) -> (i64, i64) {
        let of = |state| self.open.with_label_values(&[state]).get();
        (of("caller"), of("stranger"))
    }

    fn show(&self, state: &State) {
        self.open.with_label_values(&["caller"]).set(state.known.into());
        self.open.with_label_values(&["stranger"]).set(i64::try_from(state.strangers.len()).unwrap_or(i64::MAX));
    }

    fn refused(&self, reason: Reason) {
        self.refused.with_label_values(&[reason.name()]).inc();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const WAIT: Duration = Duration::from_millis(10);

    fn door(connections_max: u32, per_address: u32) -> Door {
        let text = format!(
            "certificate = 'a'\nkey = 'b'\nclient_anchors = ['c']\nconnections_max = {connections_max}\n
            strangers_per_address_max = {per_address}"
        );
        Door::new(&toml::from_str(&text).unwrap(), Tally::new().unwrap())
    }

    fn from(door: &Door, last: u8) -> Visit {
        door.enter(Some(Ipv4Addr::new(10, 0, 0, last).into()))
    }

    async fn must_go(visit: &Visit) -> bool {
        tokio::time::timeout(Duration::ZERO, visit.pushed_out()).await.is_ok()
    }

    fn refused(door: &Door, reason: Reason) -> u64 {
        door.shared.tally.refused.with_label_values(&[reason.name()]).get()
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_stranger_goes_and_never_a_caller() {
        let door = door(8, 9);
        let caller = from(&door, 1);
        assert!(caller.is_of("a", WAIT).await);
        let (first, second) = (from(&door, 2), from(&door, 3));
        assert_eq!(door.shared.tally.open(), (1, 2));
        let third = from(&door, 4);
        assert!(must_go(&first).await && !must_go(&second).await && !must_go(&third).await && !must_go(&caller).await);
        assert_eq!(refused(&door, Reason::Strangers), 1);
        assert!(!first.is_of("a", WAIT).await, "too late");
        assert!(second.is_of("b", WAIT).await);
        let fourth = from(&door, 5);
        assert!(!must_go(&third).await && !must_go(&fourth).await, "a place became free");
        drop((first, second, third, fourth, caller));
        assert_eq!(door.shared.tally.open(), (0, 0));
        assert!(door.state().callers.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_pushes_out_its_own() {
        let door = door(400, 2);
        let other = from(&door, 9);
        let own = [from(&door, 1), from(&door, 1), from(&door, 1), from(&door, 1)];
        let gone = [must_go(&own[0]).await, must_go(&own[1]).await, must_go(&own[2]).await, must_go(&own[3]).await];
        assert_eq!(gone, [true, true, false, false]);
        assert!(!must_go(&other).await);
        assert_eq!(refused(&door, Reason::Address), 2);
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_has_half_and_who_finds_no_place_waits() {
        let door = door(2, 9);
        let first = from(&door, 1);
        assert!(first.is_of("a", WAIT).await);
        assert!(!from(&door, 1).is_of("a", WAIT).await);
        assert_eq!(refused(&door, Reason::CallerShare), 1);
        let second = from(&door, 1);
        assert!(second.is_of("b", WAIT).await);
        assert!(!from(&door, 1).is_of("c", WAIT).await);
        assert_eq!(refused(&door, Reason::Full), 1);
        let third = from(&door, 1);
        let (is_in, ()) = tokio::join!(third.is_of("c", WAIT), async { drop(first) });
        assert!(is_in);
    }
}
