//! Which witness is to sign which checkpoint, and when; and what is witnessed. Without clock and network.
//!
//! All witnesses of a log are asked for the same checkpoint, round by round: lines below different checkpoints make no quorum.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::record::LogName;
use crypto::time::Timestamp;
use crypto::tlog::{Cosigner, Note, Policy, SignatureLine};
use storage::witnessing::{Cosigned, CosignedLine, WitnessedNote};

use super::client::{Answered, Fault};
use super::job::{Asked, Job, Target};
use super::state::{Standing, WitnessState, WitnessedView};
use crate::config::SourceUrl;
use crate::spread::Spread;
use crate::status::schedule::Schedule;

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
    /// Since when the newest checkpoint waits for witnesses.
    waiting_since: Option<Timestamp>,
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

    /// Whether the witnesses that can be asked are enough.
    #[must_use]
    pub fn can_be_met(&self) -> bool {
        let asked = self.witnesses.iter().filter(|asked| asked.url.is_some());
        self.policy.is_met(&asked.map(|asked| Cosigner { witness: asked.name.clone(), time: 0 }).collect::<Vec<_>>())
    }

    /// Whether nothing is left to do for a shard that ended with this size.
    #[must_use]
    pub fn is_settled(&self, log: LogName, shard: u32, size: u64) -> bool {
        let witnessed = self.shards.get(&(log, shard)).and_then(|shard| shard.witnessed.as_ref());
        size == 0 || witnessed.is_some_and(|note| note.size >= size)
    }

    /// The size of the newest tree of a shard that is witnessed, and since when a newer one waits, in seconds.
    #[must_use]
    pub fn reached(&self, log: LogName, shard: u32, now: Timestamp) -> Option<(u64, i64)> {
        let shard = self.shards.get(&(log, shard))?;
        let lag_s = shard.waiting_since.map_or(0, |since| now.unix().saturating_sub(since.unix()));
        Some((shard.witnessed.as_ref().map_or(0, |note| note.size), lag_s))
    }

    /// The newest checkpoint of a shard that is witnessed, with the lines of its witnesses, and the size of its tree.
    #[must_use]
    pub fn witnessed(&self, log: LogName, shard: u32) -> Option<(u64, String)> {
        let note = self.shards.get(&(log, shard))?.witnessed.as_ref()?;
        Some((note.size, note.note.clone()))
    }

    /// Whether the shard is known.
    #[must_use]
    pub fn knows(&self, log: LogName, shard: u32) -> bool {
        self.shards.contains_key(&(log, shard))
    }

    /// Brings back what was kept of a shard.
    pub fn recall(&mut self, target: Target, kept: &Cosigned, now: Timestamp) {
        let seat = |witness: &Asked| {
            let line = kept.lines.get(&witness.key.to_string()).cloned();
            let known = line.as_ref().map_or(0, |line| line.size);
            Seat { known, line, schedule: Schedule::NEW, is_busy: false, is_corrected: false, fault: None }
        };
        let seats = self.witnesses.iter().map(seat).collect();
        let (key, size) = (target.place(), target.published.size);
        let witnessed = kept.newest.clone();
        let waiting_since = if witnessed.as_ref().is_some_and(|note| note.size >= size) { None } else { Some(now) };
        let next_round_at = Timestamp::MIN;
        let shard = Shard { newest: Arc::new(target), round: None, next_round_at, seats, witnessed, waiting_since };
        self.shards.insert(key, shard);
    }

    /// There is a newer checkpoint of a shard that is known.
    pub fn learn(&mut self, target: Target, now: Timestamp) {
        let Some(shard) = self.shards.get_mut(&target.place()) else { return };
        if target.published.size > shard.newest.published.size {
            shard.newest = Arc::new(target);
            shard.waiting_since.get_or_insert(now);
        }
    }

    /// Who is to be asked now, as many as there is room for. Each is busy until [`Board::settle`].
    pub fn due(&mut self, now: Timestamp, room: usize) -> Vec<Job> {
        let (mut jobs, witnesses) = (Vec::new(), &self.witnesses);
        for shard in self.shards.values_mut() {
            shard.advance(now, self.interval_s);
            let Some(round) = &shard.round else { continue };
            for (witness, (asked, seat)) in witnesses.iter().zip(&mut shard.seats).enumerate() {
                let Some(url) = asked.url.as_ref().filter(|_| jobs.len() < room && seat.is_due(round.published.size, now)) else {
                    continue;
                };
                seat.is_busy = true;
                jobs.push(Job {
                    witness,
                    name: asked.name.clone(),
                    key: asked.key.clone(),
                    url: Arc::clone(url),
                    target: Arc::clone(round),
                    old_size: seat.known,
                });
            }
        }
        jobs
    }

    /// Takes in what a witness answered. What is to be kept, where that has changed.
    pub fn settle(&mut self, job: &Job, answered: Answered, now: Timestamp) -> Option<Cosigned> {
        let shard = self.shards.get_mut(&job.target.place())?;
        let seat = shard.seats.get_mut(job.witness)?;
        let size = job.target.published.size;
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
        match self.shards.get(&target.place()) {
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
        let is_new = self.round.as_ref().is_none_or(|round| round.published.size < self.newest.published.size);
        if is_new && self.next_round_at <= now && !self.seats.iter().any(|seat| seat.is_busy) {
            self.round = Some(Arc::clone(&self.newest));
            self.next_round_at = now.plus(interval_s);
        }
    }

    fn with_lines(&self, target: &Target) -> Note {
        let mut note = target.note.clone();
        let size = target.published.size;
        let lines = self.seats.iter().filter_map(|seat| seat.line.as_ref()).filter(|line| line.size == size);
        for line in lines.flat_map(|line| SignatureLine::read_all(&format!("{}\n", line.line)).unwrap_or_default()) {
            // A note that is full has what it needs.
            drop(note.add(line));
        }
        note
    }

    /// Whether as many as the policy demands have signed this checkpoint.
    fn judge(&mut self, target: &Target, policy: &Policy, witnesses: &[Asked], now: Timestamp) {
        let size = target.published.size;
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
        self.waiting_since = if size >= self.newest.published.size { None } else { Some(now) };
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

#[cfg(test)]
mod tests {
    use crypto::issue::{KeyType, SigningKey};
    use crypto::tlog::{self, Hash, NoteSigner, VerifierKey, cosignature};
    use storage::log::Published;

    use super::*;
    use crate::status;
    use crate::witness::WitnessKey;

    const NOW: Timestamp = Timestamp::from_unix(1_780_000_000);
    const LOG: LogName = LogName::Seal;

    fn witness(name: &str) -> WitnessKey {
        WitnessKey::new(name, SigningKey::from_label(KeyType::Ed25519, name)).unwrap()
    }

    /// Three witnesses, two of which are enough.
    fn board() -> Board {
        let line = |name: &str| format!("witness {name} {} http://{name}.example/\n", witness(name).key());
        let text = ["a", "b", "c"].map(line).concat() + "group two 2 a b c\nquorum two\n";
        Board::new(text.parse().unwrap(), 5, 1).unwrap()
    }

    fn target(size: u64) -> Target {
        let root = tlog::leaf_hash(&size.to_be_bytes());
        let text = tlog::Checkpoint::new("log.example/seal/2026", size, root).unwrap().to_string();
        let bits = SigningKey::from_label(KeyType::Ed25519, "log");
        let key = VerifierKey::new("log.example/seal/2026", tlog::KeyType::Ed25519, bits.public_key().bits()).unwrap();
        struct Log(VerifierKey, SigningKey);
        impl NoteSigner for Log {
            fn key(&self) -> &VerifierKey {
                &self.0
            }
            fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
                Some(self.1.sign_fixed(message))
            }
        }
        let mut note = Note::new(&text).unwrap();
        note.add(SignatureLine::sign(&Log(key, bits), &text).unwrap()).unwrap();
        let published = Published {
            log: LOG,
            shard: 0,
            period: "2026".to_owned(),
            first: 0,
            size,
            root: Hash(root.0),
            is_final: false,
            note: note.to_string(),
        };
        Target::of(&Arc::new(published)).unwrap()
    }

    fn signed(job: &Job, now: Timestamp) -> Answered {
        let time = now.unix().unsigned_abs();
        let line = cosignature::sign(&witness(&job.name), job.target.note.text(), time).unwrap();
        Answered::Signed { line, time }
    }

    fn names(jobs: &[Job]) -> Vec<&str> {
        jobs.iter().map(|job| job.name.as_str()).collect()
    }

    const DOWN: Answered = Answered::Failed(Fault::Http(status::Fault::Unreachable));

    #[test]
    fn a_checkpoint_is_witnessed_once_enough_have_signed_it() {
        let mut board = board();
        board.recall(target(10), &Cosigned::default(), NOW);
        let jobs = board.due(NOW, 9);
        assert_eq!(names(&jobs), ["a", "b", "c"]);
        assert!(board.due(NOW, 9).is_empty(), "all are busy");
        board.settle(&jobs[0], signed(&jobs[0], NOW), NOW).unwrap();
        assert_eq!(board.view(LOG, 0, 10, NOW).state, WitnessState::Waiting);
        assert_eq!(board.reached(LOG, 0, NOW.plus(3)), Some((0, 3)));
        let kept = board.settle(&jobs[1], signed(&jobs[1], NOW), NOW.plus(1)).unwrap();
        assert!(board.settle(&jobs[2], DOWN, NOW).is_none());
        let view = board.view(LOG, 0, 10, NOW.plus(4));
        assert_eq!((view.state, view.size, view.age_s), (WitnessState::Witnessed, Some(10), Some(3)));
        assert_eq!((view.witnesses[2].fault.as_deref(), view.witnesses[2].failures), (Some("unreachable"), 1));
        assert_eq!(Note::parse(view.checkpoint.unwrap().as_bytes()).unwrap().lines().len(), 3);
        assert_eq!(board.signed(&target(10)).lines().len(), 3);
        assert_eq!(board.signed(&target(9)).lines().len(), 1, "no line under another checkpoint");
        assert_eq!(board.reached(LOG, 0, NOW.plus(99)), Some((10, 0)));

        // What was kept is known after a restart, and a newer checkpoint waits again.
        let mut again = self::board();
        again.recall(target(12), &kept, NOW.plus(60));
        let view = again.view(LOG, 0, 12, NOW.plus(60));
        assert_eq!((view.state, view.size, view.age_s), (WitnessState::Waiting, Some(10), Some(59)));
        let sizes: Vec<u64> = again.due(NOW.plus(60), 9).iter().map(|job| job.old_size).collect();
        assert_eq!(sizes, [10, 10, 0]);
    }

    #[test]
    fn all_are_asked_for_the_same_checkpoint_and_not_too_often() {
        let mut board = board();
        board.recall(target(10), &Cosigned::default(), NOW);
        let first = board.due(NOW, 2);
        assert_eq!(names(&first), ["a", "b"], "as many as there is room for");
        board.learn(target(11), NOW);
        board.settle(&first[0], signed(&first[0], NOW), NOW);
        // The round goes on with what it began with.
        let third = board.due(NOW.plus(1), 9);
        assert_eq!((names(&third), third[0].target.published.size), (vec!["c"], 10));
        board.settle(&first[1], signed(&first[1], NOW), NOW);
        board.settle(&third[0], signed(&third[0], NOW), NOW);
        board.learn(target(12), NOW.plus(2));
        board.learn(target(11), NOW.plus(2));
        assert!(board.due(NOW.plus(4), 9).is_empty(), "the interval");
        let next = board.due(NOW.plus(5), 9);
        assert_eq!((names(&next), next[0].target.published.size, next[0].old_size), (vec!["a", "b", "c"], 12, 10));
    }

    #[test]
    fn who_is_down_is_asked_later_and_holds_up_nobody() {
        let mut board = board();
        board.recall(target(10), &Cosigned::default(), NOW);
        for job in board.due(NOW, 9) {
            let answer = if job.name == "c" { DOWN } else { signed(&job, NOW) };
            board.settle(&job, answer, NOW);
        }
        board.learn(target(20), NOW);
        assert_eq!(names(&board.due(NOW.plus(3), 9)), [""; 0]);
        let next = board.due(NOW.plus(5), 9);
        assert_eq!(names(&next), ["a", "b", "c"]);
        for job in &next {
            let answer = if job.name == "c" { DOWN } else { signed(job, NOW) };
            board.settle(job, answer, NOW.plus(5));
        }
        assert_eq!(board.view(LOG, 0, 20, NOW).state, WitnessState::Witnessed);
        board.learn(target(30), NOW);
        assert_eq!(names(&board.due(NOW.plus(12), 9)), ["a", "b"], "its pause has doubled");
    }

    #[test]
    fn a_witness_says_which_size_it_signed_last() {
        let mut board = board();
        board.recall(target(10), &Cosigned::default(), NOW);
        let jobs = board.due(NOW, 9);
        assert!(board.settle(&jobs[0], Answered::LastSize(7), NOW).is_none());
        let again = board.due(NOW, 9);
        assert_eq!((names(&again), again[0].old_size), (vec!["a"], 7), "at once");
        board.settle(&again[0], Answered::LastSize(3), NOW);
        assert!(board.due(NOW, 9).is_empty(), "it contradicts itself");
        board.settle(&jobs[1], Answered::LastSize(11), NOW);
        let fault = |board: &Board, at: usize| board.view(LOG, 0, 10, NOW).witnesses[at].fault.clone().unwrap();
        assert_eq!([fault(&board, 0), fault(&board, 1)], ["contradiction", "ahead"]);
        assert!(!names(&board.due(NOW.plus(900), 9)).contains(&"b"), "there is nothing that it could sign");
    }

    #[test]
    fn without_a_quorum_nothing_is_required() {
        let board = Board::new("quorum none\n".parse().unwrap(), 5, 1).unwrap();
        assert_eq!(board.view(LOG, 0, 10, NOW), WitnessedView::NOT_REQUIRED);
        let text = format!("witness a {}\nquorum a\n", witness("a").key());
        assert!(!Board::new(text.parse().unwrap(), 5, 1).unwrap().can_be_met(), "nobody can be asked");
        let text = text.replace("\nquorum", " ftp://a.example\nquorum");
        assert!(Board::new(text.parse().unwrap(), 5, 1).unwrap_err().contains("witness a: "));
    }
}
