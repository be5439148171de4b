//! Where a log is read: at a gateway, in a copy of a store, or in a mirror.

use std::path::PathBuf;

use crypto::record::LogName;
use crypto::tlog::tile::decode_hashes;
use crypto::tlog::{Checkpoint, Hash, HashTiles, Note, ProveError, TileKind, TilePath, VerifierKey};
use lexopt::prelude::*;
use serde_json::Value as Json;
use storage::log::Logs;
use storage::{Options, Store};

use super::mirror::Mirror;
use super::online::{LogAnswer, LogsAnswer, Online, OnlineOptions, ShardAnswer};
use crate::app;
use crate::cli::input::InputError;
use crate::config::{Config, ShardPeriod};
use crate::record_key::LogKeys;

/// What a help says of a gateway.
pub(in crate::cli) const ONLINE: &str = "  --url URL            a gateway, https://HOST:PORT, asked with the next three
  --ca FILE            authorities of its certificate, PEM; repeat for more
  --cert FILE          certificate to show it, PEM
  --key FILE           the certificate's private key, PEM";

/// What a help says of a store.
pub(super) const STORE: &str = "  --config FILE        the configuration of a gateway, whose store nobody has open
  --data DIR           with --config: a copy of its store, instead of the store itself";

/// What a help says of a mirror.
pub(super) const MIRROR: &str = "  --mirror DIR         what licet log monitor has copied";

/// The options that say where.
#[derive(Debug, Default)]
pub(super) struct PlaceOptions {
    online: OnlineOptions,
    config: Option<PathBuf>,
    data: Option<PathBuf>,
    mirror: Option<PathBuf>,
}

/// Where a log is read.
#[derive(Debug)]
pub(super) enum Place {
    Online(Box<Online>),
    Store(Box<Copy>),
    Mirror(Mirror),
}

/// A store that nobody has open.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) store: Store,
    config: Config,
}

/// A shard, as far as the place knows it.
#[derive(Clone, Debug)]
pub(super) struct ShardRow {
    pub(super) log: LogName,
    pub(super) period: String,
    /// What its checkpoints begin with, where the place says so.
    pub(super) origin: Option<String>,
    /// The keys that the place names. Whoever wants to be sure has others.
    pub(super) keys: Vec<VerifierKey>,
    /// The number of its first record; a mirror does not know.
    pub(super) first: Option<u64>,
    pub(super) size: u64,
    pub(super) is_closed: Option<bool>,
    /// How its witnesses do, where the place says so.
    pub(super) witnesses: Option<Json>,
}

/// The hash tiles of a shard at a place.
pub(super) struct Tiles<'a> {
    pub(super) place: &'a Place,
    pub(super) shard: &'a ShardRow,
}

impl PlaceOptions {
    /// Takes an option of these; any other is not expected.
    pub(super) fn take(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<(), lexopt::Error> {
        let path = |parser: &mut lexopt::Parser| parser.value().map(PathBuf::from);
        match name {
            "url" => self.online.url = Some(parser.value()?.string()?),
            "ca" => self.online.anchors.push(path(parser)?),
            "cert" => self.online.certificate = Some(path(parser)?),
            "key" => self.online.key = Some(path(parser)?),
            "config" => self.config = Some(path(parser)?),
            "data" => self.data = Some(path(parser)?),
            "mirror" => self.mirror = Some(path(parser)?),
            _ => return Err(Long(name).unexpected()),
        }
        Ok(())
    }

    /// Opens the one place that they name.
    pub(super) fn open(&self) -> Result<Place, InputError> {
        match (&self.online.url, &self.config, &self.mirror) {
            (Some(url), None, None) => Ok(Place::Online(Box::new(Online::new(&self.online, url)?))),
            (None, Some(_), None) => Ok(Place::Store(Box::new(self.copy()?))),
            (None, None, Some(mirror)) => Ok(Place::Mirror(Mirror(mirror.clone()))),
            _ => Err(InputError::Wrong("one of --url, --config and --mirror is needed, and no more".to_owned())),
        }
    }

    fn copy(&self) -> Result<Copy, InputError> {
        let wrong = |text: String| InputError::Wrong(text.trim_end().to_owned());
        let file = self.config.as_ref().ok_or_else(|| InputError::Wrong("--config is needed".to_owned()))?;
        let config = Config::read(file).map_err(|faults| wrong(faults.to_string()))?;
        let keys = app::store_keys(&config.storage).map_err(|faults| wrong(faults.to_string()))?;
        let path = self.data.as_ref().unwrap_or(&config.storage.path);
        if !path.is_dir() {
            // Opening would make one.
            let error = std::io::ErrorKind::NotFound.into();
            return Err(InputError::Unreadable { path: path.clone(), error });
        }
        let store = Store::inspect(path, &keys, &Options::default());
        Ok(Copy { store: store.map_err(|error| wrong(format!("{}: {error}", path.display())))?, config })
    }
}

impl Copy {
    pub(super) const fn logs(&self) -> &Logs {
        self.store.logs()
    }

