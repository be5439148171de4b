//! `licet backup create`

use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use hyper::Method;
use serde_json::{Value, json};
use storage::{Options, Store};

use super::Backups;
use crate::cli::Failure;
use crate::cli::control::Socket;
use crate::cli::progress::{Progress, size};
use crate::{anchor, app, backing_up};

/// Makes a backup, and says what is in it.
pub(super) fn run(backups: &Backups, is_json: bool) -> Result<ExitCode, Failure> {
    let made = if UnixStream::connect(backups.config.socket()).is_ok() { online(backups)? } else { offline(backups)? };
    if is_json {
        println!("{made}");
    } else {
        let [bytes, new] = ["bytes", "new_bytes"].map(|name| size(made.get(name).and_then(Value::as_u64).unwrap_or(0)));
        println!("{}: {bytes}, {new} of it new", made.get("backup").and_then(Value::as_str).unwrap_or_default());
        if made.get("record").is_some() {
            println!("not on record: no gateway runs, and nothing is written into a store that is only looked at");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the running gateway make it.
fn online(backups: &Backups) -> Result<Value, Failure> {
    let mut progress = Progress::new("backup");
    let mut told = |step: Value| {
        if let (Some(done), Some(all)) = (step.get("done").and_then(Value::as_u64), step.get("all").and_then(Value::as_u64)) {
            progress.tell(done, all);
        }
    };
    let made = Socket::of(&backups.config).ask(Method::POST, "/backup", &Value::Null, &mut told);
    progress.end();
    made
}

/// Makes it of a store that nobody has open, in which nothing is written.
fn offline(backups: &Backups) -> Result<Value, Failure> {
    let storage = &backups.config.storage;
    if !storage.path.is_dir() {
        // Opening would make one.
        return Err(Failure::Work(format!("{}: there is no store", storage.path.display())));
    }
    if anchor::is_marked(&storage.path) {
        // It would pass for the newest state, and nobody knows yet what is missing.
        let why =
            "the store was restored, and is not in use yet: start the gateway, or licet restore accept, before it is backed up";
        return Err(Failure::Work(why.to_owned()));
    }
    let store = Store::inspect(&storage.path, &app::store_keys(storage)?, &Options::default());
    let store = store.map_err(|error| Failure::Work(format!("{}: {error}", storage.path.display())))?;
    let mut progress = Progress::new("backup");
    let made = backing_up::make(&store, &backups.settings, &backups.config.record.origin, &mut |step| {
        progress.tell(step.done, step.all);
    });
    progress.end();
    let made = made?;
    let (bytes, pieces) = (made.bytes(), made.pieces.len());
    Ok(
        json!({ "backup": made.id, "parent": made.parent, "pieces": pieces, "bytes": bytes, "new_bytes": made.new_bytes, "record": "none" }),
    )
}
