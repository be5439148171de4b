//! What the tables can fail with. No error holds a name, a number or a key.

use std::fmt;

use crypto::grants::GrantError;
use crypto::licence::{NumberError, RecordError};
use crypto::objection::ObjectionError;
use crypto::report::Text;
use crypto::seal_register::{self, ApplicationError};

use crate::engine::{CommitError, FORMAT_NEWEST, OpenError, ReadError};
use crate::sealing::{KeyId, VaultError};

/// Why a table gave no answer, or did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// The application for a seal does not allow what was asked.
    Application(ApplicationError),
    /// Others changed the same rows again and again. Nothing was written; trying again may help.
    Contention,
    /// Stored bytes are damaged, or not where they were put.
    Corrupt {
        /// What kind of thing is damaged.
        what: &'static str,
    },
    /// The application for a grant, or the grant, does not allow what was asked.
    Grant(GrantError),
    /// A holder's number is none.
    Holder(NumberError),
    /// A fault of this program: it asked the engine for something that the engine forbids.
    Internal,
    /// There is another licence under the identifier.
    LicenceExists,
    /// There is no such thing.
    NotFound {
        /// What kind of thing is missing.
        what: &'static str,
    },
    /// The objection does not allow what was asked.
    Objection(ObjectionError),
    /// An earlier write failed. Nothing is written until a restart; reads go on.
    Poisoned,
    /// The licence does not allow what was asked of its record.
    Refused(RecordError),
    /// The record is older than what is kept: only its place in the tree is left.
    Retired {
        /// The number of the first record that is kept.
        kept_from: u64,
    },
    /// The seal does not allow what was asked of its record.
    Seal(seal_register::RecordError),
    /// There is another seal under the identifier.
    SealExists,
    /// It is more than the engine takes at once, or more than one record may hold.
    TooLarge,
    /// The engine does not answer, or takes no more work now. Nothing was written.
    Unavailable,
    /// It may have been written or not.
    Unknown,
    /// The value has a layout that this program does not know.
    UnknownLayout {
        /// What kind of thing it is.
        what: &'static str,
        /// The version that it names.
        version: u8,
    },
    /// The catalogue was changed by others since the version that a change was made for.
    VersionTaken {
        /// Its newest version.
        newest: u64,
    },
    /// The version does not follow the one on record.
    VersionGap {
        /// The version of the licence that is current, if there is any.
        current: Option<u16>,
    },
    /// The value is sealed under another key.
    WrongKey {
        /// The name of that key.
        sealed: KeyId,
    },
}

impl StorageError {
    /// The stable code of the error, for clients, metrics and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Application(error) => error.code(),
            Self::Contention => "storage-contention",
            Self::Corrupt { .. } => "storage-corrupt",
            Self::Grant(error) => error.code(),
            Self::Holder(error) => error.code(),
            Self::Internal => "storage-internal",
            Self::LicenceExists => "licence-exists",
            Self::NotFound { .. } => "not-found",
            Self::Objection(error) => error.code(),
            Self::Poisoned => "storage-poisoned",
            Self::Refused(error) => error.code(),
            Self::Retired { .. } => "record-retired",
            Self::Seal(error) => error.code(),
            Self::SealExists => "seal-exists",
            Self::TooLarge => "too-large",
            Self::Unavailable => "storage-unavailable",
            Self::Unknown => "storage-outcome-unknown",
            Self::UnknownLayout { .. } => "storage-unknown-layout",
            Self::VersionGap { .. } => "version-gap",
            Self::VersionTaken { .. } => "catalogue-changed",
            Self::WrongKey { .. } => "storage-wrong-key",
        }
    }

    /// Whether the caller is at fault, not the store.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Application(_)
                | Self::Grant(_)
                | Self::Holder(_)
                | Self::LicenceExists
                | Self::NotFound { .. }
                | Self::Objection(_)
                | Self::Refused(_)
                | Self::Retired { .. }
                | Self::Seal(_)
                | Self::SealExists
                | Self::TooLarge
                | Self::VersionGap { .. }
                | Self::VersionTaken { .. }
        )
    }

    /// A sentence for whoever reads the answer.
    #[must_use]
    pub fn text(&self) -> Text {
        let (en, zh) = match self {
            Self::Holder(error) => return error.text(),
            Self::Refused(error) => return error.text(),
            Self::Seal(error) => return error.text(),
            Self::Application(error) => return error.text(),
            Self::Objection(error) => return error.text(),
            Self::Grant(error) => return error.text(),
            Self::LicenceExists => ("Another licence is on record under this identifier.", "该电子证照标识下已登记另一份证照。"),
            Self::NotFound { .. } => ("It is not on record.", "未登记。"),
            Self::Retired { .. } => {
                ("The record is older than what is kept; its proofs still hold.", "该记录已超出保存期限，其证明仍然有效。")
            }
            Self::SealExists => ("Another seal is on record under this identifier.", "该印章标识下已登记另一枚印章。"),
            Self::TooLarge => ("It is larger than can be stored.", "超出可存储的大小。"),
            Self::VersionGap { current: Some(current) } => {
                let en = format!("The version does not follow version {current:03}, which is on record.");
                return Text { en: en.into(), zh: format!("版本号与已登记的第{current:03}版不连续。").into() };
            }
            Self::VersionGap { current: None } => (
                "No version of this licence is on record, so that it must begin with version 001.",
                "该证照尚无登记版本，应从001版开始。",
            ),
            Self::VersionTaken { newest } => {
                let en = format!("The newest version of the catalogue is {newest}.");
                return Text { en: en.into(), zh: format!("目录的最新版本为第{newest}版。").into() };
            }
            Self::Unknown => ("It is not known whether this was stored. Ask again.", "无法确认是否已存储，请重新查询。"),
            _ => ("The storage is not available.", "存储暂不可用。"),
        };
        Text { en: en.into(), zh: zh.into() }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contention => f.write_str("others changed the same rows again and again"),
            Self::Corrupt { what } => write!(f, "a stored {what} is damaged"),
            Self::Holder(error) => write!(f, "a holder's number is none: {}", error.code()),
            Self::Internal => f.write_str("the storage engine was asked for something that it forbids"),
            Self::LicenceExists => f.write_str("there is another licence under the identifier"),
            Self::NotFound { what } => write!(f, "there is no such {what}"),
            Self::Poisoned => f.write_str("an earlier write failed; nothing is written until a restart"),
            Self::Refused(error) => write!(f, "{}", error.text().en),
            Self::Retired { kept_from } => write!(f, "the record is older than what is kept, from {kept_from} on"),
            Self::Seal(error) => error.fmt(f),
            Self::Application(error) => error.fmt(f),
            Self::Objection(error) => error.fmt(f),
            Self::Grant(error) => error.fmt(f),
            Self::SealExists => f.write_str("there is another seal under the identifier"),
            Self::TooLarge => f.write_str("it is larger than can be stored"),
            Self::Unavailable => f.write_str("the storage engine does not answer"),
            Self::Unknown => f.write_str("it is not known whether it was written"),
            Self::UnknownLayout { what, version } => write!(f, "a stored {what} has layout {version}, which is not known"),
            Self::VersionGap { current } => write!(f, "the version does not follow the current one ({current:?})"),
            Self::VersionTaken { newest } => write!(f, "the newest version of the catalogue is {newest}"),
            Self::WrongKey { sealed } => write!(f, "a value is sealed under another key, {sealed}"),
        }
    }
}

