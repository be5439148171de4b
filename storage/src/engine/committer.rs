//! Group commit: one thread writes what many callers submit, so that they share one sync.
//!
//! The thread takes what waits in the queue, up to a bound, decides each batch against the disk and against the batches that it
//! has already taken into this group, writes the survivors at once with one sync, and then answers all. While the disk syncs, the
//! next group gathers; nobody waits for a timer.
//!
//! After a failed write nothing is known about the disk any more (a sync that failed once may succeed the next time without
//! having written): everyone in the group hears `Unknown`, and every later commit `Poisoned`, until the process restarts and
//! reads what there is.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::JoinHandle;

use super::{Batch, CommitError, Part, ReadError, Space};

/// How many submissions may wait. Beyond it the disk is too slow for the load, and waiting longer helps nobody.
const QUEUE_MAX: usize = 1024;

/// How many batches share one sync at most.
const GROUP_BATCHES_MAX: usize = 256;

/// How many bytes share one sync at most: bounds the memory of a group and the time of a write. One batch always fits.
const GROUP_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What the committer needs of a disk.
pub(crate) trait Ledger: Send + 'static {
    /// The version of a key on disk.
    fn version(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<u64>, ReadError>;

    /// Writes all of it and syncs. `Err` means that it is not known how much of it there is.
    fn write(&mut self, writes: Vec<Decided>) -> Result<(), WriteFailed>;
}

/// A write or a sync failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WriteFailed;

/// A write whose expectation held.
#[derive(Clone, Debug)]
pub(crate) struct Decided {
    pub(crate) part: Part,
    pub(crate) space: Space,
    pub(crate) key: Vec<u8>,
    /// The new version and value; `None` to delete.
    pub(crate) value: Option<(u64, Vec<u8>)>,
}

enum Submission {
    Commit {
        part: Part,
        batch: Batch,
        reply: SyncSender<Result<(), CommitError>>,
    },
    /// Answered when everything before it has ended.
    Fence {
        reply: SyncSender<()>,
    },
}

/// The handle of the committing thread. Dropping it ends the thread, after what is queued is written.
#[derive(Debug)]
pub(crate) struct Committer {
    queue: Option<SyncSender<Submission>>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Submission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Commit { .. } => "Commit",
            Self::Fence { .. } => "Fence",
        })
    }
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(ledger: impl Ledger) -> std::io::Result<Self> {
        let (queue, submissions) = mpsc::sync_channel(QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || Group { ledger, submissions, poisoned: false }.run())?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Submits a batch that has passed [`Batch::check`], and waits for its outcome.
    pub(crate) fn commit(&self, part: Part, batch: Batch) -> Result<(), CommitError> {
        let (reply, answer) = mpsc::sync_channel(1);
        let queue = self.queue.as_ref().ok_or(CommitError::Unavailable)?;
        match queue.try_send(Submission::Commit { part, batch, reply }) {
            Ok(()) => answer.recv().unwrap_or(Err(CommitError::Unknown)),
            Err(TrySendError::Full(_)) => Err(CommitError::Unavailable),
            // The thread ends only with its handle, or by a fault of ours that leaves the disk in doubt.
            Err(TrySendError::Disconnected(_)) => Err(CommitError::Poisoned),
        }
    }

    /// Waits until everything that was submitted before has ended.
    pub(crate) fn fence(&self) -> Result<(), ReadError> {
        let (reply, answer) = mpsc::sync_channel(1);
        let queue = self.queue.as_ref().ok_or(ReadError::Unavailable)?;
        match queue.send(Submission::Fence { reply }) {
            // A thread that has ended has nothing under way.
            Err(_) => Ok(()),
            Ok(()) => answer.recv().or(Ok(())),
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been answered as `Unknown`; there is nobody left to tell.
            drop(thread.join());
        }
    }
}

struct Group<L> {
    ledger: L,
    submissions: Receiver<Submission>,
    poisoned: bool,
}

/// Versions as they will be once the group is written.
type Overlay = BTreeMap<(Part, Space, Vec<u8>), Option<u64>>;

