//! The work in the background: witnesses that are due are asked, and what they sign is kept.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crypto::record::LogName;
use crypto::time::Timestamp;
use crypto::tlog::{AddCheckpoint, Note, Policy, VerifierKey};
use storage::log::{Logs, Published};
use storage::witnessing::Witnessing;
use storage::{StorageError, Store};
use tokio::task::{JoinError, JoinSet, spawn_blocking};

use super::client::{Answered, Client, Fault};
use super::state::WitnessedView;
use super::{Board, Job, Tally, Target};
use crate::app::App;
use crate::clock;
use crate::config::{self, Faults};
use crate::live::Live;
use crate::shutdown::Shutdown;

/// Questions that are on their way at the same time.
const JOBS_MAX: usize = 16;

/// How often there may be something new.
const LOOK: Duration = Duration::from_secs(1);

/// Who witnesses our logs.
#[derive(Debug)]
pub struct Witnesses {
    logs: Logs,
    table: Witnessing,
    client: Client,
    board: Mutex<Board>,
}

impl Witnesses {
    /// Reads the policy, and what witnesses have signed for this store. The seed spreads the moments of asking again.
    ///
    /// # Errors
    /// What is wrong with the policy, or with a file of certificates.
    pub fn load(settings: &config::Witnesses, store: &Store, seed: u64, now: Timestamp) -> Result<Self, Faults> {
        let (board, client) = read(settings, seed)?;
        let (logs, table) = (store.logs().clone(), store.witnessing().clone());
        let witnesses = Self { logs, table, client, board: Mutex::new(board) };
        // What cannot be read now is tried again, and told, in the background.
        witnesses.look(now).unwrap_or_default();
        Ok(witnesses)
    }

    /// The signed note of a checkpoint, with the lines that witnesses have given for it.
    #[must_use]
    pub fn signed(&self, published: &Arc<Published>) -> String {
        let target = Target::of(published);
        target.map_or_else(|| published.note.clone(), |target| self.board().signed(&target).to_string())
    }

    /// The newest checkpoint of the same shard that is witnessed, if its tree has this leaf.
    #[must_use]
    pub fn covering(&self, published: &Published, leaf: u64) -> Option<(u64, String)> {
        self.board().witnessed(published.log, published.shard).filter(|(size, _)| *size > leaf)
    }

    /// The keys of the witnesses that have a line below this note.
    #[must_use]
    pub fn keys_of(&self, note: &Note) -> Vec<VerifierKey> {
        let board = self.board();
        let keys = board.witnesses().iter().map(|asked| &asked.key);
        keys.filter(|key| note.lines().iter().any(|line| line.is_of(key))).cloned().collect()
    }

    /// How far the witnesses of a shard have come.
    #[must_use]
    pub fn view(&self, published: &Published, now: Timestamp) -> WitnessedView {
        self.board().view(published.log, published.shard, published.size, now)
    }

    /// For how many seconds the newest checkpoint of each log has not been witnessed.
    #[must_use]
    pub fn lags(&self, now: Timestamp) -> Vec<(LogName, i64)> {
        let board = self.board();
        let lag = |log| Some((log, board.reached(log, self.logs.published(log)?.shard, now)?.1));
        LogName::ALL.into_iter().filter_map(lag).collect()
    }

    /// Sets the metrics that change by time alone.
    pub fn measure(&self, tally: &Tally, now: Timestamp) {
        let board = self.board();
        board.witnesses().iter().for_each(|asked| tally.knows(&asked.name));
        for log in LogName::ALL {
            if let Some((size, lag_s)) = self.logs.published(log).and_then(|newest| board.reached(log, newest.shard, now)) {
                tally.reached(log, size, lag_s);
            }
        }
    }

    /// Looks for checkpoints that are new, and for shards that ended before their last one was witnessed.
    fn look(&self, now: Timestamp) -> Result<(), StorageError> {
        if self.board().witnesses().is_empty() {
            return Ok(());
        }
        for log in LogName::ALL {
            let current = self.logs.published(log);
            for shard in self.logs.shards(log)? {
                if shard.is_closed && self.board().is_settled(log, shard.shard, shard.size) {
                    continue;
                }
                let newest = if shard.is_closed { self.logs.published_of(log, shard.shard)? } else { current.clone() };
                if let Some(target) = newest.filter(|newest| newest.shard == shard.shard).and_then(|newest| Target::of(&newest)) {
                    self.learn(target, now)?;
                }
            }
        }
        Ok(())
    }

    fn learn(&self, target: Target, now: Timestamp) -> Result<(), StorageError> {
        let (log, shard) = target.place();
        if self.board().knows(log, shard) {
            self.board().learn(target, now);
            return Ok(());
        }
        let kept = self.table.cosigned(log, shard)?;
        self.board().recall(target, &kept, now);
        Ok(())
    }

