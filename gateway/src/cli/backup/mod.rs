//! `licet backup`: makes, lists, checks and restores backups of the store.

mod create;
mod list;
mod restore;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::time::Timestamp;
use lexopt::prelude::*;
use storage::backup::{self, BackupError, BackupId, BackupKey, Folder, Goal};

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
       licet backup restore --config FILE [ID] [--until TIME] --to DIR [--checkpoint FILE]... [--mirror DIR]

  create   makes a backup: in the running gateway, or of a store that nobody has open; what is not new since the last one is
           not written again
  list     the backups that there are, oldest first: when they were begun, until when the journal leads on from them, how
           large they are, what was new, and how many records the logs had in their newest trees
  verify   reads every byte of these backups, or of all, and of the journal behind them; with --deep the newest state of
           them is also restored into the empty folder DIR, its logs are checked as by licet log fsck, and DIR is emptied
  restore  restores the newest state into the empty folder DIR, from a backup and the journal behind it; checks its logs, and
           compares them with what is known to have been published since: the anchor, checkpoints, and what licet log
           monitor copied. With ID: that backup as it was made

  --config FILE      the configuration of the gateway
  --to DIR           where the store is restored; make it storage.path, or storage.path it
  --until TIME       the newest state in which nothing is from after then: a day, or a moment (RFC 3339)
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
        ("restore", [], Some(to), None) => restore::run(&backups, &backups.goal(None, until)?, to, &options),
        ("restore", [id], Some(to), None) => restore::run(&backups, &backups.goal(Some(id), until)?, to, &options),
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

    /// What is restored: a backup that is named as it was made, or led on until a moment; otherwise the newest state of all.
    fn goal(&self, id: Option<&BackupId>, until: Option<Timestamp>) -> Result<Goal, BackupError> {
        match (id, until) {
            (Some(id), None) => Ok(Goal::of(self.folder.manifest(id, &self.key)?)),
            (Some(id), until) => backup::goal(&self.folder, &self.key, std::slice::from_ref(id), until),
            (None, until) => backup::goal(&self.folder, &self.key, &self.folder.ids()?, until),
        }
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
