//! What a backup consists of.
//!
//! The file is a line that names the format, a line of JSON with the wrapped key, and the manifest as JSON in a sealed
//! [stream](super::seal) under that key.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::str::FromStr;

use crypto::digest::{Sha256, to_hex};
use crypto::time::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};

use super::envelope;
use super::seal::{self, PieceKey, Sealer, Unopened};
use super::{BackupError, BackupKey, Harm, Joint};
use crate::log::KnownHead;

/// The first line of every manifest.
const FORMAT: &[u8] = b"licet backup 1\n";

/// The longest manifest that is read, in bytes: some hundred thousand pieces.
const BYTES_MAX: u64 = 64 << 20;

/// The name of a backup: when it was begun, the how many-th of that second it is, and something random. Names sort as the backups were
/// made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupId(String);

/// A backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name.
    pub id: BackupId,
    /// When it was begun. Everything that was acknowledged before is in it.
    pub made_at: Timestamp,
    /// The version of the program that made it.
    pub program: String,
    /// The format of the engine's files.
    pub store_format: String,
    /// The name of the key that the values of the store are sealed under.
    pub value_key: String,
    /// What was published of the logs when it was begun, with the signed notes; of a store that was not in use, how far they had come. The
    /// logs in it have that, and perhaps more.
    pub logs: Vec<KnownHead>,
    /// The backup that it shares pieces with.
    pub parent: Option<BackupId>,
    /// The plain bytes of the pieces that were written for it.
    pub new_bytes: u64,
    /// Where the journal goes on from it; none, where there was no journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<Joint>,
    /// The files of the store.
    pub pieces: Vec<PieceRow>,
}

/// A file of the store, and the piece that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PieceRow {
    /// The name of the file in the folder of the database.
    pub file: String,
    /// How long the file is.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// The name of the piece: the digest of the sealed bytes.
    pub piece: Sha256,
    /// What the piece is sealed under.
    pub key: PieceKey,
}

impl BackupId {
    /// A name for a backup that is begun now, behind all that there are: also behind one of the same second, and one from when the clock
    /// was ahead.
    pub(super) fn new(at: Timestamp, newest: Option<&Self>, random: &SystemRandom) -> Result<Self, BackupError> {
        let mut tail = [0; 2];
        random.fill(&mut tail).map_err(|_unspecified| BackupError::NoRandomness)?;
        let at = newest.map_or(at, |newest| at.max(newest.made_at()));
        let number = newest.filter(|newest| newest.made_at() == at).map_or(0, |newest| newest.number().saturating_add(1));
        Ok(Self(format!("{}-{number:04x}{}", compact(at), to_hex(&tail))))
    }

    /// The how many-th of its second it is.
    fn number(&self) -> u16 {
        let digits = self.0.split_once('-').and_then(|(_, tail)| tail.get(..4));
        digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()).unwrap_or(0)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the backup was begun.
    #[must_use]
    pub fn made_at(&self) -> Timestamp {
        // Nothing else is taken for a name.
        moment(&self.0).unwrap_or(Timestamp::MIN)
    }
}

impl FromStr for BackupId {
    type Err = &'static str;

    /// Takes what is the name of a backup, so that nothing else becomes part of a path.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_tail = |tail: &str| tail.len() == 8 && tail.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_named = text.split_once('-').is_some_and(|(_, tail)| is_tail(tail)) && moment(text).is_some();
        if is_named { Ok(Self(text.to_owned())) } else { Err("is not the name of a backup") }
    }
}

/// The moment that a name begins with.
fn moment(name: &str) -> Option<Timestamp> {
    compact_moment(name.split_once('-')?.0)
}

/// A moment as it stands in a name.
pub(super) fn compact(at: Timestamp) -> String {
    at.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect()
}

/// The moment that stands in a name.
pub(super) fn compact_moment(text: &str) -> Option<Timestamp> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let part = |text: &str, from: usize, to: usize| text.get(from..to).map(str::to_owned);
    let day = [part(day, 0, 4)?, part(day, 4, 6)?, part(day, 6, day.len())?].join("-");
    let time = [part(time, 0, 2)?, part(time, 2, 4)?, part(time, 4, time.len())?].join(":");
    format!("{day}T{time}Z").parse().ok()
}

