//! `[admin]`, `[storage]`, `[cache]` and `[log]`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::Cipher;

use super::{Faults, KeySource, Server};

/// The listener for metrics and health: plain HTTP, so by default for this machine alone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Address and port to listen on. Default `127.0.0.1:9443`.
    #[serde(default = "admin_listen")]
    #[schemars(extend("format" = "socket-address"))]
    pub listen: SocketAddr,
    /// Allows an address that other machines can reach. Default false.
    #[serde(default)]
    pub allow_remote: bool,
    /// The control socket, through which commands on this machine reach the running gateway: a path of some 100 bytes at most. Default
    /// `licet.sock` in the folder of the database.
    #[serde(default)]
    pub socket: Option<PathBuf>,
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: admin_listen(), allow_remote: false, socket: None }
    }
}

impl Admin {
    /// Where a control socket is made, until it may be asked and gets its name.
    #[must_use]
    pub fn socket_unnamed(path: &Path) -> PathBuf {
        path.with_extension("sock.new")
    }

    pub(super) fn check(&self, server: &Server, faults: &mut Faults) {
        let (ours, other) = (self.listen, server.listen);
        let is_one = ours.port() != 0 && ours.port() == other.port();
        let meets = ours.ip() == other.ip() || ours.ip().is_unspecified() || other.ip().is_unspecified();
        faults.demand(!(is_one && meets), "admin.listen", "has the port of server.listen");
        faults.demand(
            self.allow_remote || self.listen.ip().is_loopback(),
            "admin.listen",
            "is not a loopback address; set admin.allow_remote = true if metrics and health may be seen from the network",
        );
    }
}

/// Where things are kept.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
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
    /// Free space that the disk must have, in MiB: below it changes are refused, below a quarter of it everything that would have to be
    /// put on record. 0 asks for none. Default 512.
    #[serde(default = "free_mib_min")]
    pub free_mib_min: u64,
    /// After how long a write that the disk does not answer counts as one that hangs: from then on writes are refused at once, until it
    /// answers. In milliseconds; default 5000.
    #[serde(default = "stall_ms")]
    pub stall_ms: u32,
}

impl Storage {
    pub(super) fn check(&self, faults: &mut Faults) {
        faults.demand(self.free_mib_min <= FREE_MIB_MAX, "storage.free_mib_min", "must not be more than 1073741824");
        faults.demand((100..=60_000).contains(&self.stall_ms), "storage.stall_ms", "must be 100 to 60000");
    }

    /// `stall_ms`.
    #[must_use]
    pub fn stall(&self) -> Duration {
        Duration::from_millis(self.stall_ms.into())
    }

    /// Its keys.
    pub fn keys(&self) -> impl Iterator<Item = &KeySource> {
        std::iter::once(&self.value_key).chain(&self.index_key)
    }

    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let Self { path, value_key, index_key, .. } = self;
        std::iter::once(path).chain(std::iter::once(value_key).chain(index_key).filter_map(KeySource::file_mut))
    }
}

/// A PiB: who asks for more means something else.
const FREE_MIB_MAX: u64 = 1 << 30;

const fn free_mib_min() -> u64 {
    512
}

const fn stall_ms() -> u32 {
    5_000
}

/// No city has so many authorities.
const SM2_TABLES_MIB_MAX: u32 = 4096;

/// What a machine may well have.
const VERDICTS_MIB_MAX: u32 = 65_536;

/// What is kept in memory.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How much. Default `info`.
    #[serde(default)]
    pub level: LogLevel,
    /// How much for single modules: `storage`, or a part of the gateway such as `broker`. The same as `level` where it is left out.
    /// `licet level` changes both while the gateway runs.
    #[serde(default)]
    pub levels: BTreeMap<String, LogLevel>,
    /// `json`, the default, or `text`.
    #[serde(default)]
    pub format: LogFormat,
}

/// How much is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What failed.
    Error,
    /// What may fail soon, or was refused.
    Warn,
    /// What happens, one line a request.
    #[default]
    Info,
    /// How it happens.
    Debug,
    /// Every step.
    Trace,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For reading at a terminal.
    Text,
}

impl LogLevel {
    const ALL: [(&'static str, Self); 6] = [
        ("off", Self::Off),
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];

    /// The level with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(one, _)| *one == name).map(|(_, level)| *level)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, level)| *level == self).map_or("info", |(name, _)| name)
    }
}

impl Log {
    /// The module that is no part of the gateway.
    pub const STORAGE: &'static str = "storage";

    /// Whether lines come from a module with this name: those of the gateway are read off its root.
    #[must_use]
    pub fn is_module(name: &str) -> bool {
        const ROOT: &str = include_str!("../lib.rs");
        let module = |line: &str| Some(line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';')? == name);
        name == Self::STORAGE || ROOT.lines().filter_map(module).any(|is_it| is_it)
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        for module in self.levels.keys().filter(|module| !Self::is_module(module)) {
            faults.add(format!("log.levels.{module}"), "is no module: storage, or a part of the gateway such as broker");
        }
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
