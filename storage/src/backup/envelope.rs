//! The second line of every sealed file: the random key that the rest is sealed under, wrapped by the backup key together with the name
//! of the file.

use std::io::{self, Write};
use std::path::Path;

use crypto::digest::{from_hex, to_hex};
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};

use super::seal::PieceKey;
use super::{BackupError, BackupKey, BackupKeyId};

#[derive(Serialize, Deserialize)]
struct Head {
    /// The name of the key that wraps.
    key: BackupKeyId,
    /// The wrapped key, hexadecimal.
    wrapped: String,
}

/// Writes the line for the file of this name at this path, and gives the key of the rest.
pub(super) fn begin(
    name: &str,
    key: &BackupKey,
    random: &SystemRandom,
    path: &Path,
    to: &mut dyn Write,
) -> Result<PieceKey, BackupError> {
    let inner = PieceKey::random(random)?;
    let head = Head { key: key.id(), wrapped: to_hex(&key.wrap(name, &inner, random)?) };
    let mut line = || -> io::Result<()> {
        serde_json::to_writer(&mut *to, &head)?;
        to.write_all(b"\n")
    };
    line().map_err(BackupError::io(path))?;
    Ok(inner)
}

/// The key of the rest of the file of this name, from the line. Nothing when the line was changed, or is that of another file.
pub(super) fn open(line: &[u8], name: &str, key: &BackupKey) -> Result<Option<PieceKey>, BackupError> {
    let head: Option<Head> = serde_json::from_slice(line).ok();
    let Some((head, wrapped)) = head.and_then(|head| from_hex(&head.wrapped).map(|wrapped| (head, wrapped))) else {
        return Ok(None);
    };
    match key.unwrap(name, &wrapped) {
        None if head.key != key.id() => Err(BackupError::OtherKey { sealed: head.key, given: key.id() }),
        opened => Ok(opened),
    }
}
