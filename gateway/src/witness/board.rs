//! Which witness is to sign which checkpoint, and when; and what is witnessed. Without clock and network.
//!
//! All witnesses of a log are asked for the same checkpoint, round by round: lines below different checkpoints make no quorum.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::record::LogName;
use crypto::time::Timestamp;
use crypto::tlog::{Checkpoint, Cosigner, Note, Policy, SignatureLine, VerifierKey};
use storage::witnessing::{Cosigned, CosignedLine, WitnessedNote};

use super::client::{Answered, Fault};
use super::state::{Standing, WitnessState, WitnessedView};
use crate::config::SourceUrl;
use crate::status::schedule::{Schedule, Spread};

/// A witness that is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its name in the policy.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where it takes checkpoints. One without address is not asked: its line comes by other ways or not at all.
    pub url: Option<Arc<SourceUrl>>,
}

/// A checkpoint to be witnessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Of which log.
    pub log: LogName,
    /// Of which shard.
    pub shard: u32,
    /// The signed note.
    pub note: Note,
    /// What it says.
    pub checkpoint: Checkpoint,
}

/// A question to one witness.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which one, in the order of the policy.
    pub witness: usize,
    /// What it is to sign.
    pub target: Arc<Target>,
    /// The size that it signed last, as far as we know.
    pub old_size: u64,
}

/// Every shard with its witnesses.
#[derive(Debug)]
pub struct Board {
    policy: Policy,
    witnesses: Vec<Asked>,
    interval_s: i64,
    spread: Spread,
    shards: BTreeMap<(LogName, u32), Shard>,
}

#[derive(Debug)]
struct Shard {
    /// The newest checkpoint that there is.
    newest: Arc<Target>,
    /// What the witnesses are asked for now.
    round: Option<Arc<Target>>,
    next_round_at: Timestamp,
    seats: Vec<Seat>,
    witnessed: Option<WitnessedNote>,
}

/// One witness of one shard.
#[derive(Clone, Debug)]
struct Seat {
    /// The size that it signed last, or says that it did.
    known: u64,
    line: Option<CosignedLine>,
    schedule: Schedule,
    is_busy: bool,
    /// Whether it has corrected the size that we took for its last one, and is asked again at once.
    is_corrected: bool,
    fault: Option<Fault>,
}

impl Target {
    /// The checkpoint in a note. `None` when it is none, or of an empty tree, of which there is nothing to witness.
    #[must_use]
    pub fn read(log: LogName, shard: u32, note: &str) -> Option<Self> {
        let note = Note::parse(note.as_bytes()).ok()?;
        let checkpoint = Checkpoint::of(&note).ok().filter(|checkpoint| checkpoint.size() > 0)?;
        Some(Self { log, shard, note, checkpoint })
    }
}

impl Board {
    /// For the witnesses of a policy. The seed spreads the moments of asking again.
    ///
    /// # Errors
    /// What is wrong with the address of a witness.
    pub fn new(policy: Policy, interval_s: u32, seed: u64) -> Result<Self, String> {
        let mut witnesses = Vec::new();
        for witness in policy.witnesses() {
            let url = witness.url.as_ref().map(|url| add_checkpoint(url)).transpose();
            let url = url.map_err(|why| format!("witness {}: {why}", witness.name))?;
            witnesses.push(Asked { name: witness.name.clone(), key: witness.key.clone(), url: url.map(Arc::new) });
        }
        Ok(Self { policy, witnesses, interval_s: interval_s.into(), spread: Spread::new(seed), shards: BTreeMap::new() })
    }

    /// The witnesses, in the order of the policy.
    #[must_use]
    pub fn witnesses(&self) -> &[Asked] {
        &self.witnesses
    }

    /// Whether there is nothing to wait for.
    #[must_use]
    pub const fn asks_nobody(&self) -> bool {
        !self.policy.asks_for_witnesses()
    }

    /// Whether the shard is known.
    #[must_use]
    pub fn knows(&self, log: LogName, shard: u32) -> bool {
        self.shards.contains_key(&(log, shard))
    }

