//! The end of the write-ahead log after a loss of power. A disk writes blocks in the order that suits it, so what was not synced yet may
//! have holes, and end with garbage; `RocksDB` itself takes only a log that is cut off for torn, and stops the start for anything else.
//!
//! Whoever writes waits for the sync of each record before the next one begins. So damage with a record behind it lies in what was
//! synced, and is damage; damage with none behind it may be what was never acknowledged. (Damage of the last acknowledged record looks
//! the same: the anchor beside the store knows of it once it was published.)
//!
//! `RocksDB` takes zeros where a record would begin for the end of a block, and goes on behind them without a word. So holes are looked for
//! before it opens the logs.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A log is made of blocks, which records do not cross: those that are longer are in fragments.
const BLOCK: usize = 32_768;
/// Checksum, length, kind.
const HEADER: usize = 7;
/// The kinds of fragments that begin a record: all of it, or its first part.
const BEGINS: [u8; 2] = [1, 2];
/// The kinds of fragments that end a record: all of it, or its last part.
const ENDS: [u8; 2] = [1, 4];
/// The kinds of fragments of logs that are written over older ones, which we do not have: they look otherwise.
const OTHER: [u8; 6] = [5, 6, 7, 8, 11, 131];

/// A log whose end alone is damaged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Torn {
    log: String,
    /// Where what is damaged begins.
    from: u64,
    bytes: u64,
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is damaged from byte {} of {}, with no record behind it", self.log, self.from, self.bytes)
    }
}

/// The newest log in this folder, if it is damaged at its end, and everything else of the logs is whole: whoever reads up to a damage does
/// so in each of them.
pub(super) fn torn(folder: &Path) -> io::Result<Option<Torn>> {
    let mut logs = logs(folder)?;
    let Some(newest) = logs.pop() else { return Ok(None) };
    let State::Torn { from } = state(File::open(&newest)?)? else { return Ok(None) };
    for older in logs {
        if state(File::open(older)?)? != State::Whole {
            return Ok(None);
        }
    }
    let log = newest.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some(Torn { log, from, bytes: fs::metadata(&newest)?.len() }))
}

/// A log in this folder with zeros where a record would begin, and something behind them: a record, or another log.
pub(super) fn holed(folder: &Path) -> io::Result<Option<String>> {
    let logs = logs(folder)?;
    for (place, log) in logs.iter().enumerate() {
        if has_hole(File::open(log)?, place + 1 == logs.len())? {
            return Ok(Some(log.file_name().unwrap_or_default().to_string_lossy().into_owned()));
        }
    }
    Ok(None)
}

/// The logs in this folder, the newest last. One that was made last may be empty yet.
fn logs(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let files = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        files => files?,
    };
    for file in files {
        let file = file?;
        let name = file.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".log")?.parse::<u64>().ok());
        if let Some(number) = number
            && file.metadata()?.len() > 0
        {
            found.push((number, file.path()));
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Reads the next block of a log; whether there is one.
fn next(log: &mut impl Read, block: &mut Vec<u8>) -> io::Result<bool> {
    block.clear();
    log.by_ref().take(u64::try_from(BLOCK).unwrap_or(u64::MAX)).read_to_end(block)?;
    Ok(!block.is_empty())
}

/// Whether a record begins somewhere in these bytes.
fn has_record(bytes: &[u8]) -> bool {
    let headers = bytes.windows(HEADER).enumerate();
    let mut places = headers.filter(|(_, header)| header.last().is_some_and(|kind| BEGINS.contains(kind)));
    places.any(|(from, _)| bytes.get(from..).and_then(fragment).is_some())
}

/// What became of a log.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// All of it is there, up to the end of a record.
    Whole,
    /// Something is damaged, and no record begins behind it.
    Torn {
        /// Where.
        from: u64,
    },
    /// Something is damaged, and a record begins behind it; or it is a log of a kind that we do not write.
    Damaged,
}

