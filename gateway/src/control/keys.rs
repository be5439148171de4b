//! `/keys`: the keys of the store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crypto::record::EventKind;
use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use storage::keyring::{Keyring, KeyringError};
use storage::{Cipher, KeyId, Keys};

use super::{Asked, Command, Refused, Reply};
use crate::app::{App, store_key};
use crate::clock;
use crate::config::{Config, KeySource};

pub(super) static COMMANDS: &[Command] = &[
    Command { method: Method::GET, path: "/keys", run: |asked| Box::pin(list(asked)) },
    Command { method: Method::POST, path: "/keys/rotate", run: |asked| Box::pin(rotate(asked)) },
    Command { method: Method::POST, path: "/keys/retire", run: |asked| Box::pin(retire(asked)) },
    Command { method: Method::POST, path: "/keys/rewrap", run: |asked| Box::pin(rewrap(asked)) },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotate {
    cipher: Cipher,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retire {
    id: KeyId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rewrap {
    to: PathBuf,
}

impl From<KeyringError> for Refused {
    fn from(error: KeyringError) -> Self {
        match &error {
            KeyringError::Storage(error) => Self::failed(error.to_string()),
            refused => Self::conflict(refused.code(), refused.to_string()),
        }
    }
}

/// Every key, and how far re-encryption is; with `count`, how many rows are under each key.
async fn list(asked: Asked) -> Result<Reply, Refused> {
    let counts = asked.query.contains_key("count");
    blocking(asked.live.current(), move |keyring| {
        let mut keys = json!(keyring.list()?);
        if counts {
            let rows = keyring.count()?;
            for key in keys.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
                let id = key.get("id").and_then(Value::as_str).and_then(|id| id.parse::<KeyId>().ok());
                key.insert("rows".to_owned(), json!(id.and_then(|id| rows.get(&id)).unwrap_or(&0)));
            }
        }
        Ok(json!({ "outer": keyring.outer().to_string(), "keys": keys, "resealing": resealing(keyring)? }))
    })
    .await
}

/// How far re-encryption under the current key has come; nothing where all was always under that one.
fn resealing(keyring: &Keyring) -> Result<Option<Value>, KeyringError> {
    let listed = keyring.list()?;
    let Some(current) = listed.first().map(|key| key.id) else { return Ok(None) };
    let rows = keyring.rows().unwrap_or_default();
    Ok(match keyring.resealing()?.filter(|at| at.to == current) {
        Some(at) => Some(json!({
            "to": at.to, "began_at": at.began_at, "ended_at": at.ended_at, "is_done": at.is_done, "permille": at.permille(rows),
            "rows": rows, "seen": at.seen, "resealed": at.resealed, "damaged": at.damaged,
        })),
        // The work in the background takes it up within seconds.
        None if listed.len() > 1 => Some(json!({
            "to": current, "is_done": false, "permille": 0, "rows": rows, "seen": 0, "resealed": 0, "damaged": 0,
        })),
        None => None,
    })
}

async fn rotate(asked: Asked) -> Result<Reply, Refused> {
    let Rotate { cipher } = read(&asked)?;
    let app = noted(&asked, "rotate", json!(cipher)).await?;
    blocking(app, move |keyring| Ok(json!({ "id": keyring.rotate(cipher, clock::now())? }))).await
}

async fn retire(asked: Asked) -> Result<Reply, Refused> {
    let Retire { id } = read(&asked)?;
    let app = noted(&asked, "retire", json!(id)).await?;
    blocking(app, move |keyring| Ok(json!({ "id": keyring.retire(id).map(|()| id)? }))).await
}

async fn rewrap(asked: Asked) -> Result<Reply, Refused> {
    let Rewrap { to } = read(&asked)?;
    let app = asked.live.current();
    let outer = tokio::task::spawn_blocking(move || outer(&to, &app.config)).await;
    let outer = outer.map_err(|error| Refused::failed(format!("it broke off: {error}")))??;
    let app = noted(&asked, "rewrap", json!(outer.outer_id())).await?;
    blocking(app, move |keyring| {
        keyring.rewrap(&outer)?;
        Ok(json!({ "outer": keyring.outer().to_string() }))
    })
    .await
}

/// The key in a file, which opens nothing else: whoever has what opens the backups, or what subjects are indexed under, has not the
/// store by that.
fn outer(path: &Path, config: &Config) -> Result<Keys, Refused> {
    let key = |name: &str, source: &KeySource| store_key(name, source).map_err(|faults| Refused::malformed(faults.to_string()));
    let text = key("to", &KeySource::File(path.to_owned()))?;
    let index = config.storage.index_key.as_ref().map(|source| ("storage.index_key", source));
    for (name, source) in index.into_iter().chain(config.backup.as_ref().map(|backup| ("backup.key", &backup.key))) {
        if Keys::parse(&text, Some(&key(name, source)?)).is_some_and(|keys| keys.are_same()) {
            let detail = format!("{} holds the key of {name}; make one of its own: licet keys new FILE", path.display());
            return Err(Refused::conflict("key-of-another", detail));
        }
    }
    Keys::parse(&text, None).ok_or_else(|| Refused::malformed("the file holds no key"))
}

fn read<T: DeserializeOwned>(asked: &Asked) -> Result<T, Refused> {
    T::deserialize(&asked.body).map_err(|error| Refused::malformed(error.to_string()))
}

/// Puts on record what is about to be done, and by whom.
async fn noted(asked: &Asked, action: &str, what: Value) -> Result<Arc<App>, Refused> {
    let app = asked.live.current();
    let details = [("action", json!(action)), ("what", what), ("user", json!(asked.by))];
    let details: BTreeMap<String, Value> = details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let noted = app.recorder.note_own(EventKind::KeyChange, details, app.trust.current().generation(), clock::now()).await;
    noted.map_err(|error| Refused::failed(format!("it cannot be put on record: {error}")))?;
    Ok(app)
}

/// On a thread that may wait.
async fn blocking(
    app: Arc<App>,
    work: impl FnOnce(&Keyring) -> Result<Value, KeyringError> + Send + 'static,
) -> Result<Reply, Refused> {
    let done = tokio::task::spawn_blocking(move || work(app.store().keyring())).await;
    let done = done.map_err(|error| Refused::failed(format!("it broke off: {error}")))?;
    Ok(Reply::Whole(done?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn re_encryption_is_told_of_the_current_key_from_the_rotation_on() {
        let store = storage::Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let keyring = store.keyring();
        let stage = || {
            let at = resealing(keyring).unwrap()?;
            Some((at["to"].clone(), at["is_done"] == true, at.get("began_at").is_some()))
        };
        assert_eq!(stage(), None, "there was one key at all times");
        for _ in 0..2 {
            let now = clock::now();
            let id = json!(keyring.rotate(Cipher::Aes256Gcm, now).unwrap());
            assert_eq!(stage(), Some((id.clone(), false, false)), "what was done for the key before says nothing");
            while keyring.reseal(now).unwrap().is_some_and(|at| !at.is_done) {
                assert!(stage().unwrap().2);
            }
            assert_eq!(stage(), Some((id, true, true)));
        }
    }
}
