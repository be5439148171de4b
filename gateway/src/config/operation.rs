//! `[admin]`, `[storage]`, `[cache]` and `[log]`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;
use storage::Cipher;

use super::{Faults, KeySource};

/// The listener for metrics and health: plain HTTP, so by default for this machine alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Address and port to listen on. Default `127.0.0.1:9443`.
    #[serde(default = "admin_listen")]
    pub listen: SocketAddr,
    /// Allows an address that other machines can reach. Default false.
    #[serde(default)]
    pub allow_remote: bool,
    /// The control socket, through which commands on this machine reach the running gateway. Default `licet.sock` in the folder of the
    /// database.
    #[serde(default)]
    pub socket: Option<PathBuf>,
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: admin_listen(), allow_remote: false, socket: None }
    }
}

impl Admin {
    pub(super) fn check(&self, faults: &mut Faults) {
        faults.demand(
            self.allow_remote || self.listen.ip().is_loopback(),
            "admin.listen",
            "is not a loopback address; set admin.allow_remote = true if metrics and health may be seen from the network",
        );
    }
}

/// Where things are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// Folder of the database; made when it does not exist.
    pub path: PathBuf,
    /// The key that opens the store, in which all other keys are: 64 hexadecimal digits, in a file that is readable by the owner alone.
    pub value_key: KeySource,
    /// The key of the index over holder numbers: 64 hexadecimal digits, in a file that is readable by the owner alone. Left out, a new
    /// store makes its own; a store that was made with one before format 2 needs it once more.
    #[serde(default)]
    pub index_key: Option<KeySource>,
    /// With what new keys of the store seal values: `aes-256-gcm`, the default, or `sm4-gcm`. What is there already is sealed so once
    /// `licet keys rotate` has made such a key.
    #[serde(default)]
    pub cipher: Cipher,
}

impl Storage {
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let keys = std::iter::once(&mut self.value_key).chain(&mut self.index_key);
        std::iter::once(&mut self.path).chain(keys.filter_map(KeySource::file_mut))
    }
}

/// No city has so many authorities.
const SM2_TABLES_MIB_MAX: u32 = 4096;

/// What a machine may well have.
const VERDICTS_MIB_MAX: u32 = 65_536;

/// What is kept in memory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Memory for verdicts that still hold, in MiB: of sealed OFD some 30 in each, of what is smaller more. Default 128.
    #[serde(default = "verdicts_mib")]
    pub verdicts_mib: u32,
    /// Memory for tables of SM2 keys that sign often, in MiB; 0 for none. Default 16.
    #[serde(default = "sm2_tables_mib")]
    pub sm2_tables_mib: u32,
}

impl Default for Cache {
    fn default() -> Self {
        Self { verdicts_mib: verdicts_mib(), sm2_tables_mib: sm2_tables_mib() }
    }
}

impl Cache {
    pub(super) fn check(&self, faults: &mut Faults) {
        let is_sensible = (1..=VERDICTS_MIB_MAX).contains(&self.verdicts_mib);
        faults.demand(is_sensible, "cache.verdicts_mib", "must be from 1 to 65536");
        faults.demand(self.sm2_tables_mib <= SM2_TABLES_MIB_MAX, "cache.sm2_tables_mib", "must not be more than 4096");
    }
}

/// What is written to standard error: one line a request, and what goes wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`. Default `info`.
    #[serde(default = "level")]
    pub level: String,
    /// `json`, the default, or `text`.
    #[serde(default)]
    pub format: LogFormat,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For reading at a terminal.
    Text,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: level(), format: LogFormat::default() }
    }
}

impl Log {
    pub(super) fn check(&self, faults: &mut Faults) {
        let known = ["error", "warn", "info", "debug", "trace"].contains(&self.level.as_str());
        faults.demand(known, "log.level", "must be error, warn, info, debug or trace");
    }
}

fn admin_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 9443).into()
}

const fn verdicts_mib() -> u32 {
    128
}

const fn sm2_tables_mib() -> u32 {
    16
}

fn level() -> String {
    "info".to_owned()
}
