//! Why a demo cannot go on.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crypto::licence::IdentifierError;

/// Why a demo cannot go on.
#[derive(Debug)]
pub enum DemoError {
    /// An identifier of its own plan is wrong.
    Identifier(IdentifierError),
    /// Its own plan names something that it has not made.
    Unplanned(&'static str),
    /// A file or folder cannot be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The folder holds something that is not a demo, which is left alone.
    NotADemo(PathBuf),
    /// A gateway serves from the folder.
    InUse(PathBuf),
    /// There is no randomness for keys.
    Random,
    /// A client's certificate and key cannot be used.
    Tls(rustls::Error),
    /// A request could not be sent or its answer not be received.
    Transport(String),
    /// An answer is not the one that the demo needs to go on.
    Answer {
        /// What was asked.
        what: &'static str,
        /// Status of the answer.
        status: u16,
        /// Code of the problem in it, if there is one.
        code: String,
    },
}

impl DemoError {
    /// A file or folder cannot be read or written.
    pub(super) fn file(path: &Path, error: io::Error) -> Self {
        Self::File { path: path.to_owned(), error }
    }
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identifier(error) => write!(f, "the demo's own plan is wrong: {error}"),
            Self::Unplanned(what) => write!(f, "the demo's own plan is wrong: there is no {what}"),
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::NotADemo(path) => write!(f, "{} is not empty and not a demo: nothing was changed there", path.display()),
            Self::InUse(path) => write!(f, "a gateway serves from {}: stop it first; nothing was changed there", path.display()),
            Self::Random => f.write_str("the system gives no randomness"),
            Self::Tls(error) => write!(f, "TLS: {error}"),
            Self::Transport(reason) => write!(f, "the gateway does not answer: {reason}"),
            Self::Answer { what, status, code } => write!(f, "{what}: the gateway answered {status} {code}"),
        }
    }
}

impl std::error::Error for DemoError {}

impl From<IdentifierError> for DemoError {
    fn from(error: IdentifierError) -> Self {
        Self::Identifier(error)
    }
}