impl<L: Ledger> Group<L> {
    fn run(mut self) {
        while let Ok(first) = self.submissions.recv() {
            let group = self.gather(first);
            self.settle(group);
        }
    }

    /// What waits now, up to the bounds of a group.
    fn gather(&self, first: Submission) -> Vec<Submission> {
        let mut bytes = first.bytes();
        let mut group = vec![first];
        while group.len() < GROUP_BATCHES_MAX && bytes < GROUP_BYTES_MAX {
            match self.submissions.try_recv() {
                Ok(next) => {
                    bytes += next.bytes();
                    group.push(next);
                }
                Err(_) => break,
            }
        }
        group
    }

    /// Decides, writes and answers a group.
    fn settle(&mut self, group: Vec<Submission>) {
        let mut overlay = Overlay::new();
        let mut writes = Vec::new();
        let mut taken = Vec::new();
        let mut fences = Vec::new();
        for submission in group {
            match submission {
                Submission::Fence { reply } => fences.push(reply),
                Submission::Commit { reply, .. } if self.poisoned => answer(&reply, Err(CommitError::Poisoned)),
                Submission::Commit { part, batch, reply } => match self.decide(part, batch, &mut overlay) {
                    Ok(mut decided) => {
                        writes.append(&mut decided);
                        taken.push(reply);
                    }
                    Err(error) => answer(&reply, Err(error)),
                },
            }
        }
        let outcome = if writes.is_empty() { Ok(()) } else { self.ledger.write(writes) };
        self.poisoned |= outcome.is_err();
        for reply in taken {
            answer(&reply, outcome.map_err(|WriteFailed| CommitError::Unknown));
        }
        for reply in fences {
            // Whoever asked may have gone away; the fence has held all the same.
            reply.try_send(()).unwrap_or_default();
        }
    }

    /// The writes of one batch, if all its expectations hold on top of the overlay, which then shows them.
    fn decide(&self, part: Part, batch: Batch, overlay: &mut Overlay) -> Result<Vec<Decided>, CommitError> {
        let mut decided = Vec::with_capacity(batch.writes().len());
        let mut versions = Vec::with_capacity(batch.writes().len());
        for write in batch.into_writes() {
            let place = (part, write.space, write.key);
            let version = match overlay.get(&place) {
                Some(version) => *version,
                None => self.ledger.version(part, write.space, &place.2).map_err(|error| match error {
                    ReadError::Corrupt => CommitError::Corrupt,
                    ReadError::Unavailable => CommitError::Unavailable,
                })?,
            };
            if write.expect.is_some_and(|expect| !expect.holds(version)) {
                return Err(CommitError::Conflict);
            }
            let next = version.unwrap_or(0).checked_add(1).ok_or(CommitError::Corrupt)?;
            let value = write.value.map(|value| (next, value));
            versions.push((place.clone(), value.as_ref().map(|_| next)));
            decided.push(Decided { part, space: write.space, key: place.2, value });
        }
        overlay.extend(versions);
        Ok(decided)
    }
}

impl Submission {
    fn bytes(&self) -> usize {
        match self {
            Self::Commit { batch, .. } => batch.bytes(),
            Self::Fence { .. } => 0,
        }
    }
}

