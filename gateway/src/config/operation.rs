//! `[admin]`, `[storage]`, `[cache]` and `[log]`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::Faults;

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
    /// File with the key that encrypts values: 64 hexadecimal digits, readable by the owner alone.
    pub value_key: PathBuf,
    /// File with the key of the index over holder numbers: 64 hexadecimal digits, readable by the owner alone.
    pub index_key: PathBuf,
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

    pub(super) fn paths(&mut self) -> [&mut PathBuf; 3] {
        [&mut self.path, &mut self.value_key, &mut self.index_key]
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
