//! A disk that fails when it is told to, and that forgets what was not synced when the power goes.
//!
//! `loadtest/fault/shim.c` is laid under the gateway by `LD_PRELOAD`: it makes faults of single calls, and keeps a journal of what was
//! synced. After a kill [`Disk::lose_power`] cuts every file back to that, plus a part of what came behind it.

mod disk;
mod journal;
mod plan;

pub use disk::{Disk, Lost};
pub use plan::DiskFault;
