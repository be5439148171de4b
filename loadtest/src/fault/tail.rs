//! What a loss of power leaves behind what was synced. A disk writes blocks in the order that suits it: of those that it had not promised
//! yet some may be there and others not, and the last of them may hold anything.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use crate::departments::Chance;

/// What is written at once, or not at all.
const BLOCK: u64 = 4096;

/// What is left of a tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// How long the file is then.
    pub(super) length: u64,
    /// Blocks that were not written, before others that were: there are zeros.
    pub(super) holes: Vec<Range<u64>>,
    /// Where anything may stand.
    pub(super) garbage: Option<Range<u64>>,
}

impl Tail {
    /// What is left, by chance, of a file of this length of which so much was synced.
    pub(super) fn of(chance: &mut Chance, synced: u64, length: u64) -> Self {
        let cut = |length| Self { length, holes: Vec::new(), garbage: None };
        let behind = length.saturating_sub(synced);
        if behind == 0 {
            return cut(length);
        }
        match chance.next() % 5 {
            0 => cut(synced),
            1 => cut(length),
            2 => cut(synced + chance.next() % behind),
            3 => Self::with_holes(chance, synced, length),
            _ => {
                let length = synced + 1 + chance.next() % behind;
                let from = start_of(length - 1).max(synced);
                Self { garbage: Some(from..length), ..cut(length) }
            }
        }
    }

    /// Some blocks, without some of those before them. Where there is but one block, it is there as a whole.
    fn with_holes(chance: &mut Chance, synced: u64, length: u64) -> Self {
        let starts: Vec<u64> = blocks(synced, length).collect();
        let kept = 1 + usize::try_from(chance.next()).unwrap_or(usize::MAX) % starts.len().max(1);
        let mut before: Vec<u64> = starts.iter().copied().take(kept).collect();
        let last = before.pop().unwrap_or(synced);
        let sure = usize::try_from(chance.next()).unwrap_or(usize::MAX) % before.len().max(1);
        let lost = before.into_iter().enumerate().filter(|(place, _)| *place == sure || chance.happens(500));
        let holes = lost.map(|(_, start)| start.max(synced)..start + BLOCK).collect();
        Self { length: (last + BLOCK).min(length), holes, garbage: None }
    }

    /// Does it to a file.
    pub(super) fn leave(&self, file: &File, chance: &mut Chance) -> std::io::Result<()> {
        file.set_len(self.length)?;
        let put = |range: &Range<u64>, byte: &mut dyn FnMut() -> u8| {
            let bytes: Vec<u8> = range.clone().map(|_| byte()).collect();
            file.write_all_at(&bytes, range.start)
        };
        self.holes.iter().try_for_each(|hole| put(hole, &mut || 0))?;
        let mut any = || chance.next().to_le_bytes()[0];
        self.garbage.iter().try_for_each(|range| put(range, &mut any))
    }
}

const fn start_of(at: u64) -> u64 {
    at - at % BLOCK
}

/// Where the blocks begin that have something of what is behind this place.
fn blocks(from: u64, to: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(start_of(from)), |start| Some(start + BLOCK)).take_while(move |start| *start < to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_synced_is_never_touched_and_every_kind_of_tail_comes() {
        for (synced, length) in [(0, 1), (100, 100), (100, 900), (5_000, 30_000), (8_192, 20_000), (4_096, 8_192), (0, 100_000)] {
            let (mut holed, mut garbled, mut lengths) = (0, 0, std::collections::BTreeSet::new());
            for seed in 0..300 {
                let tail = Tail::of(&mut Chance::of(&[seed]), synced, length);
                assert_eq!(tail, Tail::of(&mut Chance::of(&[seed]), synced, length));
                assert!((synced..=length).contains(&tail.length), "{tail:?}");
                for hole in &tail.holes {
                    assert!(hole.start >= synced && hole.start < hole.end && hole.end % BLOCK == 0, "{tail:?}");
                    assert!(hole.end < tail.length, "a hole has something behind it: {tail:?}");
                }
                if let Some(garbage) = &tail.garbage {
                    assert!(garbage.start >= synced && garbage.start < garbage.end && garbage.end == tail.length, "{tail:?}");
                    assert!(garbage.end - garbage.start <= BLOCK, "{tail:?}");
                }
                holed += usize::from(!tail.holes.is_empty());
                garbled += usize::from(tail.garbage.is_some());
                lengths.insert(tail.length);
            }
            let is_long = start_of(synced) + BLOCK < length;
            assert_eq!(holed > 0, is_long, "{synced} {length}");
            assert_eq!(garbled > 0, length > synced, "{synced} {length}");
            assert!(lengths.first() == Some(&synced) && lengths.last() == Some(&length), "{lengths:?}");
        }
    }

    #[test]
    fn holes_are_zeros_and_garbage_is_not_what_was_written() {
        let path = std::env::temp_dir().join(format!("licet-tail-{}", std::process::id()));
        std::fs::write(&path, [7; 20_000]).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        let tail = Tail { length: 13_000, holes: std::iter::once(5_000..8_192).collect(), garbage: Some(12_288..13_000) };
        tail.leave(&file, &mut Chance::of(&[1])).unwrap();
        let left = std::fs::read(&path).unwrap();
        assert_eq!(left.len(), 13_000);
        assert!(left[..5_000].iter().chain(&left[8_192..12_288]).all(|byte| *byte == 7));
        assert!(left[5_000..8_192].iter().all(|byte| *byte == 0));
        assert!(left[12_288..].iter().filter(|byte| **byte != 7).count() > 600);
        std::fs::remove_file(path).unwrap();
    }
}
