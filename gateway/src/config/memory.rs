//! `[memory]`: how much the whole gateway may take, and what it is made of.

use std::thread;

use crypto::budget::WORKING_BYTES_MAX;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Config, Faults};

/// What of the memory is for the program itself.
const PROGRAM_MIB: u64 = 96;

/// What waits to be written, and what is being written.
const WRITES_MIB: u64 = 128;

/// Answers of sources that are kept.
const SOURCES_MIB: u64 = 64;

/// What waits for the journal, and is being written to it.
const JOURNAL_MIB: u64 = 64;

/// What a connection takes: buffers of TLS and of HTTP.
const CONNECTION_KIB: u64 = 48;

/// What a request takes beside its body and a large answer.
const REQUEST_KIB: u64 = 24;

/// What a verification takes, in bodies, beside what its budget allows: the document, and a copy of it.
const BODIES_OF_VERIFICATION: u64 = 2;

/// How much memory the gateway may take.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Memory {
    /// All of it together, in MiB: what is configured must fit into it, and near it the caches are emptied and what can wait is refused.
    /// 0, the default, for no such limit.
    pub max_mib: u32,
    /// What the store reads and writes with, in MiB. Default 256, at least 16.
    pub store_mib: u32,
}

impl Default for Memory {
    fn default() -> Self {
        Self { max_mib: 0, store_mib: 256 }
    }
}

impl Memory {
    /// All of it together, in bytes, where it has a limit.
    #[must_use]
    pub fn max_bytes(&self) -> Option<u64> {
        (self.max_mib > 0).then_some(u64::from(self.max_mib) << 20)
    }

    /// What the store has, in bytes.
    #[must_use]
    pub fn store_bytes(&self) -> usize {
        usize::try_from(self.store_mib).unwrap_or(usize::MAX).saturating_mul(1 << 20)
    }

    /// What may wait for the journal of the store, in bytes.
    #[must_use]
    pub fn journal_bytes() -> usize {
        usize::try_from(JOURNAL_MIB << 20).unwrap_or(usize::MAX)
    }

    pub(super) fn check(&self, config: &Config, faults: &mut Faults) {
        faults.demand((16..=1 << 20).contains(&self.store_mib), "memory.store_mib", "must be from 16 to 1048576");
        if self.max_mib == 0 {
            return;
        }
        let parts = parts(config);
        let sum: u64 = parts.iter().map(|(_, mib)| mib).sum();
        if sum > u64::from(self.max_mib) {
            let told: Vec<String> = parts.iter().map(|(name, mib)| format!("{name} {mib}")).collect();
            let told = told.join(", ");
            faults.add("memory.max_mib", format!("is less than what is configured may take, {sum} MiB: {told}"));
        }
    }
}

/// What the memory is for, in MiB, by the keys that decide about it.
fn parts(config: &Config) -> Vec<(&'static str, u64)> {
    let of_bytes = |bytes: u64| bytes.div_ceil(1 << 20);
    let of_kib = |kib: u64| kib.div_ceil(1 << 10);
    let Config { server, cache, memory, limits, status, .. } = config;
    let workers = match server.workers_max {
        0 => thread::available_parallelism().map_or(1, usize::from),
        n => usize::try_from(n).unwrap_or(usize::MAX),
    };
    // Half as many work for auditors.
    let workers = u64::try_from(workers.saturating_add(workers.div_ceil(2))).unwrap_or(u64::MAX);
    let verification = BODIES_OF_VERIFICATION * u64::from(server.body_bytes_max) + WORKING_BYTES_MAX;
    let connections = u64::from(server.connections_max) + u64::from(server.connections_max.div_ceil(4));
    let journal = config.backup.as_ref().and_then(super::Backup::journal_every).map_or(0, |_| JOURNAL_MIB);
    vec![
        ("memory.store_mib", u64::from(memory.store_mib)),
        ("cache.verdicts_mib", u64::from(cache.verdicts_mib)),
        ("cache.sm2_tables_mib", u64::from(cache.sm2_tables_mib)),
        ("status.history_bytes_max", of_bytes(status.history_bytes_max)),
        ("server.bodies_bytes_max", of_bytes(u64::from(server.bodies_bytes_max))),
        ("server.answers_bytes_max", of_bytes(u64::from(server.answers_bytes_max))),
        ("server.workers_max", of_bytes(workers.saturating_mul(verification))),
        ("server.connections_max", of_kib(connections * CONNECTION_KIB)),
        ("limits.in_flight_max", of_kib(u64::from(limits.in_flight_max) * REQUEST_KIB)),
        ("writes under way", WRITES_MIB),
        ("backup.journal_s", journal),
        ("answers of sources", SOURCES_MIB),
        ("the program", PROGRAM_MIB),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(server: &str, more: &str) -> Result<Config, Faults> {
        let text = format!(
            "[server]\ncertificate = 'a'\nkey = 'b'\nclient_anchors = ['c']\nworkers_max = 2\n{server}
            [storage]\npath = 'd'\nvalue_key = 'e'\nindex_key = 'f'\n[record]\norigin = 'licet.example'\nkey = 'g'\n{more}"
        );
        Config::parse(&text, Path::new("/srv"))
    }

    #[test]
    fn what_is_configured_fits_into_the_memory_that_there_is() {
        let told = read("", "[memory]\nmax_mib = 512\nstore_mib = 8").unwrap_err().to_string();
        assert!(told.contains("memory.store_mib: ") && told.contains("memory.max_mib: "), "{told}");
        for part in ["server.bodies_bytes_max 512", "cache.verdicts_mib 128", "status.history_bytes_max 256", "the program 96"] {
            assert!(told.contains(part), "{part} in {told}");
        }
        let small = "bodies_bytes_max = 67108864\nanswers_bytes_max = 67108864\nconnections_max = 512\n";
        let more = "[cache]\nverdicts_mib = 32\n[status]\nhistory_bytes_max = 33554432\n[limits]\nin_flight_max = 1024\n";
        let with = |max: u32| read(small, &format!("{more}[memory]\nmax_mib = {max}\nstore_mib = 64\n"));
        assert_eq!(with(1280).unwrap().memory.max_bytes(), Some(1280 << 20));
        // Three that verify, each with the heaviest document there may be.
        assert!(with(1024).unwrap_err().to_string().contains("server.workers_max 588"));
        assert!(with(512).unwrap_err().to_string().contains("memory.max_mib: "));
        assert_eq!(read("", "").unwrap().memory.max_bytes(), None);
    }
}
