//! What is known of the logs outside of their store.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crypto::budget::Budget;
use crypto::record::LogName;
use crypto::tlog::{Checkpoint, Note};
use storage::log::KnownHead;

use crate::anchor::Anchor;
use crate::cli::Failure;
use crate::config::Config;
use crate::record_key::LogKeys;

/// The longest checkpoint that is read, in bytes.
const NOTE_BYTES_MAX: u64 = 1 << 20;

/// What the anchor says, these checkpoints, and those of a mirror. Checkpoints count with a signature of our own.
pub(in crate::cli) fn heads(config: &Config, checkpoints: &[PathBuf], mirror: Option<&Path>) -> Result<Vec<KnownHead>, Failure> {
    let anchor = Anchor::of(config);
    let unread = |path: &Path, error: io::Error| Failure::Work(format!("{}: {error}", path.display()));
    let mut heads = anchor.read().map_err(|error| unread(anchor.path(), error))?;
    let mut files = checkpoints.to_vec();
    if let Some(mirror) = mirror {
        files.extend(mirrored(mirror).map_err(|error| unread(mirror, error))?);
    }
    if files.is_empty() {
        return Ok(heads);
    }
    let keys = LogKeys::load(&config.record)?;
    for file in files {
        let bytes = read(&file).map_err(|error| unread(&file, error))?;
        let head = head(&bytes, &config.record.origin, &keys);
        heads.push(head.ok_or_else(|| Failure::Usage(format!("{} is no checkpoint that this gateway signed", file.display())))?);
    }
    Ok(heads)
}

/// The checkpoints in a mirror.
fn mirrored(mirror: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for log in LogName::ALL {
        let folder = mirror.join(log.name());
        if !folder.is_dir() {
            continue;
        }
        for period in fs::read_dir(folder)? {
            files.extend(Some(period?.path().join("checkpoint")).filter(|file| file.is_file()));
        }
    }
    if files.is_empty() { Err(io::Error::other("there is no checkpoint in it")) } else { Ok(files) }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(file)?.len() > NOTE_BYTES_MAX { Err(io::ErrorKind::FileTooLarge.into()) } else { fs::read(file) }
}

/// What a checkpoint says, if it is one of ours.
fn head(bytes: &[u8], base: &str, keys: &LogKeys) -> Option<KnownHead> {
    let note = Note::parse(bytes).ok()?;
    let checkpoint = Checkpoint::of(&note).ok()?;
    let (log, period) = checkpoint.origin().strip_prefix(base)?.strip_prefix('/')?.split_once('/')?;
    let log: LogName = log.parse().ok()?;
    let verifiers = keys.verifiers(log, period);
    let signed = note.verify(&verifiers, &mut Budget::for_document()).ok()?;
    (!signed.is_empty()).then(|| KnownHead {
        log,
        period: period.to_owned(),
        first: None,
        size: checkpoint.size(),
        root: checkpoint.root(),
        note: note.to_string(),
    })
}
