//! Backups: copies of a whole store in a folder, sealed, and only what is new of it written each time.
//!
//! ```text
//! FOLDER/licet-backup.lock       held by who writes here
//! FOLDER/manifests/ID            what a backup consists of: written last, so that a backup which was cut short is none
//! FOLDER/pieces/SHA-256          a file of the store, sealed, under the digest of what it is here
//! FOLDER/journal/SEGMENT         what was committed between backups ([`Journal`])
//! ```
//!
//! A backup begins with a [copy](crate::engine::Engine::freeze) of the store as it is at one moment. Each file of it becomes a piece,
//! sealed under a random key of its own (`seal`); tables never change, so that the next backup finds most of its files among the
//! pieces of the one before. The [`Manifest`] names the pieces with their keys, and is itself sealed under a random key that
//! `backup.key` wraps ([`BackupKey`]): whoever has a folder of backups and not that key learns how large the files of the store were,
//! and when.
//!
//! The keys of the store are in no backup.

mod create;
mod envelope;
mod folder;
mod journal;
mod key;
mod manifest;
mod restore;
mod seal;
mod verify;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub use create::{Making, create};
pub use folder::{Folder, Listed};
pub use journal::{Gap, Goal, Joint, Journal, SegmentName, goal};
pub use key::{BackupKey, BackupKeyId};
pub use manifest::{BackupId, Manifest, PieceRow};
pub use restore::{RESTORED, Restored, restore, restore_to};
pub use seal::PieceKey;
pub use verify::{Damage, Harm, verify};

use crypto::time::Timestamp;

use crate::engine::{FreezeError, OpenError};
use crate::error::StorageError;
use crate::secret::KeysError;

/// How far a work is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub done: u64,
    /// What there is to do.
    pub all: u64,
}

/// Is told how far a work is, after each file of the store and at least with each MiB.
pub type Progress<'a> = &'a mut dyn FnMut(Step);

/// Why a backup was not made, read or restored.
#[derive(Debug)]
pub enum BackupError {
    /// There is no backup of this name.
    Absent {
        /// The name.
        id: String,
    },
    /// A commit of the journal does not lead on from the state that it is written over.
    Astray {
        /// The number of the last write before it.
        at: u64,
    },
    /// Something in the folder of backups is not what was written there.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        harm: Harm,
    },
    /// The store was not copied.
    Freeze(FreezeError),
    /// The file system refused.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// An earlier restoration into the folder was cut short.
    HalfRestored {
        /// The folder.
        path: PathBuf,
    },
    /// The journal does not lead to the moment that was asked for.
    Hole {
        /// The segment that it does not lead through.
        at: SegmentName,
        /// What is wrong with it.
        harm: Harm,
        /// The moment until which it leads.
        until: Timestamp,
    },
    /// Somebody else writes to the folder of backups.
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The folder has backups of another gateway.
    Foreign {
        /// The folder.
        path: PathBuf,
        /// The origin of that gateway's logs.
        origin: String,
    },
    /// An older backup has more of the logs than the newest.
    Ahead {
        /// The newest.
        newest: BackupId,
        /// The older one.
        ahead: BackupId,
    },
    /// There is no key.
    Key(String),
    /// Another restoration works in the folder.
    Restoring {
        /// The folder.
        path: PathBuf,
    },
    /// The system gives no random bytes.
    NoRandomness,
    /// There is no backup from before a moment, or none at all.
    NoneUntil {
        /// The moment.
        until: Option<Timestamp>,
        /// The folder of the backups.
        folder: PathBuf,
    },
    /// A store is restored into an empty folder, and there is something in this one.
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// What was restored does not open.
    Open(OpenError),
    /// The backup is sealed under another key than the one given.
    OtherKey {
        /// The name of the key that sealed it.
        sealed: BackupKeyId,
        /// The name of the key that was given.
        given: BackupKeyId,
    },
    /// The store does not answer.
    Store(StorageError),
    /// A newer program made it.
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
}

impl BackupError {
    /// The stable code, for metrics, logs and whoever asked.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Absent { .. } | Self::NoneUntil { .. } => "backup-absent",
            Self::Astray { .. } => "journal-astray",
            Self::Damaged { .. } => "backup-damaged",
            Self::Freeze(_) | Self::Open(_) => "backup-store-refused",
            Self::HalfRestored { .. } => "backup-half-restored",
            Self::Hole { .. } => "journal-hole",
            Self::Io { .. } => "backup-io",
            Self::Locked { .. } => "backup-locked",
            Self::Foreign { .. } => "backup-foreign",
            Self::Ahead { .. } => "backup-ahead",
            Self::Restoring { .. } => "backup-restoring",
            Self::Key(_) => "backup-key",
            Self::NoRandomness => "backup-no-randomness",
            Self::NotEmpty { .. } => "backup-folder-not-empty",
            Self::OtherKey { .. } => "backup-other-key",
            Self::Store(_) => "backup-store",
            Self::UnknownFormat { .. } => "backup-unknown-format",
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::Io { path, error }
    }
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { id } => write!(f, "there is no backup {id}"),
            Self::Astray { at } => write!(f, "the journal does not fit what it is written over, at write {at}"),
            Self::Damaged { path, harm } => write!(f, "{}: {harm}", path.display()),
            Self::Freeze(error) => error.fmt(f),
            Self::HalfRestored { path } => write!(
                f,
                "a restoration into {} was cut short, and there is no store in it; remove the folder, and restore again",
                path.display()
            ),
            Self::Hole { at, harm, until } => {
                write!(f, "the journal leads no further than {until} ({harm}: {at}); --until {until} restores that")
            }
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Locked { path } => write!(f, "{} is in use by another backup", path.display()),
            Self::Foreign { path, origin } => {
                write!(f, "{} has the backups of {origin}: each gateway has a folder of its own", path.display())
            }
            Self::Ahead { newest, ahead } => write!(
                f,
                "{ahead} has more of the logs than {newest}, which is newer: the store was set back, or is another; say which is meant, by its name"
            ),
            Self::Restoring { path } => write!(f, "another restoration works in {}: wait for it", path.display()),
            Self::Key(why) => f.write_str(why),
            Self::NoRandomness => f.write_str("the system gives no random bytes"),
            Self::NoneUntil { until, folder } => {
                write!(f, "there is no backup in {}", folder.display())?;
                until.map_or(Ok(()), |until| write!(f, " that was begun by {until}"))
            }
            Self::NotEmpty { path } => write!(f, "{} is not empty; a store is restored into an empty folder", path.display()),
            Self::Open(error) => error.fmt(f),
            Self::OtherKey { sealed, given } => {
                write!(f, "the backup is sealed under the backup key {sealed}, and the key given is {given}")
            }
            Self::Store(error) => error.fmt(f),
            Self::UnknownFormat { path } => {
                write!(f, "{} is no file of a backup, or was made by a newer licet", path.display())
            }
        }
    }
}

impl std::error::Error for BackupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Freeze(error) => Some(error),
            Self::Open(error) => Some(error),
            Self::Io { error, .. } => Some(error),
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<FreezeError> for BackupError {
    fn from(error: FreezeError) -> Self {
        Self::Freeze(error)
    }
}

impl From<OpenError> for BackupError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<StorageError> for BackupError {
    fn from(error: StorageError) -> Self {
        Self::Store(error)
    }
}

impl From<KeysError> for BackupError {
    fn from(error: KeysError) -> Self {
        Self::Key(error.to_string())
    }
}
