//! How often keys were used of which nothing else is kept: a fixed array of counters, however many keys come.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Point;

const SLOT_BITS: u32 = 12;
const COUNT_BITS: u32 = 16;
const COUNT: u64 = (1 << COUNT_BITS) - 1;

/// A counter each for some of the keys that were used last. A key shares its place with others: those who are used rarely
/// give way to the one who is used often.
///
/// Places and names of keys are bits of their coordinates. Whoever makes a key to meet another there makes the other wait
/// longer for its table, or have it earlier; no verdict depends on it.
pub(crate) struct Seen(Box<[AtomicU64]>);

impl Seen {
    pub(crate) fn new() -> Self {
        Self((0..1u32 << SLOT_BITS).map(|_| AtomicU64::new(0)).collect())
    }

    /// Counts a use, and says how many there were. Two threads at once may count one: that only delays.
    pub(crate) fn count(&self, key: &Point) -> u32 {
        let [a, b, c, d, e, f, g, h, ..] = *key;
        let bits = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let (place, name) = (usize::try_from(bits % (1 << SLOT_BITS)).unwrap_or_default(), bits & !COUNT);
        let Some(slot) = self.0.get(place) else { return 0 };
        let kept = slot.load(Relaxed);
        let (count, uses) = match (kept & COUNT, kept & !COUNT == name) {
            (count, true) => (name | (count + 1).min(COUNT), (count + 1).min(COUNT)),
            (0 | 1, false) => (name | 1, 1),
            (_, false) => (kept - 1, 1),
        };
        slot.store(count, Relaxed);
        u32::try_from(uses).unwrap_or(u32::MAX)
    }
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen").finish_non_exhaustive()
    }
}
