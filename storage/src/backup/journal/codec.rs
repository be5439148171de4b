//! Commits as bytes, one behind the other.
//!
//! ```text
//! commit  to u64 ‖ part u64 ‖ writes u32 ‖ write…
//! write   space u8 ‖ expect u8 (‖ version u64) ‖ key u16 length ‖ value u32 length, all ones for a deletion
//! ```
//!
//! Numbers are big-endian.

use std::io::{self, Write};

use crate::engine::{Batch, CAPS, Commit, Expect, KEY_BYTES_MAX, Part, Space, VALUE_BYTES_MAX, Write as Row};

/// The length of a value that is a deletion.
const DELETED: u32 = u32::MAX;

/// The expectations, by their numbers.
const ANY: u8 = 0;
const ABSENT: u8 = 1;
const VERSION: u8 = 2;

/// Writes a commit.
pub(super) fn encode(commit: &Commit, to: &mut dyn Write) -> io::Result<()> {
    let too_long = |_error| io::Error::other("a write is too long");
    let writes = commit.batch.writes();
    to.write_all(&commit.to.to_be_bytes())?;
    to.write_all(&commit.part.0.to_be_bytes())?;
    to.write_all(&u32::try_from(writes.len()).map_err(too_long)?.to_be_bytes())?;
    for Row { space, key, expect, value } in writes {
        to.write_all(&[space.number()])?;
        // What a caller knew is looked at when it is written again.
        match expect {
            None => to.write_all(&[ANY])?,
            Some(Expect::Absent | Expect::Known(None)) => to.write_all(&[ABSENT])?,
            Some(Expect::Version(version) | Expect::Known(Some(version))) => {
                to.write_all(&[VERSION])?;
                to.write_all(&version.to_be_bytes())?;
            }
        }
        to.write_all(&u16::try_from(key.len()).map_err(too_long)?.to_be_bytes())?;
        to.write_all(key)?;
        match value {
            Some(value) => {
                to.write_all(&u32::try_from(value.len()).map_err(too_long)?.to_be_bytes())?;
                to.write_all(value)?;
            }
            None => to.write_all(&DELETED.to_be_bytes())?,
        }
    }
    Ok(())
}

/// Why there is no commit at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoCommit {
    /// There is more to come.
    Short,
    /// They are none.
    Malformed,
}

/// The commit at the beginning of these bytes, and what is behind it.
pub(super) fn decode(bytes: &[u8]) -> Result<(Commit, &[u8]), NoCommit> {
    let (to, bytes) = number(bytes)?;
    let (part, bytes) = number(bytes)?;
    let (count, mut bytes) = bytes.split_first_chunk::<4>().ok_or(NoCommit::Short)?;
    let count = u32::from_be_bytes(*count);
    if usize::try_from(count).map_or(true, |count| count > CAPS.writes) {
        return Err(NoCommit::Malformed);
    }
    let (mut batch, mut held) = (Batch::new(), 0_usize);
    for _ in 0..count {
        let row;
        (row, bytes) = write(bytes)?;
        held = held.saturating_add(row.key.len()).saturating_add(row.value.as_ref().map_or(0, Vec::len));
        if held > CAPS.bytes {
            return Err(NoCommit::Malformed);
        }
        batch.push(row);
    }
    Ok((Commit { part: Part(part), to, batch }, bytes))
}

fn write(bytes: &[u8]) -> Result<(Row, &[u8]), NoCommit> {
    let ([space, expect], bytes) = bytes.split_first_chunk::<2>().ok_or(NoCommit::Short)?;
    let space = Space::ALL.into_iter().find(|one| one.number() == *space).ok_or(NoCommit::Malformed)?;
    let (expect, bytes) = match *expect {
        ANY => (None, bytes),
        ABSENT => (Some(Expect::Absent), bytes),
        VERSION => {
            let (version, bytes) = number(bytes)?;
            (Some(Expect::Version(version)), bytes)
        }
        _ => return Err(NoCommit::Malformed),
    };
    let (length, bytes) = bytes.split_first_chunk::<2>().ok_or(NoCommit::Short)?;
    let (key, bytes) = taken(bytes, usize::from(u16::from_be_bytes(*length)), KEY_BYTES_MAX)?;
    let (length, bytes) = bytes.split_first_chunk::<4>().ok_or(NoCommit::Short)?;
    let (value, bytes) = match u32::from_be_bytes(*length) {
        DELETED => (None, bytes),
        length => {
            let (value, bytes) = taken(bytes, usize::try_from(length).unwrap_or(usize::MAX), VALUE_BYTES_MAX)?;
            (Some(value.to_vec()), bytes)
        }
    };
    Ok((Row { space, key: key.to_vec(), expect, value }, bytes))
}

fn number(bytes: &[u8]) -> Result<(u64, &[u8]), NoCommit> {
    let (number, bytes) = bytes.split_first_chunk::<8>().ok_or(NoCommit::Short)?;
    Ok((u64::from_be_bytes(*number), bytes))
}

fn taken(bytes: &[u8], length: usize, max: usize) -> Result<(&[u8], &[u8]), NoCommit> {
    if length > max {
        return Err(NoCommit::Malformed);
    }
    bytes.split_at_checked(length).ok_or(NoCommit::Short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> Commit {
        let mut batch = Batch::new();
        batch.insert(Space::Hot, vec![1], vec![2; 300]);
        batch.replace(Space::Log, vec![2, 3], 7, vec![1]);
        batch.put(Space::Tile, vec![4; KEY_BYTES_MAX], vec![0]);
        batch.put_known(Space::Obj, vec![5], None, vec![0]);
        batch.put_known(Space::Idx, vec![6], Some(9), vec![0]);
        batch.delete(Space::Idem, vec![7], 1);
        Commit { part: Part(3), to: 41, batch }
    }

    fn encoded(commit: &Commit) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(commit, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_was_written_is_read_and_what_was_known_is_asked_for() {
        let bytes = [encoded(&commit()), vec![9; 3]].concat();
        let (read, rest) = decode(&bytes).unwrap();
        assert_eq!((read.part, read.to, rest), (Part(3), 41, &[9; 3][..]));
        for (was, is) in commit().batch.writes().iter().zip(read.batch.writes()) {
            assert_eq!((was.space, &was.key, &was.value), (is.space, &is.key, &is.value));
            let expected = match was.expect {
                Some(Expect::Known(None)) => Some(Expect::Absent),
                Some(Expect::Known(Some(version))) => Some(Expect::Version(version)),
                other => other,
            };
            assert_eq!(is.expect, expected);
        }
        assert_eq!(encoded(&read), encoded(&commit()));
    }

    #[test]
    fn a_beginning_is_no_commit_and_neither_is_what_is_beyond_the_bounds() {
        let bytes = encoded(&commit());
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end]).unwrap_err(), NoCommit::Short, "cut at {end}");
        }
        // The number of writes, the space, the expectation, the length of the key.
        for (at, bad) in [(16, 0xff), (20, 6), (21, 3), (22, 0xff)] {
            let mut changed = bytes.clone();
            changed[at] = bad;
            assert_eq!(decode(&changed).unwrap_err(), NoCommit::Malformed, "byte {at}");
        }
        // Whatever the bytes are, they end in one way or the other.
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                drop(decode(&changed));
            }
        }
    }
}
