//! `licet backup verify`

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use storage::backup::{self, BackupError, BackupId, Damage, Goal, Harm};

use super::Backups;
use super::restore::restored;
use crate::cli::Failure;
use crate::cli::progress::Progress;

/// What is restored to be checked lies in a folder of this name, and nothing else is removed afterwards.
const OWN: &str = "licet-verify";

/// Reads every byte of these backups, or of all, and says what is damaged.
pub(super) fn run(backups: &Backups, ids: &[BackupId], deep: Option<&Path>, is_json: bool) -> Result<ExitCode, Failure> {
    // Before the long work.
    deep.map_or(Ok(()), make_empty)?;
    let ids = if ids.is_empty() { backups.folder.ids()? } else { ids.to_vec() };
    let mut progress = Progress::new("verify");
    let damages = backup::verify(&backups.folder, &ids, &backups.key, &mut |step| progress.tell(step.done, step.all));
    progress.end();
    let damages = damages?;
    for damage in &damages {
        if is_json {
            println!("{}", json!({ "code": damage.harm.code(), "name": damage.name, "backups": damage.backups }));
        } else {
            let backups: Vec<_> = damage.backups.iter().map(BackupId::as_str).collect();
            let backups = backups.join(", ");
            let so = match damage.harm {
                Harm::OtherKey => String::new(),
                harm if harm.is_of_journal() => format!("; the journal leads no further from {backups}"),
                _ => format!("; lost with it: {backups}"),
            };
            println!("{} {}: {}{so}", damage.harm.code(), damage.name, damage.harm);
        }
    }
    let mut is_good = damages.is_empty();
    // What is under another key is no damage to the others, and what is wrong with the journal none to the state before it.
    let is_harmless = |damage: &Damage| damage.harm == Harm::OtherKey || damage.harm.is_of_journal();
    if let Some(to) = deep.filter(|_| damages.iter().all(is_harmless)) {
        let is_other = |id: &BackupId| damages.iter().any(|one| one.harm == Harm::OtherKey && one.name == id.as_str());
        let ids: Vec<BackupId> = ids.iter().filter(|id| !is_other(id)).cloned().collect();
        let goal = backup::goal(&backups.folder, &backups.key, &ids, None)?;
        is_good &= is_restored_well(backups, &goal, to)?;
        let (id, until) = (&goal.manifest.id, goal.until());
        if is_json {
            println!("{}", json!({ "restored": id, "until": until, "segments": goal.segments.len() }));
        } else {
            println!("restored {id}, as of {until}");
        }
    }
    if is_good && !is_json {
        println!(
            "good: {}",
            match ids.len() {
                1 => "1 backup".to_owned(),
                n => format!("{n} backups"),
            }
        );
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes sure of a folder with nothing in it.
fn make_empty(to: &Path) -> Result<(), Failure> {
    let refused = |error: io::Error| Failure::Work(format!("{}: {error}", to.display()));
    DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(refused)?;
    let is_empty = fs::read_dir(to).map_err(refused)?.next().is_none();
    if is_empty { Ok(()) } else { Err(BackupError::NotEmpty { path: to.to_owned() }.into()) }
}

/// Restores a state into a folder of its own in this one, checks it, and removes that folder.
fn is_restored_well(backups: &Backups, goal: &Goal, to: &Path) -> Result<bool, Failure> {
    let own = to.join(OWN);
    let refused = |error: io::Error| Failure::Work(format!("{}: {error}", own.display()));
    // Refused where there is one: then it is not ours to be removed.
    DirBuilder::new().mode(0o700).create(&own).map_err(refused)?;
    let found = restored(backups, goal, &own).map(|(_, is_good)| is_good);
    let removed = fs::remove_dir_all(&own).map_err(refused);
    let is_good = found?;
    removed?;
    Ok(is_good)
}
