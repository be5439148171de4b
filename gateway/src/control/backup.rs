//! `POST /backup`: makes a backup, and tells line by line how far it is. `POST /restore/confirm`: what a restoration lost has been
//! entered again.

use crypto::record::EventKind;
use hyper::Method;
use serde_json::{Value, json};
use storage::backup::{BackupError, Manifest, Step};
use tokio::sync::mpsc;

use super::{Asked, Command, Refused, Reply};
use crate::{backing_up, clock};

/// How many lines may wait for whoever reads them. A step that finds no room is left out.
const LINES_MAX: usize = 16;

/// The longest reason, in bytes.
const REASON_BYTES_MAX: usize = 1000;

pub(super) static COMMANDS: &[Command] = &[
    Command { method: Method::POST, path: "/backup", run: |asked| Box::pin(async move { make(&asked) }) },
    Command { method: Method::POST, path: "/restore/confirm", run: |asked| Box::pin(confirm(asked)) },
];

fn make(asked: &Asked) -> Result<Reply, Refused> {
    let app = asked.live.current();
    let settings =
        app.config.backup.clone().ok_or_else(|| Refused::conflict("no-backups", "[backup] is not in the configuration"))?;
    let (lines, reply) = mpsc::channel(LINES_MAX);
    let by = format!("uid {}", asked.by);
    // It runs to its end whether or not anybody reads on.
    drop(tokio::spawn(async move {
        let told = lines.clone();
        let mut hundredths = None;
        let made = backing_up::back_up(&app, &settings, &by, move |Step { done, all }| {
            let now = Some(done.saturating_mul(100) / all.max(1));
            if now != hundredths {
                hundredths = now;
                drop(told.try_send(json!({ "done": done, "all": all })));
            }
        });
        drop(lines.send(last(made.await)).await);
    }));
    Ok(Reply::Lines(reply))
}

fn last(made: Result<Manifest, BackupError>) -> Value {
    match made {
        Ok(manifest) => json!({
            "backup": manifest.id,
            "parent": manifest.parent,
            "pieces": manifest.pieces.len(),
            "bytes": manifest.bytes(),
            "new_bytes": manifest.new_bytes,
        }),
        Err(error) => json!({ "code": error.code(), "error": error.to_string() }),
    }
}

async fn confirm(asked: Asked) -> Result<Reply, Refused> {
    let reason = asked.body.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
        return Err(Refused::malformed(format!("a reason of 1 to {REASON_BYTES_MAX} bytes is needed")));
    }
    let app = asked.live.current();
    if !app.doubt.is_there() {
        return Err(Refused::conflict("nothing-in-doubt", "there is no restoration to be confirmed"));
    }
    let details = [("state", json!("confirmed")), ("reason", json!(reason)), ("by", json!(format!("uid {}", asked.by)))];
    let details = details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let trust = app.trust.current().generation();
    let noted = app.recorder.note_own(EventKind::StoreRestore, details, trust, clock::now()).await;
    noted.map_err(|error| Refused::failed(format!("it cannot be put on record: {error}")))?;
    let store = app.store().clone();
    let settled = tokio::task::spawn_blocking(move || store.settle_restoration()).await;
    let settled = settled.map_err(|error| Refused::failed(error.to_string()))?;
    settled.map_err(|error| Refused::failed(error.to_string()))?;
    app.doubt.is_over();
    Ok(Reply::Whole(json!({ "confirmed": true })))
}
