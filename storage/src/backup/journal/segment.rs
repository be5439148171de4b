//! One file of the journal.
//!
//! A line that names the format, a line of JSON with the wrapped key, and a sealed [stream](super::super::seal) under that key: a line of
//! JSON that says what comes before the segment and how much is in it, and its [commits](super::codec).

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;
use std::str::FromStr;

use crypto::digest::Sha256;
use crypto::time::Timestamp;
use ring::digest::{Context, SHA256};
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};

use super::super::create::{Hashing, digest};
use super::super::folder::{create, sync};
use super::super::manifest::{compact, compact_moment};
use super::super::seal::{self, Sealer, Unopened};
use super::super::verify::Hashed;
use super::super::{BackupError, BackupKey, Folder, Harm, envelope};
use super::codec::{self, NoCommit};
use crate::engine::{CAPS, Commit, Line};

/// The first line of every segment.
const FORMAT: &[u8] = b"licet journal 1\n";

/// The longest line before the sealed stream, and in the beginning of it.
const LINE_BYTES_MAX: usize = 4096;

/// More than a commit takes as bytes.
const COMMIT_BYTES_MAX: usize = CAPS.bytes + CAPS.writes * 32;

/// What a segment is called: its line, from which write to which it leads, and until when it reaches. The segments of a line sort as they
/// were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentName {
    /// The run without a gap that it belongs to.
    pub line: Line,
    /// The number of the last write before it.
    pub from: u64,
    /// The number of its last write.
    pub to: u64,
    /// Nothing in it was committed after this moment, and nothing behind it before.
    pub until: Timestamp,
}

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// Nothing in it was committed before this moment.
    pub(super) since: Timestamp,
    /// The digest of the file of the segment before it; none for the first one of its line.
    pub(super) previous: Option<Sha256>,
    /// How many commits there are.
    pub(super) commits: u64,
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}-{:016x}-{}", self.line, self.from, self.to, compact(self.until))
    }
}

impl FromStr for SegmentName {
    type Err = &'static str;

    /// Takes what is the name of a segment and nothing else.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let mut parts = text.split('-');
            let line: Line = parts.next()?.parse().ok()?;
            let mut number = || parts.next().and_then(|digits| u64::from_str_radix(digits, 16).ok());
            let (from, to) = (number()?, number()?);
            let until = compact_moment(parts.next()?)?;
            Some(Self { line, from, to, until })
        };
        // What it would be called itself: so there is one name for one segment.
        read().filter(|name| name.from < name.to && name.to_string() == text).ok_or("is not the name of a segment")
    }
}

/// Writes a segment, which is there whole and under its name, or not at all. Gives the digest of the file.
pub(super) fn write(
    folder: &Folder,
    name: &SegmentName,
    header: &Header,
    commits: &[Commit],
    key: &BackupKey,
) -> Result<Sha256, BackupError> {
    let path = folder.segment(name);
    let new = path.with_extension("new");
    let failed = BackupError::io(&new);
    let mut to = Hashing { to: BufWriter::new(create(&new)?), hash: Context::new(&SHA256) };
    to.write_all(FORMAT).map_err(BackupError::io(&new))?;
    let inner = envelope::begin(&name.to_string(), key, &SystemRandom::new(), &new, &mut to)?;
    let sealed = || -> io::Result<Sha256> {
        let mut sealer = Sealer::new(to, &inner)?;
        serde_json::to_writer(&mut sealer, header)?;
        sealer.write_all(b"\n")?;
        commits.iter().try_for_each(|commit| codec::encode(commit, &mut sealer))?;
        let Hashing { to, hash } = sealer.finish()?;
        to.into_inner()?.sync_all()?;
        Ok(digest(hash))
    };
    let sha256 = sealed().map_err(failed)?;
    fs::rename(&new, &path).map_err(BackupError::io(&path))?;
    sync(&folder.journal())?;
    Ok(sha256)
}

