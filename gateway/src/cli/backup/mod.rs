//! `licet backup`: makes, lists, checks and restores backups of the store.

mod create;
mod list;
mod restore;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::time::Timestamp;
use lexopt::prelude::*;
use storage::backup::{BackupError, BackupId, BackupKey, Folder};

use super::Failure;
use crate::backing_up;
use crate::config::{Backup, Config, Moment};

/// For the help.
pub(super) const ARGUMENTS: &str = "create | list | verify | restore --config FILE";

const HELP: &str = "\
Makes, lists, checks and restores backups: sealed copies of the whole store in the folder of [backup].

Usage: licet backup create  --config FILE [--json]
       licet backup list    --config FILE [--json]
       licet backup verify  --config FILE [ID...] [--deep DIR] [--json]
       licet backup restore --config FILE [ID | --until TIME] --to DIR [--checkpoint FILE]... [--mirror DIR]

  create   makes a backup: in the running gateway, or of a store that nobody has open; what is not new since the last one is
           not written again
  list     the backups that there are, oldest first: when they were begun, how large they are, what was new, and how many
           records the logs had in their newest trees
  verify   reads every byte of these backups, or of all; with --deep the newest of them is also restored into the empty
           folder DIR, its logs are checked as by licet log fsck, and DIR is emptied
  restore  restores a backup, the newest if none is named, into the empty folder DIR; checks its logs, and compares them
           with what is known to have been published since: the anchor, checkpoints, and what licet log monitor copied

  --config FILE      the configuration of the gateway
  --to DIR           where the store is restored; make it storage.path, or storage.path it
  --until TIME       the newest backup that was begun by then: a day, or a moment (RFC 3339)
  --checkpoint FILE  a signed checkpoint of one of the logs that somebody kept; repeat for more
  --mirror DIR       what licet log monitor has copied
  --json             JSON: an object, or one for each line

Exit status: 0 good; 1 something is damaged, lost, or did not work; 2 wrong command line or configuration.";

#[derive(Default)]
struct Options {
    words: Vec<String>,
    config: Option<PathBuf>,
    to: Option<PathBuf>,
    deep: Option<PathBuf>,
    until: Option<Moment>,
    checkpoints: Vec<PathBuf>,
    mirror: Option<PathBuf>,
    is_json: bool,
}

/// Where backups are, and what opens them.
struct Backups {
    config: Config,
    settings: Backup,
    folder: Folder,
    key: BackupKey,
}

/// Runs one of the four.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => options.words.push(word.string()?),
            Long("config") => options.config = Some(parser.value()?.into()),
            Long("to") => options.to = Some(parser.value()?.into()),
            Long("until") => options.until = Some(parser.value()?.parse()?),
            Long("deep") => options.deep = Some(parser.value()?.into()),
            Long("checkpoint") => options.checkpoints.push(parser.value()?.into()),
            Long("mirror") => options.mirror = Some(parser.value()?.into()),
            Long("json") => options.is_json = true,
            Long("help") | Short('h') => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let usage = || Failure::Usage(format!("usage: licet backup {ARGUMENTS}; see licet backup --help"));
    let config = options.config.as_deref().ok_or_else(usage)?;
    let Some((command, ids)) = options.words.split_first() else { return Err(usage()) };
    let ids = ids.iter().map(|id| id.parse::<BackupId>().map_err(|error| Failure::Usage(format!("{id} {error}"))));
    let ids: Vec<BackupId> = ids.collect::<Result<_, _>>()?;
    let backups = Backups::of(config)?;
    let until = options.until.map(Moment::last);
    match (command.as_str(), ids.as_slice(), &options.to, &options.deep) {
        ("create", [], None, None) if until.is_none() => create::run(&backups, options.is_json),
        ("list", [], None, None) if until.is_none() => list::run(&backups, options.is_json),
        ("verify", ids, None, deep) if until.is_none() => verify::run(&backups, ids, deep.as_deref(), options.is_json),
        ("restore", [], Some(to), None) => restore::run(&backups, &backups.newest(until)?, to, &options),
        ("restore", [id], Some(to), None) if until.is_none() => restore::run(&backups, id, to, &options),
        _ => Err(usage()),
    }
}

impl Backups {
    fn of(file: &Path) -> Result<Self, Failure> {
        let config = Config::read(file)?;
        let settings = config.backup.clone();
        let settings = settings.ok_or_else(|| Failure::Usage(format!("{} has no [backup]", file.display())))?;
        let (folder, key) = (Folder::new(&settings.path), backing_up::key(&settings)?);
        Ok(Self { config, settings, folder, key })
    }

    /// The newest one that was begun by then; there must be one.
    fn newest(&self, until: Option<Timestamp>) -> Result<BackupId, Failure> {
        let none = || {
            let by_then = until.map(|until| format!(" that was begun by {until}")).unwrap_or_default();
            Failure::Work(format!("there is no backup in {}{by_then}", self.folder.path().display()))
        };
        let is_by_then = |id: &BackupId| until.is_none_or(|until| id.made_at() <= until);
        self.folder.ids()?.into_iter().rev().find(is_by_then).ok_or_else(none)
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Key(_) => Self::Usage(format!("backup.key: {error}")),
            _ => Self::Work(format!("{}: {error}", error.code())),
        }
    }
}
