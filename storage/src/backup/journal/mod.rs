//! The journal: what the store commits between two backups, so that no more than seconds are lost with a machine, and a store can be
//! restored to the state of almost any moment.
//!
//! ```text
//! FOLDER/journal/LINE-FROM-TO-UNTIL    a segment: commits, sealed, from one number of the engine's writes to another
//! ```
//!
//! The engine hands each commit to a [`Tap`] when it is durable, in the order of the commits. From time to time somebody
//! takes what was heard and seals it as a segment ([`Journal`]). Commits have the engine's own numbers: what joins, joins, also over a
//! restart, and what is missing is seen by that. A run of commits without a gap is a *line*, with a random name; after a gap there is a
//! new line, and it leads nowhere before a backup is made in it ([`Joint`]). There is a gap
//!
//! - when more was committed than waits in memory, because the folder takes no segments;
//! - after a crash: what was committed last was not in the journal yet;
//! - after a commit of which nobody knows whether it was written: nothing is committed behind it before a restart, which finds
//!   other numbers if it was;
//! - after a restoration of less than there is, or when the store was written to while nobody listened.
//!
//! A line goes on after a restart only if the store is at the very number where its last segment ends, and holds what was written last of it:
//! values are sealed under random numbers, so that no other history has them.
//!
//! Each segment names the digest of the one before, so that none can be left out or exchanged, not even for one of the same name. Its name is
//! bound to it by the key, as that of a backup is. What is erased from the store stays in the segments from before, as it
//! stays in the backups, until they are removed with the oldest backup that needs them.

mod codec;
mod joined;
mod reach;
mod segment;

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::time::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};

pub use reach::{Goal, Joint, goal};
pub use segment::SegmentName;

use super::folder::names;
use super::{BackupError, BackupId, BackupKey, BackupKeyId, Damage, Folder, Harm, Manifest};
use crate::engine::{Commit, Line, Taken, Tap};
use crate::error::StorageError;
use crate::store::Store;

use joined::joined;

pub(super) use reach::reach;
pub(super) use segment::remove;

/// Writes the journal of a store that is open.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    key: BackupKey,
    tap: Arc<Tap>,
    line: Line,
    /// The number of the last write in it.
    at: u64,
    previous: Option<Sha256>,
    since: Timestamp,
    /// What is written next.
    gathered: Option<Gathered>,
}

#[derive(Debug)]
struct Gathered {
    taken: Taken,
    /// Given when it is first tried, so that a segment has one name however often it is.
    until: Option<Timestamp>,
}

impl Journal {
    /// Goes on with the line that ends where the store began when it was opened, or begins one. The store must have been opened with
    /// memory for what waits.
    ///
    /// # Errors
    /// [`BackupError`]; then there is no journal, and what is heard goes on waiting.
    pub fn open(store: &Store, folder: Folder, key: BackupKey, now: Timestamp) -> Result<Self, BackupError> {
        let tap = Arc::clone(store.tap().ok_or(StorageError::Unavailable)?);
        let path = folder.journal();
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(BackupError::io(&path))?;
        for name in names(&path)?.iter().filter(|name| name.ends_with(".new")) {
            let path = path.join(name);
            fs::remove_file(&path).map_err(BackupError::io(&path))?;
        }
        let joined = tap.began().map_or(Ok(None), |at| joined(store.engine(), &tap, at, &folder, &key))?;
        let (line, at, previous) = match joined {
            Some((last, sha256)) => (last.line, last.to, Some(sha256)),
            None => (line()?, tap.began().unwrap_or_else(|| tap.listen()), None),
        };
        tap.name(line);
        Ok(Self { folder, key, tap, line, at, previous, since: now, gathered: None })
    }

    /// The line that is written.
    #[must_use]
    pub const fn line(&self) -> Line {
        self.line
    }

    /// The name of the key that seals it.
    #[must_use]
    pub const fn key(&self) -> BackupKeyId {
        self.key.id()
    }

    /// Begins a new line, after a gap.
    ///
    /// # Errors
    /// [`BackupError::NoRandomness`].
    pub fn begin(&mut self, now: Timestamp) -> Result<(), BackupError> {
        (self.line, self.gathered, self.previous, self.since) = (line()?, None, None, now);
        self.at = self.tap.listen();
        self.tap.name(self.line);
        Ok(())
    }

    /// Takes what was heard, unless something is still to be written. Says whether there is something to be written.
    ///
    /// # Errors
    /// [`Gap`] when something was not heard: it is in no segment. What was taken before is given up too.
    pub fn gather(&mut self) -> Result<bool, Gap> {
        if self.gathered.is_none() {
            let taken = self.tap.take().filter(|taken| taken.from == self.at).ok_or(Gap)?;
            self.gathered = Some(Gathered { taken, until: None }).filter(|gathered| !gathered.taken.commits.is_empty());
        }
        Ok(self.gathered.is_some())
    }