fn answer(reply: &SyncSender<Result<(), CommitError>>, outcome: Result<(), CommitError>) {
    // The channel holds one answer, and there is one; whoever asked may have gone away.
    reply.try_send(outcome).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier, Mutex};

    use super::*;

    /// A disk that counts its writes, waits at a gate before each, and fails when told to.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Sheet>>, Option<Arc<(Barrier, Barrier)>>);

    #[derive(Default)]
    struct Sheet {
        versions: BTreeMap<(Part, Space, Vec<u8>), u64>,
        groups: Vec<usize>,
        failing: bool,
    }

    impl Ledger for Paper {
        fn version(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<u64>, ReadError> {
            Ok(self.0.lock().unwrap().versions.get(&(part, space, key.to_vec())).copied())
        }

        fn write(&mut self, writes: Vec<Decided>) -> Result<(), WriteFailed> {
            if let Some(gates) = self.1.as_ref().filter(|_| self.0.lock().unwrap().groups.is_empty()) {
                gates.0.wait();
                gates.1.wait();
            }
            let mut sheet = self.0.lock().unwrap();
            if sheet.failing {
                return Err(WriteFailed);
            }
            sheet.groups.push(writes.len());
            for write in writes {
                let place = (write.part, write.space, write.key);
                match write.value {
                    Some((version, _)) => sheet.versions.insert(place, version),
                    None => sheet.versions.remove(&place),
                };
            }
            Ok(())
        }
    }

    fn insert(key: &[u8]) -> Batch {
        let mut batch = Batch::new();
        batch.insert(Space::Hot, key.to_vec(), vec![1]);
        batch
    }

    #[test]
    fn after_a_failed_write_nothing_is_written() {
        let paper = Paper::default();
        let committer = Committer::start(paper.clone()).unwrap();
        assert_eq!(committer.commit(Part(0), insert(b"a")), Ok(()));
        paper.0.lock().unwrap().failing = true;
        assert_eq!(committer.commit(Part(0), insert(b"b")), Err(CommitError::Unknown));
        paper.0.lock().unwrap().failing = false;
        assert_eq!(committer.commit(Part(0), insert(b"c")), Err(CommitError::Poisoned));
        assert_eq!(committer.fence(), Ok(()));
        assert_eq!(paper.0.lock().unwrap().groups, [1]);
    }

    #[test]
    fn those_who_wait_share_a_write_and_see_each_other() {
        let gates = Arc::new((Barrier::new(2), Barrier::new(2)));
        let paper = Paper(Arc::default(), Some(Arc::clone(&gates)));
        let mut committer = Committer::start(paper.clone()).unwrap();
        let submit = |part, batch| {
            let (reply, answer) = mpsc::sync_channel(1);
            committer.queue.as_ref().unwrap().send(Submission::Commit { part, batch, reply }).unwrap();
            answer
        };
        let first = submit(Part(0), insert(b"a"));
        gates.0.wait();
        // The disk is busy with the first; these wait and become one group.
        let mut onwards = insert(b"b");
        onwards.replace(Space::Hot, b"a".to_vec(), 1, vec![2]);
        let waiting = [
            submit(Part(0), insert(b"a")),
            submit(Part(0), onwards.clone()),
            submit(Part(0), onwards),
            submit(Part(1), insert(b"a")),
        ];
        gates.1.wait();
        assert_eq!(first.recv(), Ok(Ok(())));
        let answers = waiting.map(|answer| answer.recv().unwrap());
        assert_eq!(answers, [Err(CommitError::Conflict), Ok(()), Err(CommitError::Conflict), Ok(())]);
        drop(committer.queue.take());
        drop(committer);
        let sheet = paper.0.lock().unwrap();
        assert_eq!(sheet.groups, [1, 3]);
        assert_eq!(sheet.versions.get(&(Part(0), Space::Hot, b"a".to_vec())), Some(&2));
    }

    #[test]
    fn a_full_queue_refuses() {
        let gates = Arc::new((Barrier::new(2), Barrier::new(2)));
        let committer = Committer::start(Paper(Arc::default(), Some(Arc::clone(&gates)))).unwrap();
        let queue = committer.queue.clone().unwrap();
        let mut answers = Vec::new();
        for n in 0..=QUEUE_MAX {
            let (reply, answer) = mpsc::sync_channel(1);
            queue.send(Submission::Commit { part: Part(0), batch: insert(&n.to_be_bytes()), reply }).unwrap();
            answers.push(answer);
            if n == 0 {
                gates.0.wait();
            }
        }
        assert_eq!(committer.commit(Part(0), insert(b"x")), Err(CommitError::Unavailable));
        gates.1.wait();
        assert!(answers.iter().all(|answer| answer.recv() == Ok(Ok(()))));
    }
}
