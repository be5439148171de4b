//! Tables of one size for the keys that are used most, in bounded memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::Point;
use super::comb::Comb;
use super::point::Affine;

/// Keys are spread over so many locks. Looking one up takes its lock for reading, which waits for nobody but a writer that
/// enters or removes a pointer.
const SHARDS: usize = 8;
/// What a key takes besides its tables, at most: its place in the map, its count and Z.
const OVERHEAD: usize = 512;
/// Uses beyond this are not told apart, and cost no write.
const MOST_USES: u32 = 4096;
/// After so many refused keys for each that is held, all counts are halved: what was used long ago does not stay for ever.
const REFUSED_BEFORE_AGEING: usize = 16;

/// A key that is used often: what verifications with it need besides the signature.
#[derive(Debug)]
pub(crate) struct HotKey {
    /// Z under the default identity.
    pub(crate) z: [u8; 32],
    pub(crate) tables: Comb,
    uses: AtomicU32,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Rounds of the tables, which is their size.
    rounds: usize,
    /// Keys a shard may hold.
    room: usize,
    shards: [Shard; SHARDS],
    builds: AtomicU64,
    evictions: AtomicU64,
}

#[derive(Debug, Default)]
struct Shard {
    hits: AtomicU64,
    refused: AtomicU32,
    held: RwLock<BTreeMap<Point, Held>>,
}

#[derive(Debug)]
enum Held {
    /// Somebody makes the tables.
    Building,
    Ready(Arc<HotKey>),
}

/// Where a key may go.
enum Place {
    /// It is there already.
    Taken,
    Free,
    Of(Point),
    Nowhere,
}

/// What a pool did so far, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStatistics {
    /// Verifications with tables from here.
    pub hits: u64,
    /// Tables made.
    pub builds: u64,
    /// Tables dropped for those of a key that is used more.
    pub evictions: u64,
    /// Keys held.
    pub keys: usize,
    /// Bytes taken, which no use ever makes more than the limit.
    pub bytes: usize,
}

impl HotKey {
    /// Makes the tables of a key that was used so often before.
    pub(crate) fn make(z: [u8; 32], point: &Affine, rounds: usize, uses: u32) -> Option<Self> {
        Some(Self { z, tables: Comb::new(point, rounds)?, uses: AtomicU32::new(uses) })
    }

    /// Counts a use, and says how many there were. Threads may overwrite each other's count: it only has to tell hot from cold.
    pub(crate) fn count(&self) -> u32 {
        let uses = self.uses.load(Relaxed);
        if uses < MOST_USES {
            self.uses.store(uses + 1, Relaxed);
        }
        uses + 1
    }

    fn age(&self) {
        self.uses.store(self.uses.load(Relaxed) / 2, Relaxed);
    }
}

impl Shard {
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Point, Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<Point, Held>> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// Room for tables of so many rounds in so many bytes.
    pub(crate) fn new(rounds: usize, bytes: usize) -> Self {
        let room = bytes / SHARDS / Self::cost(rounds);
        let shards = Default::default();
        Self { rounds, room, shards, builds: AtomicU64::new(0), evictions: AtomicU64::new(0) }
    }

    const fn cost(rounds: usize) -> usize {
        Comb::size(rounds) + OVERHEAD
    }

    fn shard(&self, key: &Point) -> &Shard {
        let ([first, ..], [.., last]) = (&self.shards, *key);
        self.shards.get(usize::from(last) % SHARDS).unwrap_or(first)
    }

    /// The tables of a key, if they are here and ready.
    pub(crate) fn get(&self, key: &Point) -> Option<Arc<HotKey>> {
        let shard = self.shard(key);
        let held = shard.read();
        let Held::Ready(hot) = held.get(key)? else { return None };
        shard.hits.fetch_add(1, Relaxed);
        Some(Arc::clone(hot))
    }

    /// Takes a key in that was used so often, if there is room or another was used less. The tables are made outside the
    /// lock, and by one thread alone: a place is reserved for them.
    pub(crate) fn offer(&self, key: &Point, uses: u32, make: impl FnOnce(usize) -> Option<HotKey>) {
        if !self.reserve(key, uses) {
            return;
        }
        let made = make(self.rounds);
        let mut held = self.shard(key).write();
        if let Some(hot) = made {
            held.insert(*key, Held::Ready(Arc::new(hot)));
            self.builds.fetch_add(1, Relaxed);
        } else {
            held.remove(key);
        }
    }

    fn reserve(&self, key: &Point, uses: u32) -> bool {
        let shard = self.shard(key);
        // Most are refused, and need not keep others waiting.
        let place = self.place(&shard.read(), key, uses);
        if let Place::Nowhere = place {
            self.refuse(shard);
            return false;
        }
        let mut held = shard.write();
        match self.place(&held, key, uses) {
            Place::Taken | Place::Nowhere => return false,
            Place::Free => {}
            Place::Of(coldest) => {
                held.remove(&coldest);
                self.evictions.fetch_add(1, Relaxed);
            }
        }
        held.insert(*key, Held::Building);
        true
    }

    /// A free place, or that of the key that was used least, if that is less than this.
    fn place(&self, held: &BTreeMap<Point, Held>, key: &Point, uses: u32) -> Place {
        if held.contains_key(key) {
            return Place::Taken;
        }
        if held.len() < self.room {
            return Place::Free;
        }
        let ready = held.iter().filter_map(|(key, held)| match held {
            Held::Ready(hot) => Some((hot.uses.load(Relaxed), key)),
            Held::Building => None,
        });
        match ready.min() {
            Some((least, key)) if least < uses.min(MOST_USES) => Place::Of(*key),
            _ => Place::Nowhere,
        }
    }

    fn refuse(&self, shard: &Shard) {
        let refused = shard.refused.fetch_add(1, Relaxed);
        if usize::try_from(refused).is_ok_and(|refused| refused >= REFUSED_BEFORE_AGEING * self.room) {
            shard.refused.store(0, Relaxed);
            for held in shard.read().values() {
                if let Held::Ready(hot) = held {
                    hot.age();
                }
            }
        }
    }

    pub(crate) fn statistics(&self) -> PoolStatistics {
        let keys = self.shards.iter().map(|shard| shard.read().len()).sum();
        PoolStatistics {
            hits: self.shards.iter().map(|shard| shard.hits.load(Relaxed)).sum(),
            builds: self.builds.load(Relaxed),
            evictions: self.evictions.load(Relaxed),
            keys,
            bytes: keys * Self::cost(self.rounds),
        }
    }
}