    fn shard(&self, log: LogName, period: &str) -> Result<Option<storage::log::Shard>, InputError> {
        let shards = self.logs().shards(log).map_err(|error| stored(&error))?;
        Ok(shards.into_iter().find(|shard| shard.period == period))
    }

    fn row(&self, keys: Option<&LogKeys>, shard: storage::log::Shard) -> ShardRow {
        let log = shard.log;
        ShardRow {
            log,
            origin: Some(format!("{}/{log}/{}", self.config.record.origin, shard.period)),
            keys: keys.map(|keys| keys.verifiers(log, &shard.period)).unwrap_or_default(),
            first: Some(shard.first),
            size: shard.size,
            is_closed: Some(shard.is_closed),
            witnesses: None,
            period: shard.period,
        }
    }
}

/// A store that does not work, as a file that cannot be read.
pub(super) fn stored(error: &storage::StorageError) -> InputError {
    InputError::Unreadable { path: "the store".into(), error: std::io::Error::other(error.to_string()) }
}

/// Why something cannot be proven.
pub(super) fn unproven(what: &str, error: ProveError<InputError>) -> InputError {
    match error {
        ProveError::Tiles(error) => error,
        other => InputError::Wrong(format!("{what} cannot be proven: {other}")),
    }
}

impl Place {
    /// Every shard of these logs, the oldest of each first.
    pub(super) fn shards(&self, logs: &[LogName]) -> Result<Vec<ShardRow>, InputError> {
        match self {
            Self::Online(online) => {
                let answer: LogsAnswer = online.json("/v1/logs")?;
                let wanted = answer.logs.into_iter().filter(|log| logs.contains(&log.log));
                Ok(wanted.map(rows).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
            Self::Store(copy) => {
                // The keys of the logs need not be where the copy is.
                let keys = LogKeys::load(&copy.config.record).ok();
                let mut rows = Vec::new();
                for log in logs {
                    let shards = copy.logs().shards(*log).map_err(|error| stored(&error))?;
                    rows.extend(shards.into_iter().map(|shard| copy.row(keys.as_ref(), shard)));
                }
                Ok(rows)
            }
            Self::Mirror(mirror) => {
                let mut rows = Vec::new();
                for log in logs {
                    for period in mirror.periods(*log)? {
                        rows.extend(self.mirrored(*log, period)?);
                    }
                }
                Ok(rows)
            }
        }
    }

    fn mirrored(&self, log: LogName, period: String) -> Result<Option<ShardRow>, InputError> {
        let note = self.checkpoint(log, &period)?.and_then(|bytes| Note::parse(&bytes).ok());
        let checkpoint = note.and_then(|note| Checkpoint::of(&note).ok());
        Ok(checkpoint.map(|checkpoint| ShardRow {
            log,
            period,
            origin: Some(checkpoint.origin().to_owned()),
            keys: Vec::new(),
            first: None,
            size: checkpoint.size(),
            is_closed: None,
            witnesses: None,
        }))
    }

    /// The newest checkpoint of a shard, with the lines of its witnesses. A store alone has those that were witnessed.
    pub(super) fn checkpoint(&self, log: LogName, period: &str) -> Result<Option<Vec<u8>>, InputError> {
        match self {
            Self::Online(online) => online.get(&format!("/log/{log}/{period}/checkpoint")),
            Self::Mirror(mirror) => mirror.shard(log, period).checkpoint(),
            Self::Store(copy) => {
                let Some(shard) = copy.shard(log, period)? else { return Ok(None) };
                let cosigned = copy.store.witnessing().cosigned(log, shard.shard).map_err(|error| stored(&error))?;
                Ok(cosigned.newest.map(|newest| newest.note.into_bytes()))
            }
        }
    }

    /// A tile of a shard.
    pub(super) fn tile(&self, log: LogName, period: &str, path: TilePath) -> Result<Option<Vec<u8>>, InputError> {
        match self {
            Self::Online(online) => online.get(&format!("/log/{log}/{period}/{path}")),
            Self::Mirror(mirror) => mirror.shard(log, period).tile(path),
            Self::Store(copy) => {
                let Some(shard) = copy.shard(log, period)? else { return Ok(None) };
                copy.logs().tile_of(&shard, &path).map_err(|error| stored(&error))
            }
        }
    }
}

/// The shards that a gateway names. It says where files go and what is asked next: what is not named as ours are is refused.
fn rows(answer: LogAnswer) -> Result<Vec<ShardRow>, InputError> {
    let log = answer.log;
    let row = |shard: ShardAnswer| {
        let (period, origin) = (shard.period, shard.origin);
        if !ShardPeriod::is_name(&period) {
            return Err(InputError::Wrong(format!("the gateway names a period of the log {log} that is none: {period:?}")));
        }
        let base = origin.strip_suffix(&format!("/{log}/{period}"));
        if base.is_none_or(str::is_empty) {
            return Err(InputError::Wrong(format!("the gateway names {origin:?} as the origin of {log}/{period}")));
        }
        Ok(ShardRow {
            log,
            period,
            origin: Some(origin),
            keys: shard.keys.iter().filter_map(|key| key.parse().ok()).collect(),
            first: Some(shard.first),
            size: shard.size,
            is_closed: Some(shard.closed),
            witnesses: shard.witnesses,
        })
    };
    answer.shards.into_iter().map(row).collect()
}

impl HashTiles for Tiles<'_> {
    type Error = InputError;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, InputError> {
        let (log, period) = (self.shard.log, &self.shard.period);
        let wrong = |error: &dyn std::fmt::Display| {
            InputError::Wrong(format!("{log}/{period}: tile {level} {index} of width {width}: {error}"))
        };
        let path = TilePath::new(TileKind::Hashes { level }, index, width).ok_or_else(|| wrong(&"there is none"))?;
        // A tile that has become full since may no longer be there in part.
        let whole = TilePath::new(TileKind::Hashes { level }, index, crypto::tlog::tile::TILE_WIDTH);
        let bytes = match self.place.tile(log, period, path)? {
            Some(bytes) => bytes,
            None => whole.map(|whole| self.place.tile(log, period, whole)).transpose()?.flatten().unwrap_or_default(),
        };
        let bytes = bytes.get(..usize::from(width) * 32).ok_or_else(|| wrong(&"it is missing"))?;
        decode_hashes(bytes, width).map_err(|error| wrong(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(period: &str, origin: &str) -> Result<Vec<ShardRow>, InputError> {
        let shard = serde_json::json!({
            "period": period, "origin": origin, "keys": [], "first": 0, "size": 0, "closed": false,
        });
        rows(serde_json::from_value(serde_json::json!({ "log": "seal", "shards": [shard] })).unwrap())
    }

    #[test]
    fn a_gateway_cannot_name_places_outside_the_mirror() {
        for period in ["2026", "2026-h1", "2026-q4", "2026-12"] {
            let rows = answered(period, &format!("licet.example/a/seal/{period}")).unwrap();
            assert_eq!(rows[0].period, period);
        }
        for period in ["../x", "/tmp/x", "2026/../../x", "..", "", "2026\u{0}"] {
            assert!(answered(period, &format!("licet.example/seal/{period}")).is_err(), "{period:?}");
        }
        for origin in
            ["licet.example/seal/2025", "licet.example/access/2026", "/seal/2026", "seal/2026", "licet.example/seal/2026/x"]
        {
            assert!(answered("2026", origin).is_err(), "{origin}");
        }
    }
}