    /// The question of a job, with the proof that the log only grew.
    fn question(&self, job: &Job) -> Result<AddCheckpoint, Fault> {
        let published = &job.target.published;
        let needs_proof = job.old_size > 0 && job.old_size < published.size;
        let proof = if needs_proof { self.logs.consistency(published, job.old_size) } else { Ok(Vec::new()) };
        let proof = proof.or(Err(Fault::Unprovable))?;
        AddCheckpoint::new(job.old_size, proof, job.target.note.clone()).or(Err(Fault::Unprovable))
    }

    // What a panic leaves behind is whole: every change is a few assignments.
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the policy and the files of certificates.
fn read(settings: &config::Witnesses, seed: u64) -> Result<(Board, Client), Faults> {
    let path = settings.policy.display();
    let fault = |what: &dyn std::fmt::Display| Faults::one("record.witnesses.policy", format!("{path}: {what}"));
    let bytes = std::fs::read(&settings.policy).map_err(|error| fault(&error))?;
    let policy = Policy::parse(&bytes).map_err(|error| fault(&error))?;
    let board = Board::new(policy, settings.interval_s, seed).map_err(|why| fault(&why))?;
    let client = Client::new(settings)?;
    if board.can_be_met() {
        Ok((board, client))
    } else {
        Err(fault(&"the witnesses that have an address are fewer than the quorum demands"))
    }
}

/// Asks whoever is due until it is time to stop.
pub async fn run(live: Arc<Live>, mut shutdown: Shutdown) {
    let mut jobs = JoinSet::new();
    loop {
        let app = live.current();
        look(&app, clock::now()).await;
        spawn(&app, &mut jobs, clock::now);
        tokio::select! {
            Some(done) = jobs.join_next(), if !jobs.is_empty() => settle(&app, done, clock::now()).await,
            () = tokio::time::sleep(LOOK) => {}
            () = shutdown.requested() => break,
        }
    }
    jobs.shutdown().await;
}

/// Does everything that is due at a moment, once.
pub async fn tick(app: &Arc<App>, now: Timestamp) {
    look(app, now).await;
    let mut jobs = JoinSet::new();
    loop {
        spawn(app, &mut jobs, move || now);
        let Some(done) = jobs.join_next().await else { break };
        settle(app, done, now).await;
    }
}

/// A job with whose it is, and what came of it.
type Done = (Arc<Witnesses>, Job, Answered);

fn spawn(app: &Arc<App>, jobs: &mut JoinSet<Done>, now: impl Fn() -> Timestamp) {
    let Some(witnesses) = &app.witnesses else { return };
    let room = JOBS_MAX.saturating_sub(jobs.len());
    let due = witnesses.board().due(now(), room);
    for job in due {
        jobs.spawn(perform(Arc::clone(app), Arc::clone(witnesses), job));
    }
}

async fn look(app: &Arc<App>, now: Timestamp) {
    let Some(witnesses) = app.witnesses.clone() else { return };
    let work = spawn_blocking(move || witnesses.look(now));
    if let Ok(Err(error)) = work.await {
        tracing::warn!(code = error.code(), %error, "the checkpoints to be witnessed could not be read");
    }
}

async fn perform(app: Arc<App>, witnesses: Arc<Witnesses>, job: Job) -> Done {
    let (asker, asked) = (Arc::clone(&witnesses), job.clone());
    let Ok(Ok(question)) = spawn_blocking(move || asker.question(&asked)).await else {
        return (witnesses, job, Answered::Failed(Fault::Unprovable));
    };
    let asking = witnesses.client.ask(&job.url, &job.key, &question);
    let answered = app.telemetry.own("witness").doing(asking).await;
    (witnesses, job, answered)
}

/// Takes in what a witness answered, keeps it, and tells of it.
async fn settle(app: &Arc<App>, done: Result<Done, JoinError>, now: Timestamp) {
    let (witnesses, job, answered) = match done {
        Ok(done) => done,
        Err(error) => {
            tracing::error!(panic = error.is_panic(), "a question to a witness did not end");
            return;
        }
    };
    let result = match &answered {
        Answered::Signed { .. } => "signed",
        Answered::LastSize(_) => "other-size",
        Answered::Failed(fault) => fault.code(),
    };
    app.metrics.witnesses.answered(&job.name, result);
    if let Answered::Failed(fault) = &answered {
        let (witness, log) = (&job.name, job.target.place().0);
        tracing::warn!(witness, %log, code = fault.code(), "a witness has not signed");
    }
    if !app.witnesses.as_ref().is_some_and(|ours| Arc::ptr_eq(ours, &witnesses)) {
        // It was asked by a policy that is no longer in force: whoever is asked now says it again.
        return;
    }
    let kept = witnesses.board().settle(&job, answered, now);
    let Some(kept) = kept else { return };
    let (table, (log, shard)) = (witnesses.table.clone(), job.target.place());
    let work = spawn_blocking(move || table.keep_cosigned(log, shard, &kept));
    if let Ok(Err(error)) = work.await {
        // What was signed is known until the next restart, and then asked for again.
        tracing::error!(code = error.code(), %error, "the line of a witness could not be kept");
    }
}
