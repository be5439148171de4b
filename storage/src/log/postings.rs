//! Postings: which records of a block have a value.
//!
//! A block is 4,096 records in a row, aligned. What is stored for a value and a block is the list of the records' places in the
//! block: as gaps of 7 bits to the byte, or, where that is not shorter, as one bit for each place. Each list has one form.

use crate::error::StorageError;

/// How many records a block has.
pub(crate) const BLOCK: u16 = 1024;

/// What a damaged row is called in errors.
pub(crate) const WHAT: &str = "index of a log";

const CORRUPT: StorageError = StorageError::Corrupt { what: WHAT };

/// The bytes of a list with one bit for each place.
const BITMAP_BYTES: usize = 128;

/// The block of a record.
pub(crate) const fn block_of(number: u64) -> u64 {
    number / 1024
}

/// The number of a block's first record.
pub(crate) const fn start_of(block: u64) -> u64 {
    block.saturating_mul(1024)
}

/// The place of a record in its block.
pub(crate) fn offset_of(number: u64) -> u16 {
    u16::try_from(number % u64::from(BLOCK)).unwrap_or(0)
}

/// The row of these places, which ascend and are at least one.
pub(crate) fn encode(offsets: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(offsets.len().min(BITMAP_BYTES) + 1);
    let mut next = 0;
    for offset in offsets {
        push_gap(&mut bytes, offset.saturating_sub(next));
        next = offset.saturating_add(1);
    }
    if bytes.len() < BITMAP_BYTES { bytes } else { bitmap(offsets) }
}

/// One gap, which is below 2^14: two bytes at most.
fn push_gap(bytes: &mut Vec<u8>, gap: u16) {
    let [high, low] = (gap << 1).to_be_bytes();
    let low = low >> 1;
    if high == 0 {
        bytes.push(low);
    } else {
        bytes.extend([low | 0x80, high]);
    }
}

fn bitmap(offsets: &[u16]) -> Vec<u8> {
    let mut bytes = vec![0; BITMAP_BYTES];
    for offset in offsets {
        if let Some(byte) = bytes.get_mut(usize::from(offset / 8)) {
            *byte |= 1 << (offset % 8);
        }
    }
    bytes
}

/// The places of a row, as it is stored.
#[derive(Debug)]
pub(crate) enum Places<'a> {
    /// In order.
    List(Vec<u16>),
    /// One bit for each.
    Bits(&'a [u8]),
}

impl<'a> Places<'a> {
    /// Reads a row.
    pub(crate) fn read(row: &'a [u8]) -> Result<Self, StorageError> {
        // A row that is not what would be written was not written here. So many places fill a list that is as long as the bits.
        if row.len() == BITMAP_BYTES {
            let count: u32 = row.iter().map(|byte| byte.count_ones()).sum();
            let is_ours = usize::try_from(count).is_ok_and(|count| count >= BITMAP_BYTES) || encode(&set_bits(row)) == row;
            return if is_ours { Ok(Self::Bits(row)) } else { Err(CORRUPT) };
        }
        let list = from_gaps(row)?;
        if !list.is_empty() && encode(&list) == row { Ok(Self::List(list)) } else { Err(CORRUPT) }
    }

    fn has(&self, offset: u16) -> bool {
        match self {
            Self::List(list) => list.binary_search(&offset).is_ok(),
            Self::Bits(bits) => bits.get(usize::from(offset / 8)).is_some_and(|byte| byte >> (offset % 8) & 1 == 1),
        }
    }

    /// How many there are at most.
    fn count(&self) -> usize {
        match self {
            Self::List(list) => list.len(),
            Self::Bits(_) => usize::from(BLOCK),
        }
    }

    /// The places, in order.
    pub(crate) fn list(self) -> Vec<u16> {
        match self {
            Self::List(list) => list,
            Self::Bits(bits) => set_bits(bits),
        }
    }

    /// The places that are in all of these; every place of the block when there are none to be in.
    pub(crate) fn common(mut all: Vec<Self>) -> Vec<u16> {
        let Some(fewest) = (0..all.len()).min_by_key(|n| all.get(*n).map(Self::count)) else { return (0..BLOCK).collect() };
        let mut found = all.swap_remove(fewest).list();
        found.retain(|offset| all.iter().all(|places| places.has(*offset)));
        found
    }
}

/// The places of a row.
pub(crate) fn decode(row: &[u8]) -> Result<Vec<u16>, StorageError> {
    Places::read(row).map(Places::list)
}

fn set_bits(row: &[u8]) -> Vec<u16> {
    let mut offsets = Vec::new();
    for (start, byte) in (0..BLOCK).step_by(8).zip(row) {
        let mut left = *byte;
        while left != 0 {
            offsets.push(start + u16::try_from(left.trailing_zeros()).unwrap_or(0));
            left &= left - 1;
        }
    }
    offsets
}

