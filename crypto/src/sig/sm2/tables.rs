//! Keys that are used again and again are verified several times faster, with tables of their multiples.
//!
//! Tables are a memo of a pure function: they hold nothing but what follows from a key's own octets. Whether a key has some,
//! and which, changes how long a verdict takes and never what it is. So there may be one memo for the whole process, and what
//! is verified stays a function of its input.
//!
//! Every key starts cold. Uses with a good signature are counted; a key that is used a third time gets small tables, and one
//! that stays in use gets large ones. Memory is bounded for each size: when it is full, a key gets in only over one that is
//! used less, so that however many keys strangers bring, they do not push out those that are in use. Keys off the curve and
//! keys without a good signature are not even counted.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::equation::Signature;
use super::point::Affine;
use super::pool::{HotKey, Pool, PoolStatistics};
use super::seen::Seen;
use super::{Point, z_of};
use crate::sig::BadSignature;

/// One table for all 32 columns: 8 KiB.
const SMALL: usize = 32;
/// One table for every four columns: 64 KiB.
const LARGE: usize = 4;

/// How much memory tables may take, and who gets some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes for all tables: half for small ones, half for large ones. Without room for one of a kind in an eighth of its half
    /// there are none of that kind; with zero, every key stays cold.
    pub bytes: usize,
    /// The use at which a key gets small tables. Making them costs as much as two uses without.
    pub small_at: u32,
    /// The use at which a key gets large tables.
    pub large_at: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 16 << 20, small_at: 3, large_at: 256 }
    }
}

/// What the memo did so far, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Verifications of a good signature without tables.
    pub cold: u64,
    /// Small tables.
    pub small: PoolStatistics,
    /// Large tables.
    pub large: PoolStatistics,
}

/// A memo of tables.
#[derive(Debug)]
pub struct Tables {
    limits: Limits,
    seen: Seen,
    small: Pool,
    large: Pool,
    cold: AtomicU64,
}

static SHARED: OnceLock<Tables> = OnceLock::new();

/// The memo of this process, which every verification uses.
pub fn shared() -> &'static Tables {
    SHARED.get_or_init(|| Tables::new(Limits::default()))
}

/// Sets the limits of the memo of this process. False when it is in use already, and keeps the limits that it has.
pub fn limit_shared(limits: Limits) -> bool {
    SHARED.set(Tables::new(limits)).is_ok()
}

impl Tables {
    /// An empty memo.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let half = limits.bytes / 2;
        Self { limits, seen: Seen::new(), small: Pool::new(SMALL, half), large: Pool::new(LARGE, half), cold: AtomicU64::new(0) }
    }

    /// Its limits.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// What it did so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let (small, large) = (self.small.statistics(), self.large.statistics());
        Statistics { cold: self.cold.load(Relaxed), small, large }
    }

    /// Checks a signature r ‖ s of a key x ‖ y over the digest that follows from the key's Z.
    ///
    /// # Errors
    /// [`BadSignature`], also for a key off the curve.
    pub fn verify(
        &self,
        key: &Point,
        signature: &[u8; 64],
        digest: impl FnOnce(&[u8; 32]) -> [u8; 32],
    ) -> Result<(), BadSignature> {
        let signature = Signature::new(signature)?;
        if let Some(hot) = self.large.get(key) {
            signature.fits_tables(&hot.tables, &digest(&hot.z))?;
            hot.count();
            return Ok(());
        }
        if let Some(hot) = self.small.get(key) {
            signature.fits_tables(&hot.tables, &digest(&hot.z))?;
            let uses = hot.count();
            if uses >= self.limits.large_at {
                self.large.offer(key, uses, |rounds| HotKey::make(hot.z, &point(key)?, rounds, uses));
            }
            return Ok(());
        }
        let (point, z) = (point(key).ok_or(BadSignature)?, z_of(key));
        signature.fits_point(&point, &digest(&z))?;
        self.cold.fetch_add(1, Relaxed);
        let uses = self.seen.count(key);
        if uses >= self.limits.small_at {
            self.small.offer(key, uses, |rounds| HotKey::make(z, &point, rounds, uses));
        }
        Ok(())
    }
}

fn point(key: &Point) -> Option<Affine> {
    let (halves, _) = key.as_chunks::<32>();
    let [x, y] = halves else { return None };
    Affine::from_coordinates(x, y)
}
