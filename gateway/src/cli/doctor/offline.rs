//! What can be seen without a gateway: files, their modes, certificates, the disk, and a store that nobody has open.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crypto::time::Timestamp;
use rustix::fs::Access;
use storage::engine::rocks::{DATABASE, RESTORING};
use storage::engine::{OpenError, ReadError};
use storage::{Options, StorageError, Store, StoreError, SurveyEnd};

use super::finding::Finding;
use crate::anchor::{Anchor, Refused};
use crate::cli::config as config_command;
use crate::config::{Config, Fault, Faults};
use crate::expiry::Expiry;
use crate::{app, disk_watch};

/// From when on a certificate that ends is told, in seconds: time to ask for another.
const EXPIRES_S: i64 = 30 * 86_400;

/// How many rows of each space are read at most. The rest is for `licet log fsck` and for backups to find out.
const ROWS_MAX: u64 = 200_000;

/// How many records may be checked on the way.
const RECORDS_MAX: u64 = 200_000;

/// That the store belongs to another user than the one who asks. Even root keeps its hands off it then: what root makes in the
/// folder of a store, the gateway cannot open afterwards.
pub(super) fn user(config: &Config) -> Option<Finding> {
    let path = &config.storage.path;
    let owner = fs::metadata(path).ok()?.uid();
    // The folder of a process belongs to the user that it acts as.
    let us = fs::metadata("/proc/self").ok()?.uid();
    (owner != us).then(|| {
        let what = format!("storage.path: {} belongs to user {owner}, and this is run by user {us}", path.display());
        Finding::warning("user", what).then(format!("sudo -u '#{owner}' licet doctor --config CONFIG"))
    })
}

/// What is wrong with the configuration and the files that it names: all of it is for `licet config check` to say.
pub(super) fn configuration(file: &Path) -> Option<Finding> {
    told("configuration", &config_command::check(file, |_| Ok(())).err()?)
}

/// Faults, by the first of them.
fn told(check: &str, faults: &Faults) -> Option<Finding> {
    let first = faults.iter().next()?;
    let first = format!("{}: {}", first.key, first.message);
    Some(Finding::fault(
        check,
        match faults.iter().count() {
            1 => first,
            n => format!("{n} things are wrong, first: {first}"),
        },
    ))
}

/// A key that does not open the store of the gateway that runs: it would not start again.
pub(super) fn keys(config: &Config) -> Option<Finding> {
    told("configuration", &app::would_open(&config.storage).err()?)
}

/// Addresses that somebody else has.
pub(super) fn ports(config: &Config) -> Option<Finding> {
    told("ports", &config_command::ports(config).err()?)
}

/// A configuration that everybody can change.
pub(super) fn exposed(file: &Path) -> Vec<Finding> {
    let faults = config_command::exposed(file).err().unwrap_or_default();
    let finding = |fault: &Fault| Finding::warning("exposed", &fault.message).then(fault.hint.clone().unwrap_or_default());
    faults.iter().map(finding).collect()
}

/// A folder of the database that others can open. Keys that others can read are faults of the configuration.
pub(super) fn modes(config: &Config) -> Option<Finding> {
    let path = &config.storage.path;
    let is_open = fs::metadata(path).is_ok_and(|known| known.permissions().mode() & 0o077 != 0);
    is_open.then(|| Finding::warning("modes", format!("storage.path: {} can be opened by others", path.display())))
}

/// Certificates that have ended, or soon will.
pub(super) fn certificates(config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    for expiry in Expiry::all(config) {
        let left_s = expiry.left_s(now);
        if left_s <= 0 {
            let what = format!("{} ended on {}", expiry.name, expiry.not_after);
            found.push(if expiry.is_shown {
                Finding::fault("certificates", what)
            } else {
                Finding::warning("certificates", what)
            });
        } else if left_s < EXPIRES_S {
            let what = format!("{} ends in {} days, on {}", expiry.name, left_s / 86_400, expiry.not_after);
            found.push(Finding::warning("certificates", what));
        }
    }
    found
}

/// A disk that is full, or soon will be.
pub(super) fn disk(config: &Config) -> Option<Finding> {
    let (folder, min_mib) = (existing(&config.storage.path), config.storage.free_mib_min);
    match disk_watch::free_mib(&folder) {
        Err(error) => Some(Finding::warning(
            "disk",
            format!("{}: the system does not tell how much room there is: {error}", folder.display()),
        )),
        Ok(free) if free < min_mib => {
            Some(Finding::fault("disk", format!("{free} MiB are free, and storage.free_mib_min is {min_mib}")))
        }
        Ok(free) if free < min_mib.saturating_mul(2) => {
            Some(Finding::warning("disk", format!("{free} MiB are free; changes stop below {min_mib}")))
        }
        Ok(_) => None,
    }
}

/// An anchor that cannot be read, which keeps a gateway from starting, or that it could not replace.
pub(super) fn anchor(config: &Config) -> Option<Finding> {
    let anchor = Anchor::of(config);
    if let Err(error) = anchor.read() {
        let what = format!("{} cannot be read, and no gateway starts: {error}", anchor.path().display());
        return Some(
            Finding::fault("anchor", what).then("keep a copy of it, ls -l on it, then: licet backup list --config CONFIG"),
        );
    }
    // It is replaced by a new file of its name.
    let folder = existing(anchor.path().parent()?);
    let error = rustix::fs::access(&folder, Access::WRITE_OK | Access::EXEC_OK).err()?;
    Some(Finding::warning("anchor", format!("{} cannot be written into: {error}", folder.display())))
}

