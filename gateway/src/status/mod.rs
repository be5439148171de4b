//! Evidence of the status of certificates, kept fresh in the background: no verification waits for a list or a responder.
//!
//! ```text
//! board      what is to be asked and when; schedule   the pauses between
//! client     HTTP, within limits
//! accept     what does not verify is dropped
//! memory     what generations of trust are made with; the store keeps it for good
//! ```
//!
//! A source that fails leaves what is known in force; its age shows, and once it is too old, verification has no conclusion.

mod accept;
mod board;
mod client;
mod fault;
mod memory;
pub(crate) mod schedule;
pub mod staple;
mod work;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crypto::context::Judged;
use crypto::digest::Sha256;
use crypto::time::Timestamp;
use crypto::x509::Trust;
use storage::Store;
use tokio::sync::Notify;

use board::Board;
use client::Client;
use memory::{Memory, Proof};

use crate::config::{Faults, Status};
use crate::metrics::Metrics;
use crate::trust::Keeper;

pub use board::Kind;
pub use fault::Fault;
pub use work::{run, tick};

/// What is known of the status of certificates, and how it is renewed.
#[derive(Debug)]
pub struct Fetcher {
    client: Client,
    board: Mutex<Board>,
    common: Arc<Common>,
    history_bytes_max: u64,
    asks_responders: bool,
    with_nonce: bool,
}

/// What is the same whoever is asked.
#[derive(Debug)]
struct Common {
    memory: Mutex<Memory>,
    /// The generation whose own lists and authorities were looked at last.
    seen: Mutex<Option<Sha256>>,
    wake: Notify,
    /// One change of the evidence in force after the other.
    turn: Mutex<()>,
}

/// The right to put evidence in force, which one has at a time.
pub type Turn<'a> = MutexGuard<'a, ()>;

/// How one source does.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The trust domain that it serves.
    pub domain: String,
    /// What it gives.
    pub kind: Kind,
    /// Its address, without query.
    pub url: String,
    /// When it last gave something good.
    pub succeeded_at: Option<Timestamp>,
    /// The issuer's own time of the newest evidence from it.
    pub this_update: Option<Timestamp>,
    /// What went wrong last, and when.
    pub fault: Option<(Fault, Timestamp)>,
    /// Failures since the last success.
    pub failures: u32,
    /// When it is asked next, at the earliest; `None` for at once, or for a responder that there is nothing to ask.
    pub next_at: Option<Timestamp>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Certificates that responders are asked about.
    pub questions: usize,
    /// Lists at hand, old ones included.
    pub lists: usize,
    /// Responses at hand, old ones included.
    pub responses: usize,
    /// Memory that they take, in bytes, about.
    pub bytes: u64,
}

impl Fetcher {
    /// For the sources of the configuration; nothing is known yet. The seed spreads the moments of asking.
    ///
    /// # Errors
    /// Every file of the configuration that cannot be read.
    pub fn new(settings: &Status, seed: u64) -> Result<Self, Faults> {
        let memory = Mutex::new(Memory::new(settings.history_bytes_max));
        let common = Arc::new(Common { memory, seen: Mutex::new(None), wake: Notify::new(), turn: Mutex::default() });
        Self::over(common, Board::new(settings, seed), settings)
    }

    /// For the sources of another configuration, with all that is known and asked here. It counts once it [takes over](Self::take_over).
    ///
    /// # Errors
    /// Every file of the configuration that cannot be read.
    pub fn renewed(&self, settings: &Status) -> Result<Self, Faults> {
        Self::over(Arc::clone(&self.common), self.board().renewed(settings), settings)
    }

    fn over(common: Arc<Common>, board: Board, settings: &Status) -> Result<Self, Faults> {
        Ok(Self {
            client: Client::new(settings)?,
            board: Mutex::new(board),
            common,
            history_bytes_max: settings.history_bytes_max,
            asks_responders: settings.sources.iter().any(|source| !source.ocsp_urls.is_empty()),
            with_nonce: settings.ocsp_nonce,
        })
    }

    /// While this is held, nobody puts evidence in force: for a thread that may wait.
    pub fn turn(&self) -> Turn<'_> {
        self.common.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this one asks. What came in while it was prepared is put in force for whoever goes by this trust.
    pub fn take_over(&self, trust: &Keeper, _turn: &Turn<'_>) {
        let mut memory = self.memory();
        memory.follow(self.history_bytes_max);
        let evidence = memory.evidence();
        drop(memory);
        trust.replace_evidence(evidence);
        // Its sources may serve domains whose authorities nobody was asked about before.
        *self.seen() = None;
        self.common.wake.notify_one();
    }

    /// Brings back what the store has kept, as far as there is room, and puts it in force: what was known before a restart is
    /// known after it, though every source be down.
    ///
    /// # Errors
    /// Those of the store.
    pub fn recall(&self, store: &Store, trust: &Keeper, bytes_max: u64) -> Result<(), storage::StorageError> {
        let kept = store.evidence().newest(bytes_max)?;
        if self.memory().add(kept.into_iter().filter_map(Proof::read)) {
            trust.replace_evidence(self.memory().evidence());
        }
        Ok(())
    }

    /// A verdict depended on the status of these certificates: from now on their responders are asked about them.
    pub fn need(&self, judged: &[Judged], now: Timestamp) {
        if !self.asks_responders {
            return;
        }
        let mut board = self.board();
        let news = judged.iter().filter(|judged| board.need(judged, now)).count();
        drop(board);
        if news > 0 {
            self.common.wake.notify_one();
        }
    }

    /// Every source, in the order of the configuration.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        let board = self.board();
        let standing = |source: &board::Source| Standing {
            domain: source.domain.clone(),
            kind: source.kind,
            url: source.url.to_string(),
            succeeded_at: source.succeeded_at,
            this_update: source.this_update,
            fault: source.fault,
            failures: source.failures,
            next_at: board.next_of(source),
        };
        board.sources().iter().map(standing).collect()
    }

    /// What an operator should look at: domains that sources are named for and that are not in force. A signed list may bring them
    /// or take them away, so that this stops nothing.
    #[must_use]
    pub fn warnings(&self, trust: &Trust) -> Vec<String> {
        let board = self.board();
        let is_known = |name: &str| trust.domains().iter().any(|domain| domain.name == name);
        let strays: BTreeSet<&str> =
            board.sources().iter().map(|source| &*source.domain).filter(|name| !is_known(name)).collect();
        strays.into_iter().map(|name| format!("status: its sources are named for {name}, which is no trust domain")).collect()
    }

    /// How much there is.
    #[must_use]
    pub fn extent(&self) -> Extent {
        let questions = self.board().questions();
        let memory = self.memory();
        let evidence = memory.evidence();
        Extent { questions, lists: evidence.lists.len(), responses: evidence.responses.len(), bytes: memory.bytes() }
    }

    /// Sets the metrics that change by time alone.
    pub fn measure(&self, metrics: &Metrics, now: Timestamp) {
        let board = self.board();
        for source in board.sources() {
            let of_domain = board.sources().iter().filter(|one| one.domain == source.domain && one.kind == source.kind);
            if let Some(last) = of_domain.filter_map(|one| one.succeeded_at).max() {
                metrics.status_age(&source.domain, source.kind, now.unix().saturating_sub(last.unix()));
            }
        }
    }

    // What a panic leaves behind is whole: every change is a few assignments.
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.common.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Option<Sha256>> {
        self.common.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
