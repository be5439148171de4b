//! Making a backup.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::path::Path;

use crypto::digest::Sha256;
use crypto::time::Timestamp;
use ring::digest::{Context, SHA256};
use ring::rand::SystemRandom;

use super::folder::sync;
use super::seal::{PieceKey, Sealer, sealed_bytes};
use super::{BackupError, BackupId, BackupKey, Folder, Manifest, PieceRow, Progress, Step, journal};
use crate::engine::FORMAT_NEWEST;
use crate::store::Store;

/// How many bytes are read at once.
const TOGETHER: usize = 1 << 20;

/// What a backup is told beside the store.
#[derive(Clone, Copy, Debug)]
pub struct Making<'a> {
    /// The present moment.
    pub now: Timestamp,
    /// The version of the program.
    pub program: &'a str,
}

/// Backs a store up, which may be in use. What is not new since the newest backup under the same key is not written again.
///
/// # Errors
/// [`BackupError`]; then there is no new backup, and the next one cleans up.
pub fn create(
    store: &Store,
    folder: &Folder,
    key: &BackupKey,
    making: Making<'_>,
    progress: Progress<'_>,
) -> Result<Manifest, BackupError> {
    let _lock = folder.lock()?;
    folder.clear_new()?;
    let random = SystemRandom::new();
    let parent = folder.ids()?.iter().rev().find_map(|id| folder.manifest(id, key).ok());
    // Before the copy is made: what is told is durable, and therefore in it.
    let logs = store.logs().heads();
    let journal = journal::joint(store, folder, key)?;
    let frozen = store.freeze()?;
    let files = files(frozen.path())?;
    let mut work = Work {
        folder,
        random: &random,
        before: parent.iter().flat_map(|parent| &parent.pieces).map(|row| (row.file.as_str(), row)).collect(),
        new_bytes: 0,
        step: Step { done: 0, all: files.values().copied().fold(0, u64::saturating_add) },
        progress,
    };
    let pieces =
        files.iter().map(|(name, bytes)| work.file(&frozen.path().join(name), name, *bytes)).collect::<Result<_, _>>()?;
    let new_bytes = work.new_bytes;
    drop(frozen);
    sync(&folder.pieces())?;
    let manifest = Manifest {
        id: BackupId::new(making.now, folder.ids()?.last(), &random)?,
        made_at: making.now,
        program: making.program.to_owned(),
        store_format: FORMAT_NEWEST.to_string(),
        value_key: store.keyring().outer().to_string(),
        logs,
        parent: parent.map(|parent| parent.id),
        new_bytes,
        journal,
        pieces,
    };
    folder.put(&folder.manifests().join(manifest.id.as_str()), &manifest.encode(key, &random)?)?;
    Ok(manifest)
}

/// The files of a copy with their lengths, by name.
fn files(folder: &Path) -> Result<BTreeMap<String, u64>, BackupError> {
    let unread = BackupError::io(folder);
    let read = || -> io::Result<BTreeMap<String, u64>> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().into_string().map_err(|_name| io::Error::from(io::ErrorKind::InvalidFilename))?;
            files.insert(name, entry.metadata()?.len());
        }
        Ok(files)
    };
    read().map_err(unread)
}

struct Work<'a> {
    folder: &'a Folder,
    random: &'a SystemRandom,
    /// By the name of the file, the pieces of the backup before.
    before: BTreeMap<&'a str, &'a PieceRow>,
    new_bytes: u64,
    step: Step,
    progress: Progress<'a>,
}

impl Work<'_> {
    /// Finds the piece of a file, or writes it.
    fn file(&mut self, path: &Path, name: &str, bytes: u64) -> Result<PieceRow, BackupError> {
        if let Some(row) = self.before.get(name).copied().filter(|row| row.bytes == bytes && self.is_there(row)) {
            let before = self.step.done;
            let (read, sha256) = self.read(path, &mut io::sink())?;
            if (read, sha256) == (row.bytes, row.sha256) {
                return Ok(row.clone());
            }
            self.step.done = before;
        }
        let key = PieceKey::random(self.random)?;
        let (new, file) = self.folder.new_piece()?;
        let mut sealer = Sealer::new(Hashing { to: file, hash: Context::new(&SHA256) }, &key).map_err(BackupError::io(&new))?;
        let (read, sha256) = self.read(path, &mut sealer)?;
        let Hashing { to: file, hash } = sealer.finish().map_err(BackupError::io(&new))?;
        file.sync_all().map_err(BackupError::io(&new))?;
        let piece = digest(hash);
        let place = self.folder.piece(&piece);
        fs::rename(&new, &place).map_err(BackupError::io(&place))?;
        self.new_bytes = self.new_bytes.saturating_add(read);
        Ok(PieceRow { file: name.to_owned(), bytes: read, sha256, piece, key })
    }

    /// Whether the piece is there, as far as its length says; what is in it, a verification says.
    fn is_there(&self, row: &PieceRow) -> bool {
        fs::metadata(self.folder.piece(&row.piece)).is_ok_and(|found| found.len() == sealed_bytes(row.bytes))
    }

    /// Reads a file to its end, and says how long it is and what its digest is.
    fn read(&mut self, path: &Path, to: &mut dyn Write) -> Result<(u64, Sha256), BackupError> {
        let file = File::open(path).map_err(BackupError::io(path))?;
        let (mut hash, mut held, mut read) = (Context::new(&SHA256), Vec::with_capacity(TOGETHER), 0_u64);
        loop {
            held.clear();
            let bytes = u64::try_from(TOGETHER).unwrap_or(u64::MAX);
            let count = (&file).take(bytes).read_to_end(&mut held).map_err(BackupError::io(path))?;
            if count == 0 {
                return Ok((read, digest(hash)));
            }
            hash.update(&held);
            to.write_all(&held).map_err(BackupError::io(self.folder.path()))?;
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            read = read.saturating_add(count);
            self.step.done = self.step.done.saturating_add(count);
            (self.progress)(self.step);
        }
    }
}

/// Passes on what is written, and takes its digest.
pub(super) struct Hashing<W> {
    pub(super) to: W,
    pub(super) hash: Context,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or(bytes));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

pub(super) fn digest(context: Context) -> Sha256 {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    Sha256(out)
}