impl TryFrom<String> for BackupId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BackupId> for String {
    fn from(id: BackupId) -> Self {
        id.0
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Manifest {
    /// The plain bytes of all of its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.pieces.iter().map(|row| row.bytes).fold(0, u64::saturating_add)
    }

    /// The bytes of the file.
    pub(super) fn encode(&self, key: &BackupKey, random: &SystemRandom) -> Result<Vec<u8>, BackupError> {
        let unwritten = |error: std::io::Error| BackupError::Io { path: self.id.as_str().into(), error };
        let mut bytes = FORMAT.to_vec();
        let name = self.id.as_str();
        let inner = envelope::begin(name, key, random, Path::new(name), &mut bytes)?;
        let text = zeroize::Zeroizing::new(serde_json::to_vec(self).map_err(|error| unwritten(error.into()))?);
        let mut sealer = Sealer::new(bytes, &inner).map_err(unwritten)?;
        sealer.write_all(&text).map_err(unwritten)?;
        sealer.finish().map_err(unwritten)
    }

    /// Reads the file of the backup of this name.
    pub(super) fn read(path: &Path, id: &BackupId, key: &BackupKey) -> Result<Self, BackupError> {
        let file = std::fs::File::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => BackupError::Absent { id: id.to_string() },
            _ => BackupError::io(path)(error),
        })?;
        let mut bytes = Vec::new();
        file.take(BYTES_MAX).read_to_end(&mut bytes).map_err(BackupError::io(path))?;
        Self::decode(&bytes, path, id, key)
    }

    fn decode(bytes: &[u8], path: &Path, id: &BackupId, key: &BackupKey) -> Result<Self, BackupError> {
        let damaged = || BackupError::Damaged { path: path.to_owned(), harm: Harm::Manifest };
        let Some(rest) = bytes.strip_prefix(FORMAT) else {
            return Err(BackupError::UnknownFormat { path: path.to_owned() });
        };
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        let (head, sealed) = rest.split_at_checked(end.saturating_add(1)).ok_or_else(damaged)?;
        let inner = envelope::open(head, id.as_str(), key)?.ok_or_else(damaged)?;
        let mut text = zeroize::Zeroizing::new(Vec::with_capacity(sealed.len()));
        let opened = seal::open(&mut &*sealed, &inner, &mut |plain| {
            text.extend_from_slice(plain);
            Ok(())
        });
        opened.map_err(|error| match error {
            Unopened::Damaged => damaged(),
            Unopened::Io(error) => BackupError::io(path)(error),
        })?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|_error| damaged())?;
        // What is in the files of the store goes by these names: none may lead out of its folder.
        let is_plain = |row: &PieceRow| {
            !row.file.is_empty() && row.file.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let is_ours = manifest.id == *id && manifest.pieces.iter().all(|row| is_plain(row) && !row.file.starts_with('.'));
        if is_ours { Ok(manifest) } else { Err(damaged()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Line;

    const NAME: &str = "20260301T000000Z-0123abcd";

    fn manifest() -> Manifest {
        let row = PieceRow {
            file: "000012.sst".to_owned(),
            bytes: 5,
            sha256: Sha256([1; 32]),
            piece: Sha256([2; 32]),
            key: PieceKey::new([3; 32]),
        };
        Manifest {
            id: NAME.parse().unwrap(),
            made_at: "2026-03-01T00:00:00Z".parse().unwrap(),
            program: "0.1.0".to_owned(),
            store_format: "1".to_owned(),
            value_key: "00112233".to_owned(),
            logs: Vec::new(),
            parent: None,
            new_bytes: 5,
            journal: Some(Joint { line: Line::new([4; 8]), from: 77 }),
            pieces: vec![row],
        }
    }

    fn decoded(bytes: &[u8], id: &str, key: u8) -> Result<Manifest, BackupError> {
        Manifest::decode(bytes, Path::new("m"), &id.parse().unwrap(), &BackupKey::new(&[key; 32]))
    }

    #[test]
    fn names_sort_as_time_and_are_no_paths() {
        let random = SystemRandom::new();
        let id = BackupId::new("2026-03-01T00:00:00Z".parse().unwrap(), None, &random).unwrap();
        assert!(id.as_str().starts_with("20260301T000000Z-"), "{id}");
        assert_eq!(id.made_at(), "2026-03-01T00:00:00Z".parse().unwrap());
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        // Many of one second, and those after the clock was set back, stand in the order in which they were made.
        let mut last = id;
        for seconds in [0, 0, -5, 1, 1, 0] {
            let next = BackupId::new(Timestamp::from_unix(1_772_323_200 + seconds), Some(&last), &random).unwrap();
            assert!(next > last, "{next} is not behind {last}");
            last = next;
        }
        for bad in [
            "",
            "..",
            "20260301T000000Z",
            "20260301T000000Z-../../aa",
            "20260301T000000Z-0123ABCD",
            "20260301T00000aZ-0123abcd",
            "20261301T000000Z-0123abcd",
            "20260301T0000000Z-0123abcd",
        ] {
            assert!(bad.parse::<BackupId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_manifest_opens_under_its_key_and_name() {
        let written = manifest().encode(&BackupKey::new(&[9; 32]), &SystemRandom::new()).unwrap();
        assert_eq!(decoded(&written, NAME, 9).unwrap(), manifest());
        assert!(matches!(decoded(&written, NAME, 8), Err(BackupError::OtherKey { .. })));
        assert!(matches!(decoded(&written, "20260301T000000Z-0123abce", 9), Err(BackupError::Damaged { .. })));
        assert!(matches!(decoded(b"licet backup 2\n", NAME, 9), Err(BackupError::UnknownFormat { .. })));
        // Nothing of it is to be seen from outside.
        assert!(!String::from_utf8_lossy(&written).contains("000012.sst"));
    }

    #[test]
    fn every_changed_byte_of_a_manifest_is_noticed() {
        let written = manifest().encode(&BackupKey::new(&[9; 32]), &SystemRandom::new()).unwrap();
        for n in 0..written.len() {
            let mut changed = written.clone();
            changed[n] ^= 1;
            // The name of the key only says which key to look for.
            let is_name = String::from_utf8_lossy(&written[..n]).ends_with(r#"{"key":""#) || (n > 23 && n < 31);
            assert!(decoded(&changed, NAME, 9).is_err() || is_name, "byte {n}");
            assert!(decoded(&written[..n], NAME, 9).is_err(), "cut at {n}");
        }
    }

    #[test]
    fn a_file_outside_of_the_folder_is_none() {
        for name in ["../a", "/etc/a", "", "..", ".a"] {
            let mut manifest = manifest();
            manifest.pieces[0].file = name.to_owned();
            let written = manifest.encode(&BackupKey::new(&[9; 32]), &SystemRandom::new()).unwrap();
            assert!(matches!(decoded(&written, NAME, 9), Err(BackupError::Damaged { .. })), "{name}");
        }
    }
}
