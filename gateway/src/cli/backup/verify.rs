//! `licet backup verify`

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use storage::backup::{self, BackupId};

use super::Backups;
use super::restore::restored;
use crate::cli::Failure;
use crate::cli::progress::Progress;

/// Reads every byte of these backups, or of all, and says what is damaged.
pub(super) fn run(backups: &Backups, ids: &[BackupId], deep: Option<&Path>, is_json: bool) -> Result<ExitCode, Failure> {
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
            println!("{} {}: {}; lost with it: {}", damage.harm.code(), damage.name, damage.harm, backups.join(", "));
        }
    }
    if !damages.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    let mut is_good = true;
    if let Some(to) = deep {
        let newest = ids.last().cloned().map_or_else(|| backups.newest(None), Ok)?;
        let found = restored(backups, &newest, to).map(|(_, is_good)| is_good);
        // It was made for this alone. What cannot be removed is of a store that was restored, and good to be used.
        for entry in fs::read_dir(to).into_iter().flatten().flatten() {
            let path = entry.path();
            drop(if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) });
        }
        is_good = found?;
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
