//! The one reader of keys, tokens and other secrets, wherever they come from. Nothing of them is ever in a fault, and what holds them is
//! wiped.

use std::fmt;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use storage::KeysError;
use storage::secret::read_file;
use zeroize::Zeroizing;

use crate::config::{Faults, KeySource};
use crate::key_command;

/// The longest secret, in bytes.
pub(crate) const BYTES_MAX: u64 = 16 << 10;

/// A secret text. `Debug` shows nothing of it.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    /// A secret that came in another way.
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Reads a secret; blanks and line ends around the text do not count.
    ///
    /// # Errors
    /// What is wrong with where it comes from, under the setting `key`.
    pub(crate) fn read(key: &str, source: &KeySource) -> Result<Self, Faults> {
        let fault = |what: &str| Faults::one(key, format!("{source} {what}"));
        let bytes = read(key, source)?;
        match std::str::from_utf8(&bytes).map(str::trim) {
            Ok("") => Err(fault("is empty")),
            Ok(text) => Ok(Self::new(text.to_owned())),
            Err(_) => Err(fault("holds no text")),
        }
    }

    /// The text: for what is sent to the source, and nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Reads the bytes of a secret.
///
/// # Errors
/// What is wrong with where it comes from, under the setting `key`.
pub(crate) fn read(key: &str, source: &KeySource) -> Result<Zeroizing<Vec<u8>>, Faults> {
    let read = match source {
        KeySource::File(path) => read_file(path, BYTES_MAX).map_err(|error| match error {
            KeysError::Io { error, .. } => format!("{source} cannot be read: {error}"),
            error => error.to_string(),
        }),
        KeySource::Command(hook) => key_command::run(hook).map_err(|error| format!("{source} {error}")),
    };
    read.map_err(|what| Faults::one(key, what))
}

/// Reads a private key of TLS, PEM.
///
/// # Errors
/// As [`read`], and when it is none.
pub(crate) fn private_key(key: &str, source: &KeySource) -> Result<PrivateKeyDer<'static>, Faults> {
    let bytes = read(key, source)?;
    // The error of the PEM reader names kinds of blocks, never their contents.
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_error| Faults::one(key, format!("{source}: holds no private key in PEM")))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::KeyCommand;

    #[test]
    fn every_source_is_read_alike_and_shows_nothing() {
        let path = std::env::temp_dir().join(format!("licet-secret-{}", std::process::id()));
        fs::write(&path, " pass word \n").unwrap();
        let file = KeySource::File(path.clone());
        for (mode, is_good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = Secret::read("a.key", &file);
            assert_eq!(read.as_ref().is_ok_and(|secret| secret.expose() == "pass word"), is_good, "{mode:o}");
            let shown = format!("{read:?}");
            assert!(!shown.contains("pass"), "{shown}");
            assert!(is_good || shown.contains("a.key") && shown.contains("expected 600"), "{shown}");
        }
        fs::remove_file(&path).unwrap();
        assert!(read("a.key", &file).unwrap_err().to_string().contains("cannot be read"));
        let key = "5a".repeat(32);
        let pasted = read("a.key", &key.as_str().into()).unwrap_err().to_string();
        assert!(pasted.contains("a.key: this looks like a key, not the name of a file") && !pasted.contains(&key), "{pasted}");
        let command = |text: &str| {
            let command = ["/bin/sh", "-c", text].map(str::to_owned).to_vec();
            Secret::read("b.key", &KeySource::Command(KeyCommand { command, timeout_ms: 60_000 }))
        };
        assert_eq!(command("printf ' pass word\\n'").unwrap().expose(), "pass word");
        assert!(command("true").unwrap_err().to_string().contains("b.key: the command /bin/sh is empty"));
        let failed = command("echo out; exit 3").unwrap_err().to_string();
        assert!(failed.contains("b.key: the command /bin/sh") && !failed.contains("out"), "{failed}");
    }
}
