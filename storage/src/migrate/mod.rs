//! From one format to the next, by numbered steps. A step does its work so that it can be broken off and begun again; what makes the
//! new format, and the row that says so, come last and in one batch.

mod steps;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::engine::{Batch, Engine, FORMAT_KEY, Format, Space};
use crate::error::{StorageError, StoreError};
use crate::keys::REGISTRY;
use crate::secret::Keys;

use steps::STEPS;
pub(crate) use steps::check_given;

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The format from which the step goes.
    pub from: u32,
    /// The format to which it goes.
    pub to: u32,
    /// What it does.
    pub name: &'static str,
    /// How many rows are done.
    pub done: u64,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The format before.
    pub from: u32,
    /// The format now.
    pub to: u32,
}

/// Hears of progress.
pub(crate) type Told<'a> = &'a mut dyn FnMut(Progress);

/// Does what is left of a step's work, telling of each row that is done, and gives what makes the new format.
type Run = fn(&Arc<dyn Engine>, &Keys, &mut dyn FnMut(u64)) -> Result<Batch, StoreError>;

/// One step.
pub(crate) struct Step {
    from: u32,
    to: u32,
    name: &'static str,
    /// Whether a gateway takes it as it starts: it takes moments, however large the store is.
    is_online: bool,
    run: Run,
}

/// Who migrates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// A gateway that starts.
    Start,
    /// An operator who wants nothing else.
    Operator,
}

/// The format of a store, with the version of its row. One without a row is of the first: only engines in memory have none.
pub(crate) fn format(engine: &dyn Engine) -> Result<(Format, Option<u64>), StoreError> {
    match engine.get(REGISTRY, Space::Hot, FORMAT_KEY).map_err(StorageError::from)? {
        Some(row) => Ok((Format::read(&row.value)?, Some(row.version))),
        None => Ok((Format::read(Format::FIRST)?, None)),
    }
}

/// Brings a store to the newest format.
pub(crate) fn to_newest(engine: &Arc<dyn Engine>, keys: &Keys, by: By, told: Told<'_>) -> Result<Migrated, StoreError> {
    take(STEPS, engine, keys, by, told)
}

fn take(steps: &[Step], engine: &Arc<dyn Engine>, keys: &Keys, by: By, told: Told<'_>) -> Result<Migrated, StoreError> {
    let (mut now, mut version) = format(engine.as_ref())?;
    let from = now.format;
    while let Some(step) = steps.iter().find(|step| step.from == now.format) {
        if by == By::Start && !step.is_online {
            return Err(StoreError::NeedsMigration { format: now.format });
        }
        let Step { from, to, name, .. } = *step;
        let mut batch = (step.run)(engine, keys, &mut |done| told(Progress { from, to, name, done }))?;
        let (space, key, row) = (Space::Hot, FORMAT_KEY.to_vec(), Format::of(to).row());
        match version {
            Some(version) => batch.replace(space, key, version, row),
            None => batch.insert(space, key, row),
        }
        engine.commit(REGISTRY, batch).map_err(StorageError::from)?;
        (now, version) = format(engine.as_ref())?;
    }
    Ok(Migrated { from, to: now.format })
}