    /// Brings back what was kept of a shard.
    pub fn recall(&mut self, target: Target, kept: Cosigned) {
        let seat = |witness: &Asked| {
            let line = kept.lines.get(&witness.key.to_string()).cloned();
            let known = line.as_ref().map_or(0, |line| line.size);
            Seat { known, line, schedule: Schedule::NEW, is_busy: false, is_corrected: false, fault: None }
        };
        let seats = self.witnesses.iter().map(seat).collect();
        let key = (target.log, target.shard);
        let shard =
            Shard { newest: Arc::new(target), round: None, next_round_at: Timestamp::MIN, seats, witnessed: kept.newest.clone() };
        self.shards.insert(key, shard);
    }

    /// There is a newer checkpoint of a shard that is known.
    pub fn learn(&mut self, target: Target) {
        let Some(shard) = self.shards.get_mut(&(target.log, target.shard)) else { return };
        if target.checkpoint.size() > shard.newest.checkpoint.size() {
            shard.newest = Arc::new(target);
        }
    }

    /// Who is to be asked now. Each is busy until [`Board::settle`].
    pub fn due(&mut self, now: Timestamp) -> Vec<Job> {
        let (mut jobs, witnesses) = (Vec::new(), &self.witnesses);
        for shard in self.shards.values_mut() {
            shard.advance(now, self.interval_s);
            let Some(round) = &shard.round else { continue };
            for (witness, (asked, seat)) in witnesses.iter().zip(&mut shard.seats).enumerate() {
                if asked.url.is_some() && seat.is_due(round.checkpoint.size(), now) {
                    seat.is_busy = true;
                    jobs.push(Job { witness, target: Arc::clone(round), old_size: seat.known });
                }
            }
        }
        jobs
    }

    /// Takes in what a witness answered. What is to be kept, where that has changed.
    pub fn settle(&mut self, job: &Job, answered: Answered, now: Timestamp) -> Option<Cosigned> {
        let shard = self.shards.get_mut(&(job.target.log, job.target.shard))?;
        let seat = shard.seats.get_mut(job.witness)?;
        let size = job.target.checkpoint.size();
        seat.is_busy = false;
        match answered {
            Answered::Signed { line, time } => {
                let at = Timestamp::from_unix(i64::try_from(time).unwrap_or(i64::MAX)).plus(0);
                seat.line = Some(CosignedLine { size, at, line: line.to_string() });
                seat.known = size;
                seat.schedule.succeeded();
                (seat.is_corrected, seat.fault) = (false, None);
            }
            Answered::LastSize(last) if last <= size && last != job.old_size && !seat.is_corrected => {
                (seat.known, seat.is_corrected) = (last, true);
                return None;
            }
            Answered::LastSize(last) => {
                seat.known = last;
                seat.failed(if last > size { Fault::Ahead } else { Fault::Contradiction }, now, &mut self.spread);
                return None;
            }
            Answered::Failed(fault) => {
                seat.failed(fault, now, &mut self.spread);
                return None;
            }
        }
        shard.judge(&job.target, &self.policy, &self.witnesses, now);
        Some(shard.kept(&self.witnesses))
    }

    /// The note of a checkpoint with the lines that witnesses have given for it.
    #[must_use]
    pub fn signed(&self, target: &Target) -> Note {
        match self.shards.get(&(target.log, target.shard)) {
            Some(shard) => shard.with_lines(target),
            None => target.note.clone(),
        }
    }

