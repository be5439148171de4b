//! When the records of a block happened: what leads from a time to a number.
//!
//! The row of a block is the first record's time in 8 bytes, and for each that follows the seconds since the one before, 7 bits to
//! the byte, the lowest first. Times of a log never run backwards.

use crypto::time::Timestamp;

use super::postings::{BLOCK, WHAT};
use crate::error::StorageError;

const CORRUPT: StorageError = StorageError::Corrupt { what: WHAT };

/// The row of a block's times, which are at least one.
pub(crate) fn encode(times: &[Timestamp]) -> Vec<u8> {
    let first = times.first().map_or(0, |first| first.unix());
    let mut bytes = first.to_be_bytes().to_vec();
    for (before, after) in times.iter().zip(times.iter().skip(1)) {
        let mut rest = after.unix().saturating_sub(before.unix()).max(0).cast_unsigned();
        while rest > 0x7f {
            bytes.push(u8::try_from(rest & 0x7f).unwrap_or(0) | 0x80);
            rest >>= 7;
        }
        bytes.push(u8::try_from(rest).unwrap_or(0));
    }
    bytes
}

/// The first time of a row.
pub(crate) fn first(row: &[u8]) -> Result<Timestamp, StorageError> {
    row.first_chunk::<8>().map(|bytes| Timestamp::from_unix(i64::from_be_bytes(*bytes))).ok_or(CORRUPT)
}

/// The times of a row: one for each record of a full block.
pub(crate) fn decode(row: &[u8]) -> Result<Vec<Timestamp>, StorageError> {
    let mut times = vec![first(row)?];
    let (mut last, mut gap, mut shift) = (first(row)?.unix(), 0_i64, 0_u32);
    for byte in row.iter().skip(8) {
        // Nine times seven bits: more seconds than there are.
        if shift > 56 {
            return Err(CORRUPT);
        }
        gap |= i64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            last = last.checked_add(gap).ok_or(CORRUPT)?;
            times.push(Timestamp::from_unix(last));
            (gap, shift) = (0, 0);
        }
    }
    if shift == 0 && times.len() == usize::from(BLOCK) && encode(&times) == row { Ok(times) } else { Err(CORRUPT) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(step: impl Fn(i64) -> i64) -> Vec<Timestamp> {
        (0..1024)
            .scan(-5, |at, n| {
                *at += step(n);
                Some(Timestamp::from_unix(*at))
            })
            .collect()
    }

    #[test]
    fn times_are_read_as_they_were_written() {
        for times in [block(|_| 0), block(|n| n % 3), block(|n| if n == 7 { 300_000_000_000 } else { 127 + n % 2 })] {
            let row = encode(&times);
            assert_eq!(first(&row), Ok(times[0]));
            assert_eq!(decode(&row), Ok(times));
        }
        assert_eq!(encode(&block(|n| n % 60)).len(), 8 + 1023);
    }

    #[test]
    fn other_rows_are_refused() {
        let row = encode(&block(|_| 1));
        let mut two_bytes_for_one = row.clone();
        two_bytes_for_one.splice(8..9, [0x81, 0]);
        let mut without_end = row.clone();
        without_end.extend([0x80; 12]);
        for bad in [&row[..row.len() - 1], &[&row[..], &[0]].concat(), &row[..7], &two_bytes_for_one, &without_end] {
            assert_eq!(decode(bad), Err(CORRUPT));
        }
    }
}