    /// Writes what was gathered; `now` is a moment after that. Says which segment it is, if there was something.
    ///
    /// # Errors
    /// [`BackupError`]; then it is still gathered.
    pub fn write(&mut self, now: Timestamp) -> Result<Option<SegmentName>, BackupError> {
        let Some(gathered) = &mut self.gathered else {
            self.since = now;
            return Ok(None);
        };
        let until = *gathered.until.get_or_insert(now);
        let taken = &gathered.taken;
        let name = SegmentName { line: self.line, from: taken.from, to: taken.to, until };
        let commits = u64::try_from(taken.commits.len()).unwrap_or(u64::MAX);
        let header = segment::Header { since: self.since, previous: self.previous, commits };
        self.previous = Some(segment::write(&self.folder, &name, &header, &taken.commits, &self.key)?);
        (self.at, self.since, self.gathered) = (name.to, until, None);
        Ok(Some(name))
    }
}

/// Something was committed and not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap;

fn line() -> Result<Line, BackupError> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_unspecified| BackupError::NoRandomness)?;
    Ok(Line::new(bytes))
}

/// Where a backup joins the journal: the line that is being written, or, of a store in which nobody writes, one that ends where it is.
pub(super) fn joint(store: &Store, folder: &Folder, key: &BackupKey) -> Result<Option<Joint>, BackupError> {
    let Some(tap) = store.tap() else { return Ok(None) };
    if let Some((line, from)) = tap.line() {
        return Ok(Some(Joint { line, from }));
    }
    let at = tap.at();
    let joined = joined(store.engine(), tap, at, folder, key)?;
    Ok(joined.map(|(last, _)| Joint { line: last.line, from: at }))
}

/// Reads the segments of a goal in their order, and gives out their commits. Each must follow the one before.
pub(super) fn follow(
    folder: &Folder,
    segments: &[SegmentName],
    key: &BackupKey,
    told: &mut dyn FnMut(u64),
    each: &mut dyn FnMut(u64, Commit) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let mut previous = None;
    for name in segments {
        let (header, sha256) = segment::read(folder, name, key, told, each)?;
        if previous.is_some() && header.previous != previous {
            return Err(BackupError::Damaged { path: folder.segment(name), harm: Harm::SegmentOrder });
        }
        previous = Some(sha256);
    }
    Ok(())
}

/// How many bytes these segments have as files.
pub(super) fn bytes(folder: &Folder, segments: &[SegmentName]) -> u64 {
    segments.iter().map(|name| segment::bytes(folder, name)).fold(0, u64::saturating_add)
}

/// The segments that lead on from these backups, whether or not they join.
pub(super) fn needed(manifests: &[Manifest], journal: &BTreeSet<SegmentName>) -> Vec<SegmentName> {
    let joints: Vec<Joint> = manifests.iter().filter_map(|manifest| manifest.journal).collect();
    let is_needed = |name: &&SegmentName| joints.iter().any(|joint| joint.line == name.line && joint.from < name.to);
    journal.iter().filter(is_needed).copied().collect()
}

/// Reads every byte of the segments that lead on from these backups, and tells what is not as it was written, and which of the backups
/// cannot be led on beyond it.
pub(super) fn verify(
    folder: &Folder,
    manifests: &[Manifest],
    segments: &[SegmentName],
    key: &BackupKey,
    told: &mut dyn FnMut(u64),
) -> Result<Vec<Damage>, BackupError> {
    let mut damages = Vec::new();
    let mut before: Option<(SegmentName, Option<Sha256>)> = None;
    for name in segments {
        let on_it = |manifest: &&Manifest| manifest.journal.is_some_and(|at| at.line == name.line && at.from < name.to);
        let mut harm = |harm| {
            let backups: Vec<BackupId> = manifests.iter().filter(on_it).map(|manifest| manifest.id.clone()).collect();
            damages.push(Damage { harm, name: name.to_string(), backups });
        };
        let last = before.filter(|(last, _)| last.line == name.line);
        let is_first = manifests.iter().filter(on_it).all(|manifest| manifest.journal.is_some_and(|at| at.from >= name.from));
        let joins = last.map_or(is_first, |(last, _)| last.to == name.from);
        if !joins {
            harm(Harm::SegmentMissing);
        }
        let sha256 = match segment::read(folder, name, key, told, &mut |_, _| Ok(())) {
            Ok((header, sha256)) => {
                let expected = last.and_then(|(_, sha256)| sha256).filter(|_| joins);
                if expected.is_some() && header.previous != expected {
                    harm(Harm::SegmentOrder);
                }
                Some(sha256)
            }
            Err(BackupError::Damaged { harm: found, .. }) => {
                harm(found);
                None
            }
            Err(BackupError::OtherKey { .. }) => {
                harm(Harm::OtherKey);
                None
            }
            Err(BackupError::UnknownFormat { .. }) => {
                harm(Harm::UnknownFormat);
                None
            }
            Err(error) => return Err(error),
        };
        before = Some((*name, sha256));
    }
    Ok(damages)
}

impl Folder {
    pub(super) fn journal(&self) -> PathBuf {
        self.path().join("journal")
    }

    pub(super) fn segment(&self, name: &SegmentName) -> PathBuf {
        self.journal().join(name.to_string())
    }

    /// The segments of the journal, those of one line in their order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn segments(&self) -> Result<BTreeSet<SegmentName>, BackupError> {
        Ok(names(&self.journal())?.iter().filter_map(|name| name.parse().ok()).collect())
    }
}