    /// How far the witnesses of a shard have come, where `size` is that of its newest checkpoint.
    #[must_use]
    pub fn view(&self, log: LogName, shard: u32, size: u64, now: Timestamp) -> WitnessedView {
        if self.asks_nobody() {
            return WitnessedView::NOT_REQUIRED;
        }
        let shard = self.shards.get(&(log, shard));
        let witnessed = shard.and_then(|shard| shard.witnessed.as_ref());
        let is_witnessed = witnessed.is_some_and(|note| note.size >= size);
        let standing = |(at, asked): (usize, &Asked)| {
            let seat = shard.and_then(|shard| shard.seats.get(at));
            let line = seat.and_then(|seat| seat.line.as_ref());
            Standing {
                name: asked.name.clone(),
                size: line.map(|line| line.size),
                at: line.map(|line| line.at),
                fault: seat.and_then(|seat| seat.fault).map(|fault| fault.code().to_owned()),
                failures: seat.map_or(0, |seat| seat.schedule.failures),
            }
        };
        WitnessedView {
            state: if is_witnessed { WitnessState::Witnessed } else { WitnessState::Waiting },
            size: witnessed.map(|note| note.size),
            at: witnessed.map(|note| note.at),
            age_s: witnessed.map(|note| now.unix().saturating_sub(note.at.unix())),
            checkpoint: witnessed.map(|note| note.note.clone()),
            witnesses: self.witnesses.iter().enumerate().map(standing).collect(),
        }
    }
}

impl Shard {
    /// Begins a new round when there is something new, the last round has ended, and its time has come.
    fn advance(&mut self, now: Timestamp, interval_s: i64) {
        let is_new = self.round.as_ref().is_none_or(|round| round.checkpoint.size() < self.newest.checkpoint.size());
        if is_new && self.next_round_at <= now && !self.seats.iter().any(|seat| seat.is_busy) {
            self.round = Some(Arc::clone(&self.newest));
            self.next_round_at = now.plus(interval_s);
        }
    }

    fn with_lines(&self, target: &Target) -> Note {
        let mut note = target.note.clone();
        let size = target.checkpoint.size();
        let lines = self.seats.iter().filter_map(|seat| seat.line.as_ref()).filter(|line| line.size == size);
        for line in lines.flat_map(|line| SignatureLine::read_all(&format!("{}\n", line.line)).unwrap_or_default()) {
            // A note that is full has what it needs.
            drop(note.add(line));
        }
        note
    }

    /// Whether as many as the policy demands have signed this checkpoint.
    fn judge(&mut self, target: &Target, policy: &Policy, witnesses: &[Asked], now: Timestamp) {
        let size = target.checkpoint.size();
        let signed = |(asked, seat): (&Asked, &Seat)| {
            let line = seat.line.as_ref().filter(|line| line.size == size)?;
            Some(Cosigner { witness: asked.name.clone(), time: line.at.unix().max(0).unsigned_abs() })
        };
        let cosigners: Vec<Cosigner> = witnesses.iter().zip(&self.seats).filter_map(signed).collect();
        if !policy.is_met(&cosigners) || self.witnessed.as_ref().is_some_and(|note| note.size > size) {
            return;
        }
        let since = self.witnessed.as_ref().filter(|note| note.size == size).map_or(now, |note| note.at);
        self.witnessed = Some(WitnessedNote { size, at: since, note: self.with_lines(target).to_string() });
    }

    fn kept(&self, witnesses: &[Asked]) -> Cosigned {
        let line = |(asked, seat): (&Asked, &Seat)| Some((asked.key.to_string(), seat.line.clone()?));
        Cosigned { lines: witnesses.iter().zip(&self.seats).filter_map(line).collect(), newest: self.witnessed.clone() }
    }
}

impl Seat {
    fn is_due(&self, size: u64, now: Timestamp) -> bool {
        let has_signed = self.line.as_ref().is_some_and(|line| line.size >= size);
        !self.is_busy && !has_signed && self.known <= size && self.schedule.is_due(now)
    }

    fn failed(&mut self, fault: Fault, now: Timestamp, spread: &mut Spread) {
        self.schedule.failed(now, spread);
        (self.is_corrected, self.fault) = (false, Some(fault));
    }
}

/// Where a witness takes checkpoints, below the address in the policy (C2SP tlog-witness: its submission prefix).
fn add_checkpoint(prefix: &str) -> Result<SourceUrl, String> {
    SourceUrl::try_from(format!("{}/add-checkpoint", prefix.trim_end_matches('/')))
}
