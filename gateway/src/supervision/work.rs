//! The turn in the background, and what the rest of the gateway sees of supervision.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crypto::record::{Ending, EventKind, Facts};
use crypto::time::Timestamp;
use prometheus::core::Collector;
use prometheus::{IntGaugeVec, Opts};
use serde_json::json;
use storage::ledger::{Card, Colour, Ledger, TOGETHER_MAX, Watched};
use storage::log::{Draft, Pending};
use storage::{StorageError, Store};
use tokio::sync::watch;

use super::board::{Board, BudgetView};
use super::{Call, Due, Dues, Ended};
use crate::config;
use crate::live::Live;
use crate::shutdown::Shutdown;
use crate::{clock, recorder};

/// How long what was found to be due is good for, in seconds.
const DUES_S: i64 = 60;

/// Who is supervised, and how they stand.
#[derive(Debug)]
pub struct Supervision {
    board: Mutex<Board>,
    ledger: Ledger,
    dues: Mutex<Vec<Box<dyn Dues>>>,
    looked: Mutex<Looked>,
    /// How many changes of cards there were, as far as is known here.
    newest: watch::Sender<u64>,
    gauges: Gauges,
}

/// What was found to be due, and when.
#[derive(Debug, Default)]
struct Looked {
    at: Option<Timestamp>,
    dues: Vec<Due>,
}

/// What the metrics tell of cards.
#[derive(Clone, Debug)]
pub struct Gauges {
    cards: IntGaugeVec,
    used: IntGaugeVec,
}

impl Gauges {
    /// Makes the metrics.
    ///
    /// # Errors
    /// When one is malformed, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let cards = Opts::new("licet_supervision_cards", "Cards in force");
        let used =
            Opts::new("licet_supervision_used_permille", "How much of the tightest limit was used in the window, in thousandths");
        let gauges =
            Self { cards: IntGaugeVec::new(cards, &["kind", "colour"])?, used: IntGaugeVec::new(used, &["kind", "about"])? };
        gauges.none();
        Ok(gauges)
    }

    /// No card in force.
    fn none(&self) {
        self.cards.reset();
        for kind in KINDS {
            for colour in [Colour::Yellow, Colour::Red] {
                self.cards.with_label_values(&[kind, colour.name()]).set(0);
            }
        }
    }

    /// Everything that is measured.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 2] {
        [Box::new(self.cards.clone()), Box::new(self.used.clone())]
    }
}

