//! A disk that fails when it is told to, and that forgets what was not synced when the power goes.
//!
//! `loadtest/fault/shim.c` is laid under the gateway by `LD_PRELOAD`: it makes faults of single calls, and keeps a journal of what was
//! synced. After a kill [`Disk::lose_power`] takes from every file what came behind that: all of it, a part, blocks in the middle; or it leaves
//! anything in their place.

mod disk;
mod journal;
mod plan;
mod tail;

pub use disk::{Disk, Lost};
pub use plan::DiskFault;
