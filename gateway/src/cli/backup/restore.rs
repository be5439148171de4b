//! `licet backup restore`

use std::path::Path;
use std::process::ExitCode;

use storage::Store;
use storage::backup::{self, Goal};

use super::{Backups, Options};
use crate::anchor::{self, Anchor, Compared};
use crate::app;
use crate::cli::Failure;
use crate::cli::progress::Progress;
use crate::cli::restore::known;

/// Findings beyond these are only counted.
const SHOWN_MAX: usize = 100;

/// Restores a state, and says what is known to be lost.
pub(super) fn run(backups: &Backups, goal: &Goal, to: &Path, options: &Options) -> Result<ExitCode, Failure> {
    // What is wrong with it is found before the long work.
    let heads = known::heads(&backups.config, &options.checkpoints, options.mirror.as_deref())?;
    let (store, is_good) = restored(backups, goal, to)?;
    if !is_good {
        return Ok(ExitCode::FAILURE);
    }
    let (id, until) = (&goal.manifest.id, goal.until());
    println!("{id} is restored in {}, as of {until}", to.display());
    if let Some((segment, harm)) = goal.broken {
        println!("the journal leads no further: {harm} ({segment})");
    }
    let broken = |error| Failure::Work(format!("{}: {error}", to.display()));
    let newest = Anchor::of(&backups.config);
    let compared = anchor::compare(store.logs(), &heads).map_err(broken)?;
    if compared != Compared::default() {
        println!("it is behind what was published:{compared}");
        if compared.differing.is_empty() {
            println!("licet serve refuses it until licet restore accept has put that on record");
        } else {
            println!("licet serve refuses it; {}", anchor::of_another_store(newest.path()));
        }
        return Ok(ExitCode::FAILURE);
    }
    // As licet serve looks at it: one that is older than the backup says nothing of what came after.
    let told = newest.read().map_err(|error| Failure::Work(format!("{}: {error}", newest.path().display())))?;
    if told.is_empty() || anchor::is_behind(store.logs(), &told).map_err(broken)? {
        println!("nothing is known of what was published since: {} is missing, or older", newest.path().display());
        println!("licet serve refuses it until licet restore accept");
        return Ok(ExitCode::FAILURE);
    }
    println!("nothing that is known to have been published is lost");
    Ok(ExitCode::SUCCESS)
}

/// Restores a state, and checks its logs: against what the backup says of them, and byte by byte. What is found is said.
pub(super) fn restored(backups: &Backups, goal: &Goal, to: &Path) -> Result<(Store, bool), Failure> {
    let manifest = &goal.manifest;
    let keys = app::store_keys(&backups.config.storage)?;
    let (sealed, given) = (&manifest.value_key, keys.outer_id().to_string());
    if *sealed != given {
        let why = format!("storage.value_key: the store in {} is under the key {sealed}, and this is {given}", manifest.id);
        return Err(Failure::Usage(why));
    }
    let mut progress = Progress::new("restore");
    let restored = backup::restore_to(&backups.folder, goal, &backups.key, to, &mut |step| progress.tell(step.done, step.all));
    progress.end();
    restored?;
    let broken = |error: &dyn std::fmt::Display| Failure::Work(format!("{}: {error}", to.display()));
    let store = Store::inspect(to, &keys, &storage::Options::default());
    let store = store.map_err(|error| broken(&error))?;
    let compared = anchor::compare(store.logs(), &manifest.logs).map_err(|error| broken(&error))?;
    if compared != Compared::default() {
        println!("it is not what was backed up:{compared}");
        return Ok((store, false));
    }
    let mut count = 0_usize;
    let mut say = |finding: storage::log::Finding| {
        count += 1;
        if count <= SHOWN_MAX {
            println!("{finding}");
        }
    };
    store.logs().fsck(&mut say).map_err(|error| broken(&error))?;
    if count > SHOWN_MAX {
        println!("{} more", count - SHOWN_MAX);
    }
    Ok((store, count == 0))
}