impl Supervision {
    /// Supervision over the ledger of this store from this moment on, with those who know what is due.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn load(
        settings: &config::Supervision,
        store: &Store,
        dues: Vec<Box<dyn Dues>>,
        gauges: Gauges,
        now: Timestamp,
    ) -> Result<Self, StorageError> {
        let ledger = store.ledger().clone();
        let board = Mutex::new(Board::new(settings.clone(), ledger.standing()?, now));
        let dues = Mutex::new(dues);
        Ok(Self { board, ledger, dues, looked: Mutex::default(), newest: watch::Sender::new(0), gauges })
    }

    /// Goes by other limits, and asks others what is due, from now on.
    pub fn follow(&self, settings: &config::Supervision, dues: Vec<Box<dyn Dues>>) {
        self.board().follow(settings.clone());
        *self.dues.lock().unwrap_or_else(PoisonError::into_inner) = dues;
    }

    /// Counts a call of a source. Takes a lock for a moment, and neither waits nor writes.
    pub fn call(&self, call: &Call<'_>) {
        self.board().call(call);
    }

    /// Counts a question of a consumer, by how it ended.
    pub fn asked(&self, consumer: &str, organisation: &str, ended: Ended, at: Timestamp) {
        self.board().asked(consumer, organisation, ended, at);
    }

    /// The cards in force.
    #[must_use]
    pub fn cards(&self) -> Vec<Card> {
        self.board().cards().cloned().collect()
    }

    /// How everybody stands who was asked, or asked, since the start.
    #[must_use]
    pub fn budgets(&self, now: Timestamp) -> Vec<BudgetView> {
        self.board().budgets(now)
    }

    /// The ledger.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Tells of changes of cards as they are made: how many turns had one.
    #[must_use]
    pub fn turns(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// One turn: figures go to the ledger, and cards are changed that are to be changed. For a thread that may wait.
    ///
    /// # Errors
    /// Those of a store that does not work; what was not written is tried again with the next turn.
    pub fn turn(&self, recorder: &recorder::Recorder, now: Timestamp) -> Result<(), StorageError> {
        // Cards do not wait for figures that cannot be kept.
        let kept = self.keep();
        let dues = self.dues_at(now)?;
        let changed = self.change(recorder, now, &dues);
        self.measure(now);
        kept.and(changed)
    }

    /// What is due, as it was found in the last minute: days matter there.
    fn dues_at(&self, now: Timestamp) -> Result<Vec<Due>, StorageError> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.at.is_none_or(|at| now < at || now >= at.plus(DUES_S)) {
            let mut dues = Vec::new();
            for known in self.dues.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                dues.extend(known.dues(now)?);
            }
            *looked = Looked { at: Some(now), dues };
        }
        Ok(looked.dues.clone())
    }

    /// Adds the figures to the ledger.
    fn keep(&self) -> Result<(), StorageError> {
        let mut figures = self.board().take_figures();
        while !figures.is_empty() {
            let rest = figures.keys().nth(TOGETHER_MAX).cloned().map(|from| figures.split_off(&from)).unwrap_or_default();
            if let Err(error) = self.ledger.add(&figures) {
                self.board().give_back(rest);
                // Whether they were added is not known after `Unknown`, and added twice would be worse.
                if error != StorageError::Unknown {
                    self.board().give_back(figures);
                }
                return Err(error);
            }
            figures = rest;
        }
        Ok(())
    }

    fn change(&self, recorder: &recorder::Recorder, now: Timestamp, dues: &[Due]) -> Result<(), StorageError> {
        let changed = self.board().changes(now, dues);
        if changed.is_empty() {
            return Ok(());
        }
        for changed in changed.chunks(TOGETHER_MAX) {
            let pending = Pending::new(changed.iter().map(draft).collect());
            let turned = self.ledger.recording(&pending).turn(changed)?;
            if let Some(recorded) = pending.recorded() {
                recorder.came_along(pending.drafts(), recorded);
            }
            for card in turned {
                let (colour, before) = (card.colour.name(), card.before.name());
                tracing::info!(kind = kind(&card.about), about = card.about.code(), colour, before, limit = card.limit, "card");
            }
        }
        let standing = self.ledger.standing()?;
        self.board().turned(standing);
        self.newest.send_modify(|turns| *turns += 1);
        Ok(())
    }

    fn measure(&self, now: Timestamp) {
        self.gauges.none();
        self.gauges.used.reset();
        for card in self.cards() {
            self.gauges.cards.with_label_values(&[kind(&card.about), card.colour.name()]).inc();
        }
        for budget in self.budgets(now) {
            let used = budget.used.map_or(0, |used| i64::try_from(used.permille).unwrap_or(i64::MAX));
            self.gauges.used.with_label_values(&[kind(&budget.about), budget.about.code()]).set(used);
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What [`kind`] can be.
const KINDS: [&str; 4] = ["resource", "source", "consumer", "matter"];

const fn kind(about: &Watched) -> &'static str {
    match about {
        Watched::Resource(_) => "resource",
        Watched::Source(_) => "source",
        Watched::Consumer(_) => "consumer",
        Watched::Matter(_) => "matter",
    }
}

/// What a change of a card leaves on record.
fn draft(card: &Card) -> Draft {
    let mut facts = Facts::new(EventKind::SupervisionCard, Ending::Done, recorder::OWN_NAME.to_owned());
    facts.organisation = Some(card.organisation.clone());
    let details = [
        ("about", json!(card.about)),
        ("colour", json!(card.colour)),
        ("before", json!(card.before)),
        ("limit", json!(card.limit)),
        ("used_permille", json!(card.used_permille)),
    ];
    facts.details.extend(details.map(|(name, value)| (name.to_owned(), value)));
    Draft::new(card.at, facts)
}

/// Takes turns until it is time to stop, and one more then.
pub async fn run(live: Arc<Live>, mut shutdown: Shutdown) {
    loop {
        let every = live.current().config.supervision.turn();
        let is_over = tokio::time::timeout(every, shutdown.requested()).await.is_ok();
        let shared = live.current();
        let turn = tokio::task::spawn_blocking(move || shared.supervision.turn(&shared.recorder, clock::now()));
        match turn.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(code = error.code(), %error, "a turn of supervision was not made"),
            Err(error) => tracing::error!(panic = error.is_panic(), "a turn of supervision did not end"),
        }
        if is_over {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crypto::catalogue::Sla;
    use crypto::record::LogName;
    use storage::Keys;
    use storage::ledger::Colour;
    use storage::log::{Order, Query};

    use super::*;
    use crate::broker::{LOCAL, State};
    use crate::recorder::{Recorder, Tally};

    const SLA: Sla = Sla { latency_ms: 100, slow_permille_max: 100, error_permille_max: 100 };

    #[derive(Debug)]
    struct Never;

    impl Dues for Never {
        fn dues(&self, _now: Timestamp) -> Result<Vec<Due>, StorageError> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn a_card_is_in_the_ledger_in_the_log_and_in_force_after_a_restart() {
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let recorder = Recorder::new(store.logs().clone(), Tally::new().unwrap(), 10);
        let at: Timestamp = "2026-07-01T08:00:00Z".parse().unwrap();
        let open = || {
            let gauges = Gauges::new().unwrap();
            Supervision::load(&config::Supervision::default(), &store, vec![Box::new(Never)], gauges, at).unwrap()
        };
        let supervision = open();
        for _ in 0..30 {
            let (state, took) = (State::Failed, Duration::from_millis(3));
            supervision.call(&Call { source: LOCAL, resource: "r/1", provider: "p", state, took, sla: &SLA, at });
        }
        supervision.turn(&recorder, at).unwrap();
        supervision.turn(&recorder, at.plus(5)).unwrap();
        let about = Watched::Resource("r/1".to_owned());
        let hour = storage::ledger::hour_of(at);
        assert_eq!(supervision.ledger().sum(&about, hour, hour.plus(3600)).unwrap().errors, 30);
        assert_eq!(supervision.ledger().cards(0, 10).unwrap().len(), 1);
        let hits = store.logs().search(LogName::Access, &Query::default(), Order::NewestFirst, None, 10).unwrap();
        assert_eq!(hits.rows.len(), 1);
        let again = open();
        assert_eq!(again.cards().iter().map(|card| card.colour).collect::<Vec<_>>(), [Colour::Red]);
        again.turn(&recorder, at.plus(10)).unwrap();
        assert_eq!(again.cards().len(), 1, "a restart takes no card back");
        again.turn(&recorder, at.plus(3600)).unwrap();
        assert_eq!(again.cards(), [], "of whom nothing is known any more has no card");
        let colours: Vec<_> = again.ledger().cards(0, 10).unwrap().iter().map(|card| card.colour).collect();
        assert_eq!(colours, [Colour::Red, Colour::Green]);
    }
}
