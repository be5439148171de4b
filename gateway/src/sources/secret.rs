//! Secrets in files that their owner alone may read.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::config::Faults;

/// The longest secret, in bytes.
const BYTES_MAX: u64 = 8_192;

/// A secret text. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    /// A secret that came in another way.
    pub(super) const fn new(text: String) -> Self {
        Self(text)
    }

    /// Reads a file; blanks and line ends around the text do not count.
    pub(super) fn read(key: &str, path: &Path) -> Result<Self, Faults> {
        let fault = |what: String| Faults::one(key, format!("{} {what}", path.display()));
        let file = File::open(path).map_err(|error| fault(format!("cannot be read: {error}")))?;
        let mode = file.metadata().map_err(|error| fault(format!("cannot be read: {error}")))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(fault(format!("may be read by others than its owner (mode {mode:03o}, expected 600)")));
        }
        let mut text = String::new();
        file.take(BYTES_MAX).read_to_string(&mut text).map_err(|error| fault(format!("cannot be read: {error}")))?;
        let text = text.trim();
        if text.is_empty() { Err(fault("is empty".to_owned())) } else { Ok(Self(text.to_owned())) }
    }

    /// The text: for what is sent to the source, and nothing else.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