fn state(mut log: impl Read) -> io::Result<State> {
    let (mut block, mut begin) = (Vec::with_capacity(BLOCK), 0_u64);
    let (mut is_complete, mut damaged_from) = (true, None);
    while next(&mut log, &mut block)? {
        let mut rest = block.as_slice();
        let place = |rest: &[u8]| begin.saturating_add(u64::try_from(block.len() - rest.len()).unwrap_or(u64::MAX));
        while damaged_from.is_none() && rest.len() >= HEADER {
            match fragment(rest) {
                Some((kind, _)) if OTHER.contains(&kind) => return Ok(State::Damaged),
                Some((kind, length)) => {
                    is_complete = ENDS.contains(&kind);
                    rest = rest.get(length..).unwrap_or_default();
                }
                None => damaged_from = Some(place(rest)),
            }
        }
        // What is left of a block is too short for a fragment; what is left of a log is a fragment that was cut.
        if damaged_from.is_none() && !rest.is_empty() && block.len() < BLOCK {
            damaged_from = Some(place(rest));
        }
        if damaged_from.is_some() && has_record(rest) {
            return Ok(State::Damaged);
        }
        begin = begin.saturating_add(u64::try_from(block.len()).unwrap_or(u64::MAX));
    }
    let cut = (!is_complete).then_some(begin);
    Ok(damaged_from.or(cut).map_or(State::Whole, |from| State::Torn { from }))
}

/// Whether zeros stand in this log where a record would begin, with a record behind them, or with another log. Checksums are left to
/// `RocksDB` as long as headers lead to one another.
fn has_hole(mut log: impl Read, is_newest: bool) -> io::Result<bool> {
    let (mut block, mut in_hole) = (Vec::with_capacity(BLOCK), false);
    while next(&mut log, &mut block)? {
        let mut rest = block.as_slice();
        while !in_hole && rest.len() >= HEADER {
            match header(rest) {
                Some((0, HEADER)) => in_hole = true,
                Some((kind, _)) if OTHER.contains(&kind) => return Ok(false),
                // A length that leads out of the block is damage, which is no hole.
                Some((_, length)) => rest = rest.get(length..).unwrap_or_default(),
                None => rest = &[],
            }
        }
        if in_hole && has_record(rest) {
            return Ok(true);
        }
    }
    Ok(in_hole && !is_newest)
}