/// Reads a segment, and compares it with its name. Gives out its commits one by one, each with the number of the last write before it;
/// after an error they are worth nothing. Gives the digest of the file.
pub(super) fn read(
    folder: &Folder,
    name: &SegmentName,
    key: &BackupKey,
    told: &mut dyn FnMut(u64),
    each: &mut dyn FnMut(u64, Commit) -> Result<(), BackupError>,
) -> Result<(Header, Sha256), BackupError> {
    let path = folder.segment(name);
    let harmed = |harm| BackupError::Damaged { path: path.clone(), harm };
    let file = File::open(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => harmed(Harm::SegmentMissing),
        _ => BackupError::io(&path)(error),
    })?;
    let mut from = Hashed { from: BufReader::with_capacity(1 << 16, file), hash: Context::new(&SHA256), told };
    let unread = BackupError::io(&path);
    let (format, head) = lines(&mut from).map_err(unread)?;
    if format != FORMAT {
        return Err(BackupError::UnknownFormat { path });
    }
    let inner = envelope::open(&head, &name.to_string(), key)?.ok_or_else(|| harmed(Harm::Segment))?;
    let mut reading = Reading { held: Vec::new(), header: None, at: name.from, count: 0, failed: None, each };
    let opened = seal::open(&mut from, &inner, &mut |plain| reading.hear(plain));
    match (reading.failed.take(), opened) {
        (Some(error), _) => return Err(error),
        (None, Err(Unopened::Io(error))) if error.kind() != io::ErrorKind::InvalidData => {
            return Err(BackupError::io(&path)(error));
        }
        (None, Err(_)) => return Err(harmed(Harm::Segment)),
        (None, Ok(())) => {}
    }
    let Reading { held, header, at, count, .. } = reading;
    let header = header.filter(|header| held.is_empty() && at == name.to && count == header.commits);
    Ok((header.ok_or_else(|| harmed(Harm::Segment))?, digest(from.hash)))
}

/// The two lines in front.
fn lines(from: &mut dyn io::Read) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut line = || {
        let mut line = Vec::new();
        let mut byte = [0];
        while line.len() < LINE_BYTES_MAX && line.last() != Some(&b'\n') && from.read(&mut byte)? == 1 {
            line.extend(byte);
        }
        Ok::<_, io::Error>(line)
    };
    Ok((line()?, line()?))
}

/// What was read and is no commit yet.
struct Reading<'a> {
    held: Vec<u8>,
    header: Option<Header>,
    at: u64,
    count: u64,
    failed: Option<BackupError>,
    each: &'a mut dyn FnMut(u64, Commit) -> Result<(), BackupError>,
}

impl Reading<'_> {
    fn hear(&mut self, plain: &[u8]) -> io::Result<()> {
        let malformed = || io::Error::from(io::ErrorKind::InvalidData);
        self.held.extend_from_slice(plain);
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        if self.header.is_none() {
            let end = rest.iter().take(LINE_BYTES_MAX).position(|byte| *byte == b'\n').ok_or_else(malformed)?;
            let (line, behind) = rest.split_at_checked(end.saturating_add(1)).ok_or_else(malformed)?;
            self.header = Some(serde_json::from_slice(line).map_err(|_error| malformed())?);
            rest = behind;
        }
        while !rest.is_empty() {
            match codec::decode(rest) {
                Ok((commit, behind)) => {
                    let from = std::mem::replace(&mut self.at, commit.to);
                    if commit.to <= from {
                        return Err(malformed());
                    }
                    self.count = self.count.saturating_add(1);
                    if let Err(error) = (self.each)(from, commit) {
                        self.failed = Some(error);
                        return Err(malformed());
                    }
                    rest = behind;
                }
                Err(NoCommit::Short) if rest.len() <= COMMIT_BYTES_MAX => break,
                Err(NoCommit::Short | NoCommit::Malformed) => return Err(malformed()),
            }
        }
        self.held = rest.to_vec();
        Ok(())
    }
}

/// The bytes of the file of a segment; none, where there is no file.
pub(super) fn bytes(folder: &Folder, name: &SegmentName) -> u64 {
    fs::metadata(folder.segment(name)).map_or(0, |found| found.len())
}

/// Removes segments.
pub(in super::super) fn remove(folder: &Folder, names: &[SegmentName]) -> Result<(), BackupError> {
    for name in names {
        let path = folder.segment(name);
        fs::remove_file(&path).map_err(BackupError::io(&path))?;
    }
    if names.is_empty() { Ok(()) } else { sync(Path::new(&folder.journal())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_has_one_name() {
        let until = "2026-03-01T08:15:00Z".parse().unwrap();
        let name = SegmentName { line: Line::new([0xab; 8]), from: 1, to: 0x1f, until };
        let text = "abababababababab-0000000000000001-000000000000001f-20260301T081500Z";
        assert_eq!((name.to_string().as_str(), text.parse()), (text, Ok(name)));
        let behind = SegmentName { from: 0x1f, to: 0x100, ..name };
        assert!(name < behind && name.to_string() < behind.to_string());
        for bad in [
            "",
            "../abababababababab-0000000000000001-000000000000001f-20260301T081500Z",
            "ABababababababab-0000000000000001-000000000000001f-20260301T081500Z",
            "abababababababab-1-000000000000001f-20260301T081500Z",
            "abababababababab-+000000000000001-000000000000001f-20260301T081500Z",
            "abababababababab-000000000000001f-000000000000001f-20260301T081500Z",
            "abababababababab-0000000000000001-000000000000001f-20260301T081500Z-0",
            "abababababababab-0000000000000001-000000000000001f-20260301T081500Z.new",
        ] {
            assert!(bad.parse::<SegmentName>().is_err(), "{bad}");
        }
    }
}
