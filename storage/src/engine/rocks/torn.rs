//! The end of the write-ahead log after a loss of power. A disk writes blocks in the order that suits it, so what was not synced yet may
//! have holes, and end with garbage; `RocksDB` itself takes only a log that is cut off for torn, and stops the start for anything else.
//!
//! Whoever writes waits for the sync of each record before the next one begins. So damage with a record behind it lies in what was
//! synced, and is damage; damage with none behind it may be what was never acknowledged. (Damage of the last acknowledged record looks
//! the same: the anchor beside the store knows of it once it was published.)

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// A log is made of blocks, which records do not cross: those that are longer are in fragments.
const BLOCK: usize = 32_768;
/// Checksum, length, kind.
const HEADER: usize = 7;
/// The kinds of fragments that begin a record: all of it, or its first part.
const BEGINS: [u8; 2] = [1, 2];
/// The kinds of fragments of logs that are written over older ones, which we do not have: they look otherwise.
const OTHER: [u8; 6] = [5, 6, 7, 8, 11, 131];

/// Whether the newest log in this folder is damaged at its end alone.
pub(super) fn is_torn(folder: &Path) -> io::Result<bool> {
    let mut newest = None;
    for file in fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".log")?.parse::<u64>().ok());
        // One that was made last may be empty yet.
        if number.is_some() && file.metadata()?.len() > 0 {
            newest = newest.max(number.map(|number| (number, file.path())));
        }
    }
    newest.map_or(Ok(false), |(_, path)| ends_torn(File::open(path)?))
}

/// Whether something in this log is damaged, and no record begins behind it.
fn ends_torn(mut log: impl Read) -> io::Result<bool> {
    let (mut block, mut is_damaged) = (Vec::with_capacity(BLOCK), false);
    loop {
        block.clear();
        log.by_ref().take(u64::try_from(BLOCK).unwrap_or(u64::MAX)).read_to_end(&mut block)?;
        if block.is_empty() {
            return Ok(is_damaged);
        }
        let mut rest = block.as_slice();
        while !is_damaged && rest.len() >= HEADER {
            match fragment(rest) {
                Some((kind, _)) if OTHER.contains(&kind) => return Ok(false),
                Some((_, length)) => rest = rest.get(length..).unwrap_or_default(),
                None => is_damaged = true,
            }
        }
        // What is left of a block is too short for a fragment, or is looked through.
        let mut places =
            rest.windows(HEADER).enumerate().filter(|(_, header)| header.last().is_some_and(|kind| BEGINS.contains(kind)));
        if is_damaged && places.any(|(from, _)| rest.get(from..).and_then(fragment).is_some()) {
            return Ok(false);
        }
    }
}

/// The kind and the length of the fragment that these bytes begin with, if it is whole.
fn fragment(bytes: &[u8]) -> Option<(u8, usize)> {
    let (checksum, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_le_bytes(*length));
    let kind = *rest.first()?;
    // A hole.
    if kind == 0 {
        return None;
    }
    if OTHER.contains(&kind) {
        return Some((kind, HEADER + length));
    }
    let sum = crc32c(rest.get(..=length)?);
    (u32::from_le_bytes(*checksum) == sum.rotate_right(15).wrapping_add(0xa282_ead8)).then_some((kind, HEADER + length))
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
        let torn = |bytes: &[u8]| ends_torn(bytes).unwrap();
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
    fn the_newest_log_with_anything_in_it_is_looked_at() {
        let folder = std::env::temp_dir().join(format!("licet-torn-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(!is_torn(&folder).unwrap());
        let (whole, [_, second, third]) = log();
        let mut torn = whole[..third].to_vec();
        torn[second + 50] ^= 1;
        fs::write(folder.join("000009.log"), &torn).unwrap();
        fs::write(folder.join("000012.log"), "").unwrap();
        fs::write(folder.join("LOG"), "text").unwrap();
        assert!(is_torn(&folder).unwrap());
        fs::write(folder.join("000010.log"), &whole).unwrap();
        assert!(!is_torn(&folder).unwrap(), "there is one behind it");
        fs::remove_dir_all(folder).unwrap();
    }
}