impl std::error::Error for StorageError {}

impl From<ReadError> for StorageError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Corrupt => Self::Corrupt { what: "row" },
            ReadError::Unavailable => Self::Unavailable,
        }
    }
}

impl From<CommitError> for StorageError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict => Self::Contention,
            CommitError::Corrupt => Self::Corrupt { what: "row" },
            CommitError::Malformed(crate::engine::Malformed::ValueTooLong { .. }) | CommitError::TooLarge { .. } => {
                Self::TooLarge
            }
            CommitError::Malformed(_) => Self::Internal,
            CommitError::Poisoned => Self::Poisoned,
            CommitError::Unavailable => Self::Unavailable,
            CommitError::Unknown => Self::Unknown,
        }
    }
}

impl StorageError {
    pub(crate) const fn of_vault(error: VaultError, what: &'static str) -> Self {
        match error {
            VaultError::OtherKey(sealed) => Self::WrongKey { sealed },
            VaultError::Damaged => Self::Corrupt { what },
            VaultError::NoRandomness => Self::Unavailable,
        }
    }
}

/// Why a store was not opened.
#[derive(Debug)]
pub enum StoreError {
    /// The engine did not open.
    Engine(OpenError),
    /// The engine opened, but does not answer as it should.
    Storage(StorageError),
    /// The store has an older format, and a step to the next one is not for a gateway that starts.
    NeedsMigration {
        /// Its format.
        format: u32,
    },
    /// The store has format 1, which keeps no index key, and none was given.
    NoIndexKey,
    /// The store indexes subjects under another key than the one given.
    WrongIndexKey,
    /// The store is sealed under another key than the one given.
    WrongValueKey {
        /// The name of the key that sealed it.
        expected: KeyId,
        /// The name of the key that was given.
        given: KeyId,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(error) => error.fmt(f),
            Self::Storage(error) => error.fmt(f),
            Self::NeedsMigration { format } => write!(
                f,
                "the store has format {format}, and this is licet {}, which writes format {FORMAT_NEWEST}: run licet store migrate",
                env!("CARGO_PKG_VERSION"),
            ),
            Self::NoIndexKey => f.write_str("the store has format 1, which is opened with its index key, and none is given"),
            Self::WrongIndexKey => f.write_str("the store was made with another index key"),
            Self::WrongValueKey { expected, given } => {
                write!(f, "the store opens with the key {expected}, and the key given is {given}")
            }
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Engine(error) => Some(error),
            Self::Storage(error) => Some(error),
            Self::NeedsMigration { .. } | Self::NoIndexKey | Self::WrongIndexKey | Self::WrongValueKey { .. } => None,
        }
    }
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        Self::Engine(error)
    }
}

impl From<StorageError> for StoreError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}
