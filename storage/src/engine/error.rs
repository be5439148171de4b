//! What an engine can fail with.

use std::fmt;

use super::format::FORMAT_NEWEST;

/// Why a read gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The engine holds something that it cannot have written.
    Corrupt,
    /// The engine does not answer, or its disk does not.
    Unavailable,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Corrupt => "the stored bytes are damaged",
            Self::Unavailable => "the storage engine does not answer",
        })
    }
}

impl std::error::Error for ReadError {}

/// Why a batch was not committed, or not known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitError {
    /// A key was not as expected. Nothing was written.
    Conflict,
    /// The engine holds something that it cannot have written. Nothing was written.
    Corrupt,
    /// The batch breaks a rule of the port. Nothing was written.
    Malformed(Malformed),
    /// An earlier write failed, and what is on disk is in doubt until a restart. Nothing was written.
    Poisoned,
    /// The batch is beyond [`Caps`](super::Caps). Nothing was written.
    TooLarge {
        /// The number of writes.
        writes: usize,
        /// The bytes of keys and values.
        bytes: usize,
    },
    /// The engine takes no more work now. Nothing was written.
    Unavailable,
    /// The batch may have been written. [`Engine::settle`](super::Engine::settle) tells.
    Unknown,
}

impl fmt::Display for CommitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict => f.write_str("a key was not as expected"),
            Self::Corrupt => f.write_str("the stored bytes are damaged"),
            Self::Malformed(fault) => write!(f, "the batch breaks a rule: {fault}"),
            Self::Poisoned => f.write_str("an earlier write failed; nothing is written until a restart"),
            Self::TooLarge { writes, bytes } => write!(f, "the batch is too large: {writes} writes, {bytes} bytes"),
            Self::Unavailable => f.write_str("the storage engine takes no more work now"),
            Self::Unknown => f.write_str("it is not known whether the batch was written"),
        }
    }
}

impl std::error::Error for CommitError {}

/// How a batch breaks the rules of the port: a fault of the code that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Two writes of the same key.
    DuplicateKey,
    /// No write at all.
    EmptyBatch,
    /// A key without a byte.
    EmptyKey,
    /// A value without a byte.
    EmptyValue,
    /// A key longer than [`KEY_BYTES_MAX`](super::KEY_BYTES_MAX).
    KeyTooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// A value longer than [`VALUE_BYTES_MAX`](super::VALUE_BYTES_MAX).
    ValueTooLong {
        /// Its length in bytes.
        bytes: usize,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateKey => f.write_str("two writes of one key"),
            Self::EmptyBatch => f.write_str("no write"),
            Self::EmptyKey => f.write_str("an empty key"),
            Self::EmptyValue => f.write_str("an empty value"),
            Self::KeyTooLong { bytes } => write!(f, "a key of {bytes} bytes"),
            Self::ValueTooLong { bytes } => write!(f, "a value of {bytes} bytes"),
        }
    }
}

/// Why a store was not copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FreezeError {
    /// The engine refused it, in its own words, which name files only.
    Refused(String),
    /// The engine has no files that could be copied.
    Unsupported,
}

impl fmt::Display for FreezeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reason) => write!(f, "the store cannot be copied: {reason}"),
            Self::Unsupported => f.write_str("a store in memory cannot be copied"),
        }
    }
}

impl std::error::Error for FreezeError {}

/// Why a database was not opened.
#[derive(Debug)]
pub enum OpenError {
    /// The database is not one of ours: it has other tables, or content without a format marker.
    Foreign,
    /// A restoration into this directory was cut short, and what there is of it is no store.
    HalfRestored,
    /// The file system refused something.
    Io(std::io::Error),
    /// Another process, or another part of this one, has it open.
    Locked,
    /// The engine refused it, in its own words, which name files only.
    Refused(String),
    /// It was written by a newer program, in a format that this one does not know.
    Newer {
        /// The format.
        format: u32,
        /// The version of the program that wrote it.
        written_by: String,
        /// What a program must be able to do to read it, and this one is not.
        unknown: Vec<String>,
    },
    /// Its format is none that any program of ours wrote.
    UnknownFormat {
        /// The format it names, cut to 32 characters.
        found: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("the directory holds a database that is not a licet store"),
            Self::HalfRestored => f.write_str(
                "a restoration into this directory was cut short, and there is no store; remove the directory, and restore again",
            ),
            Self::Io(error) => write!(f, "the data directory cannot be used: {error}"),
            Self::Locked => f.write_str("the data directory is in use by another process"),
            Self::Refused(reason) => write!(f, "the database does not open: {reason}"),
            Self::Newer { format, written_by, unknown } => {
                let version = env!("CARGO_PKG_VERSION");
                write!(f, "the store was made by licet {written_by} in format {format}")?;
                if !unknown.is_empty() {
                    write!(f, ", which needs {}", unknown.join(", "))?;
                }
                write!(f, "; this is licet {version}, which knows formats up to {FORMAT_NEWEST}")
            }
            Self::UnknownFormat { found } => write!(f, "the store has format {found:?}, which this program does not know"),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<std::io::Error> for OpenError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}