fn from_gaps(row: &[u8]) -> Result<Vec<u16>, StorageError> {
    let (mut offsets, mut next, mut bytes) = (Vec::new(), 0_u16, row.iter());
    while let Some(byte) = bytes.next() {
        let low = u16::from(byte & 0x7f);
        let high = if byte & 0x80 == 0 { 0 } else { u16::from(*bytes.next().ok_or(CORRUPT)?) };
        let offset = next.checked_add(high << 7).and_then(|sum| sum.checked_add(low)).filter(|offset| *offset < BLOCK);
        let offset = offset.ok_or(CORRUPT)?;
        offsets.push(offset);
        next = offset + 1;
    }
    Ok(offsets)
}

/// The row without some places; nothing when none is left.
pub(crate) fn without(row: &[u8], offsets: &[u16]) -> Result<Option<Vec<u8>>, StorageError> {
    let mut left = decode(row)?;
    left.retain(|offset| !offsets.contains(offset));
    Ok((!left.is_empty()).then(|| encode(&left)))
}

/// The places that are in both lists.
pub(crate) fn common(one: &[u16], other: &[u16]) -> Vec<u16> {
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    few.iter().filter(|offset| many.binary_search(offset).is_ok()).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(step: usize) -> Vec<u16> {
        (0..BLOCK).step_by(step).collect()
    }

    #[test]
    fn lists_are_read_as_they_were_written() {
        let mut lists = vec![vec![0], vec![1023], vec![0, 1023], vec![127], vec![128, 129, 1000], (100..700).collect()];
        lists.extend((1..300).map(every));
        for list in lists {
            let row = encode(&list);
            assert!(row.len() <= list.len() * 2 && row.len() <= BITMAP_BYTES, "{} bytes for {}", row.len(), list.len());
            assert_eq!(decode(&row), Ok(list));
        }
        assert_eq!(encode(&every(2)).len(), BITMAP_BYTES);
        assert_eq!(encode(&every(9)).len(), 114);
    }

    #[test]
    fn no_list_has_two_rows() {
        let empty_bitmap = [0; BITMAP_BYTES];
        let mut sparse_bitmap = [0; BITMAP_BYTES];
        sparse_bitmap[0] = 1;
        let zero_in_two: &[u8] = &[0x80, 0];
        let behind_the_block: &[u8] = &[0x80, 8];
        let twice_the_end: &[u8] = &[0xff, 7, 0];
        let long_gaps = vec![0; BITMAP_BYTES + 1];
        for bad in [
            &[][..],
            zero_in_two,
            &[0x80],
            behind_the_block,
            twice_the_end,
            &[0xff, 0xff],
            &empty_bitmap,
            &sparse_bitmap,
            &long_gaps,
        ] {
            assert_eq!(decode(bad), Err(CORRUPT), "{bad:?}");
        }
        assert_eq!(decode(&[0xff, 7]), Ok(vec![1023]));
    }

    #[test]
    fn places_are_taken_out() {
        let row = encode(&[1, 5, 9]);
        assert_eq!(without(&row, &[5, 6]), Ok(Some(encode(&[1, 9]))));
        assert_eq!(without(&row, &[1, 5, 9]), Ok(None));
        assert_eq!(without(&encode(&every(1)), &every(2)).unwrap().map(|row| decode(&row).unwrap().len()), Some(512));
        assert_eq!(without(&[], &[1]), Err(CORRUPT));
    }

    #[test]
    fn lists_meet() {
        assert_eq!(common(&[1, 3, 5], &[3, 4, 5, 6]), [3, 5]);
        assert_eq!(common(&every(6), &every(4)), every(12));
        assert_eq!(common(&[1], &[]), Vec::<u16>::new());
    }

    #[test]
    fn rows_meet_in_whatever_form_they_are() {
        let lists = [every(2), every(3), every(16), every(300), (0..512).collect(), vec![600]];
        for one in &lists {
            for other in &lists {
                for third in &lists {
                    let rows = [one, other, third].map(|list| encode(list));
                    let places = rows.iter().map(|row| Places::read(row).unwrap()).collect();
                    assert_eq!(Places::common(places), common(&common(one, other), third));
                }
            }
        }
        assert_eq!(Places::common(Vec::new()), every(1));
    }

    #[test]
    fn numbers_have_a_block_and_a_place() {
        for number in [0, 1, 1023, 1024, 1 << 40, u64::MAX] {
            assert_eq!(start_of(block_of(number)) + u64::from(offset_of(number)), number);
            assert_eq!(start_of(block_of(number)) % u64::from(BLOCK), 0);
        }
    }
}