/// The kind and the length of the fragment that these bytes begin with, by its header.
fn header(bytes: &[u8]) -> Option<(u8, usize)> {
    let (_checksum, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    Some((*rest.first()?, HEADER + usize::from(u16::from_le_bytes(*length))))
}

/// The kind and the length of the fragment that these bytes begin with, if it is whole.
fn fragment(bytes: &[u8]) -> Option<(u8, usize)> {
    let (kind, length) = header(bytes)?;
    // A hole.
    if kind == 0 {
        return None;
    }
    if OTHER.contains(&kind) {
        return Some((kind, length));
    }
    let (checksum, _) = bytes.split_first_chunk::<4>()?;
    // The kind and what follows are summed up, and not the length.
    let sum = crc32c(bytes.get(HEADER - 1..length)?);
    (u32::from_le_bytes(*checksum) == sum.rotate_right(15).wrapping_add(0xa282_ead8)).then_some((kind, length))
}

/// CRC-32C (Castagnoli).
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0x82f6_3b78 } else { sum >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(log: &mut Vec<u8>, kind: u8, payload: &[u8]) {
        let sum = crc32c(&[&[kind], payload].concat()).rotate_right(15).wrapping_add(0xa282_ead8);
        log.extend(sum.to_le_bytes());
        log.extend(u16::try_from(payload.len()).unwrap().to_le_bytes());
        log.push(kind);
        log.extend(payload);
    }

    /// A record of 300, one over three blocks, one of 200; and where each begins.
    fn log() -> (Vec<u8>, [usize; 3]) {
        let mut log = Vec::new();
        put(&mut log, 1, &[3; 300]);
        let second = log.len();
        put(&mut log, 2, &vec![4; BLOCK - second - HEADER]);
        put(&mut log, 3, &[5; BLOCK - HEADER]);
        put(&mut log, 4, &[6; 900]);
        let third = log.len();
        put(&mut log, 1, &[7; 200]);
        (log, [0, second, third])
    }

    #[test]
    fn the_checksum_is_that_of_everybody() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    }

    #[test]
    fn damage_is_torn_where_no_record_begins_behind_it() {
        let (log, [_, second, third]) = log();
        let torn = |bytes: &[u8]| matches!(state(bytes).unwrap(), State::Torn { .. });
        assert!(!torn(&log) && !torn(&[]), "nothing is damaged");
        for at in 0..log.len() {
            // Each header whole, and payloads here and there.
            if at > second + HEADER && at < third && at % 97 != 0 && at % BLOCK > HEADER {
                continue;
            }
            let mut flipped = log.clone();
            flipped[at] ^= 0x40;
            let is_end = at >= third;
            assert_eq!(torn(&flipped), is_end, "{at}");
            // The same without the last record.
            flipped.truncate(third);
            if at < third {
                assert_eq!(torn(&flipped), at >= second, "{at}");
            }
        }
        // A log of a kind that we do not write is left alone.
        assert!(!torn(&[&[0; 6][..], &[5], &[9; 90]].concat()));
        // Holes, up to a whole block.
        for (from, to) in [(second, second + 4096), (4096, 8192), (BLOCK, 2 * BLOCK), (BLOCK + 4096, 2 * BLOCK + 100)] {
            let mut holed = log.clone();
            holed[from..to].fill(0);
            assert!(!torn(&holed), "{from} {to}");
            holed.truncate(third);
            assert!(torn(&holed), "{from} {to}");
        }
    }

    #[test]
    fn a_log_is_whole_up_to_the_end_of_a_record() {
        let (log, [_, second, third]) = log();
        assert_eq!(state(log.as_slice()).unwrap(), State::Whole);
        for cut in [second + 3, second + 50, BLOCK, BLOCK + 90, third + 5] {
            let at = if cut > third { third } else { cut.min(BLOCK * (cut / BLOCK)).max(second) };
            assert_eq!(state(&log[..cut]).unwrap(), State::Torn { from: u64::try_from(at).unwrap() }, "{cut}");
        }
    }

    #[test]
    fn a_hole_is_one_where_a_record_would_begin_and_something_is_behind_it() {
        let (log, [first, second, third]) = log();
        let holed = |bytes: &[u8]| (has_hole(bytes, true).unwrap(), has_hole(bytes, false).unwrap());
        assert_eq!(holed(&log), (false, false));
        assert_eq!(holed(&[]), (false, false));
        for (from, to) in [(first, 4096), (first, second), (second, second + HEADER), (second, BLOCK), (BLOCK, 2 * BLOCK + 100)] {
            let mut bytes = log.clone();
            bytes[from..to].fill(0);
            assert_eq!(holed(&bytes), (true, true), "{from} {to}");
            if from >= second {
                assert_eq!(holed(&bytes[..third]), (false, true), "{from} {to}");
            }
        }
        // In the middle of a payload: the checksum of RocksDB tells.
        let mut bytes = log;
        bytes[50..200].fill(0);
        assert_eq!(holed(&bytes), (false, false));
        bytes[third..].fill(0);
        assert_eq!(holed(&bytes), (false, true));
    }

    #[test]
    fn the_newest_log_may_be_torn_and_no_other() {
        let folder = std::env::temp_dir().join(format!("licet-torn-{}", std::process::id()));
        assert_eq!((torn(&folder).unwrap(), holed(&folder).unwrap()), (None, None), "there is no folder");
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(torn(&folder).unwrap(), None);
        let (whole, [_, second, third]) = log();
        let mut broken = whole[..third].to_vec();
        broken[second + 50] ^= 1;
        fs::write(folder.join("000009.log"), &broken).unwrap();
        fs::write(folder.join("000012.log"), "").unwrap();
        fs::write(folder.join("LOG"), "text").unwrap();
        let found = torn(&folder).unwrap().unwrap();
        let bytes = broken.len();
        let said = format!("000009.log is damaged from byte {second} of {bytes}, with no record behind it");
        assert_eq!(found.to_string(), said);
        fs::write(folder.join("000008.log"), &whole).unwrap();
        assert_eq!(torn(&folder).unwrap(), Some(found), "the one before is whole");
        for older in [&broken, &whole[..BLOCK], &whole[..whole.len() - 5]] {
            fs::write(folder.join("000008.log"), older).unwrap();
            assert_eq!(torn(&folder).unwrap(), None, "the one before is not");
        }
        assert_eq!(holed(&folder).unwrap(), None);
        fs::write(folder.join("000008.log"), [&whole[..], &[0; 90]].concat()).unwrap();
        assert_eq!(holed(&folder).unwrap().unwrap(), "000008.log");
        fs::write(folder.join("000008.log"), &whole).unwrap();
        fs::write(folder.join("000010.log"), &whole).unwrap();
        assert_eq!(torn(&folder).unwrap(), None, "there is one behind it");
        fs::remove_dir_all(folder).unwrap();
    }
}