/// The folder, or the nearest above it that there is.
fn existing(path: &Path) -> PathBuf {
    path.ancestors().find(|folder| folder.exists()).unwrap_or_else(|| Path::new("/")).to_owned()
}

/// What is wrong with a store that no gateway has open. It is only looked at.
pub(super) fn store(config: &Config, now: Timestamp) -> Vec<Finding> {
    // Opening makes a store where there is none.
    let folder = config.storage.path.join(DATABASE);
    let current = folder.join("CURRENT");
    match current.try_exists() {
        Ok(true) => {}
        Ok(false) => return missing(config, &folder).into_iter().collect(),
        Err(error) => return vec![Finding::fault("store", format!("{}: {error}", current.display()))],
    }
    let Ok(keys) = app::store_keys(&config.storage) else {
        // Said of the configuration.
        return Vec::new();
    };
    match Store::inspect(&config.storage.path, &keys, &Options::default()) {
        Ok(store) => inspected(&store, config, now),
        Err(StoreError::Engine(OpenError::Locked)) => {
            vec![Finding::fault("lock", format!("{} is in use, and no gateway answers", config.storage.path.display()))]
        }
        Err(error) if is_damage(&error) => {
            let damage = Finding::fault("damage", format!("the store does not open, and no gateway starts on it: {error}"));
            vec![damage.then("keep a copy of storage.path, dmesg | tail -50, then: licet backup list --config CONFIG")]
        }
        Err(error) => vec![Finding::fault("store", format!("it does not open: {error}"))],
    }
}

/// Why a gateway would not make the store that is missing.
fn missing(config: &Config, folder: &Path) -> Option<Finding> {
    if config.storage.path.join(RESTORING).exists() && !folder.exists() {
        return Some(no_start(OpenError::HalfRestored.to_string()).then("remove it, then: licet backup list --config CONFIG"));
    }
    // One that cannot be read is said of the anchor.
    let anchor = Anchor::of(config);
    let is_published = anchor.read().is_ok_and(|heads| !heads.is_empty());
    is_published.then(|| {
        let what =
            format!("store-rolled-back: there is no store, and records of one were published, says {}", anchor.path().display());
        no_start(what).then("licet backup list --config CONFIG, and restore the newest")
    })
}

/// A store that is not the one that is expected.
fn no_start(what: String) -> Finding {
    Finding { means: "No gateway starts on it.".to_owned(), ..Finding::fault("restoration", what) }
}

/// Whether bytes are not what was written. The engine says so in its own words.
fn is_damage(error: &StoreError) -> bool {
    match error {
        StoreError::Engine(OpenError::Refused(why)) => why.contains("Corruption") || *why == ReadError::Corrupt.to_string(),
        StoreError::Storage(StorageError::Corrupt { .. }) => true,
        _ => false,
    }
}

/// What a start finds when it compares the store with what was published of it.
fn compared(store: &Store, config: &Config) -> Option<Finding> {
    let anchor = Anchor::of(config);
    match anchor.look(store, &config.storage.path).err()? {
        // That is said of the anchor.
        Refused::Unreadable { .. } => None,
        Refused::Store(error) => Some(Finding::fault("store", format!("it cannot be compared with its anchor: {error}"))),
        refused => Some(
            no_start(refused.to_string()).then("licet backup list --config CONFIG, and restore a newer state, if there is one"),
        ),
    }
}

fn inspected(store: &Store, config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    match store.survey(ROWS_MAX) {
        Ok(surveyed) => {
            let damaged = surveyed.iter().filter(|surveyed| surveyed.end == SurveyEnd::Damaged);
            let told = |space, rows| format!("a block of {space:?} is damaged, behind {rows} rows that are whole");
            found.extend(damaged.map(|it| Finding::fault("damage", told(it.space, it.rows))));
        }
        Err(error) => found.push(Finding::fault("store", format!("it cannot be read: {error}"))),
    }
    let logs = store.logs();
    let records: u64 = crypto::record::LogName::ALL.into_iter().filter_map(|log| logs.size(log).ok()).sum();
    if records <= RECORDS_MAX {
        let mut wrong = Vec::new();
        match logs.fsck(&mut |finding| wrong.push(finding.to_string())) {
            Ok(()) => {}
            Err(error) => found.push(Finding::fault("logs", format!("they cannot be checked: {error}"))),
        }
        if let Some(first) = wrong.first() {
            found.push(Finding::fault("logs", format!("{} things are wrong, first: {first}", wrong.len())));
        }
    }
    // Logs that are not whole count as empty here, and would be said twice.
    if found.is_empty() {
        found.extend(compared(store, config));
    }
    let behind_s = logs.newest_at().map_or(0, |newest| newest.unix().saturating_sub(now.unix()));
    if behind_s > i64::from(config.record.clock_jump_s_max) {
        found.push(Finding::fault("clock", format!("it is {behind_s} s before the last time on record")));
    }
    found
}
