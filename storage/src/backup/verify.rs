//! Checking backups: every byte of them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crypto::digest::Sha256;
use ring::digest::{Context, SHA256};

use super::create::digest;
use super::seal::{self, Unopened, sealed_bytes};
use super::{BackupError, BackupId, BackupKey, Folder, PieceRow, Progress, Step, journal};

/// What is wrong with a file in a folder of backups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// A manifest is not what was written.
    Manifest,
    /// A piece is missing.
    Missing,
    /// A piece is not what was written.
    Piece,
    /// A segment of the journal is not what was written.
    Segment,
    /// What comes before a segment is missing.
    SegmentMissing,
    /// A segment does not follow the one before it.
    SegmentOrder,
    /// A backup is sealed under another key, and was not looked at.
    OtherKey,
    /// A file is none of a backup, or of a newer program.
    UnknownFormat,
}

impl Harm {
    /// Whether it is about the journal: backups stay what they are, and are led on no further.
    #[must_use]
    pub const fn is_of_journal(self) -> bool {
        matches!(self, Self::Segment | Self::SegmentMissing | Self::SegmentOrder)
    }

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Manifest => "manifest-damaged",
            Self::Missing => "piece-missing",
            Self::Piece => "piece-damaged",
            Self::Segment => "segment-damaged",
            Self::SegmentMissing => "segment-missing",
            Self::SegmentOrder => "segment-out-of-order",
            Self::OtherKey => "backup-other-key",
            Self::UnknownFormat => "backup-unknown-format",
        }
    }
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Manifest => "the manifest is damaged",
            Self::Missing => "the piece is missing",
            Self::Piece => "the piece is damaged",
            Self::Segment => "the segment of the journal is damaged",
            Self::SegmentMissing => "a segment of the journal is missing here or before it",
            Self::SegmentOrder => "the segment of the journal does not follow the one before it",
            Self::OtherKey => "it is sealed under another backup key, and was not looked at",
            Self::UnknownFormat => "it is no file of a backup, or was made by a newer licet",
        })
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What.
    pub harm: Harm,
    /// The name of the file: of a backup, a piece, or a segment of the journal.
    pub name: String,
    /// The backups that cannot be restored for it, or not beyond it.
    pub backups: Vec<BackupId>,
}

/// Reads every byte of these backups and of the journal that leads on from them, and tells what is not as it was written.
///
/// # Errors
/// [`BackupError`] when a file cannot be read, or there is no such backup. What is damaged or does not open is in the list.
pub fn verify(folder: &Folder, ids: &[BackupId], key: &BackupKey, progress: Progress<'_>) -> Result<Vec<Damage>, BackupError> {
    let (mut damages, mut manifests) = (Vec::new(), Vec::new());
    let mut pieces: BTreeMap<Sha256, (PieceRow, Vec<BackupId>)> = BTreeMap::new();
    for id in ids {
        let harm = match folder.manifest(id, key) {
            Ok(manifest) => {
                for row in &manifest.pieces {
                    pieces.entry(row.piece).or_insert_with(|| (row.clone(), Vec::new())).1.push(id.clone());
                }
                manifests.push(manifest);
                continue;
            }
            Err(BackupError::Damaged { harm, .. }) => harm,
            Err(BackupError::OtherKey { .. }) => Harm::OtherKey,
            Err(BackupError::UnknownFormat { .. }) => Harm::UnknownFormat,
            Err(error) => return Err(error),
        };
        damages.push(Damage { harm, name: id.to_string(), backups: vec![id.clone()] });
    }
    let all = pieces.values().map(|(row, _)| sealed_bytes(row.bytes)).fold(0, u64::saturating_add);
    let segments = journal::needed(&manifests, &folder.segments()?);
    let mut step = Step { done: 0, all: all.saturating_add(journal::bytes(folder, &segments)) };
    for (name, (row, backups)) in pieces {
        let mut told = |bytes: u64| {
            step.done = step.done.saturating_add(bytes);
            progress(step);
        };
        match check(&folder.piece(&name), &row, &mut told, &mut |_| Ok(())) {
            Ok(()) => {}
            Err(BackupError::Damaged { harm, .. }) => damages.push(Damage { harm, name: name.to_string(), backups }),
            Err(error) => return Err(error),
        }
    }
    let mut told = |bytes: u64| {
        step.done = step.done.saturating_add(bytes);
        progress(step);
    };
    damages.extend(journal::verify(folder, &manifests, &segments, key, &mut told)?);
    Ok(damages)
}

/// Opens a piece, and compares all that is known of it. Gives out the plain bytes chunk by chunk; after an error they are worth
/// nothing.
pub(super) fn check(
    path: &Path,
    row: &PieceRow,
    told: &mut dyn FnMut(u64),
    to: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), BackupError> {
    let harmed = |harm| BackupError::Damaged { path: path.to_owned(), harm };
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => harmed(Harm::Missing),
        _ => BackupError::io(path)(error),
    })?;
    let mut sealed = Hashed { from: BufReader::with_capacity(1 << 16, file), hash: Context::new(&SHA256), told };
    let (mut plain, mut bytes) = (Context::new(&SHA256), 0_u64);
    let opened = seal::open(&mut sealed, &row.key, &mut |chunk| {
        plain.update(chunk);
        bytes = bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        to(chunk)
    });
    opened.map_err(|error| match error {
        Unopened::Damaged => harmed(Harm::Piece),
        Unopened::Io(error) => BackupError::io(path)(error),
    })?;
    let is_whole = digest(sealed.hash) == row.piece && digest(plain) == row.sha256 && bytes == row.bytes;
    if is_whole { Ok(()) } else { Err(harmed(Harm::Piece)) }
}

/// Takes the digest of what is read.
pub(super) struct Hashed<'a, R> {
    pub(super) from: R,
    pub(super) hash: Context,
    pub(super) told: &'a mut dyn FnMut(u64),
}

impl<R: Read> Read for Hashed<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(bytes)?;
        self.hash.update(bytes.get(..count).unwrap_or_default());
        (self.told)(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}
