//! What cannot be changed while the gateway runs.

use crate::difference::Difference;

/// What is put in force as it is: sections, and keys of other sections.
const FOLLOWED: [&str; 35] = [
    "audit",
    "backup",
    "cache",
    "callers",
    "grants",
    "identity_providers",
    "limits",
    "log",
    "lookup",
    "memory",
    "objections",
    "organisations",
    "policy",
    "record.clock_jump_s_max",
    "record.refusals_per_s",
    "record.retention_days",
    "record.when_failed",
    "record.witnesses",
    "reload",
    "server",
    "signing",
    "sources",
    "status",
    "status_list",
    "storage.cipher",
    "storage.free_mib_min",
    "storage.index_key",
    "storage.stall_ms",
    "storage.value_key",
    "supervision",
    "telemetry",
    "trust",
    "trust_list",
    "use_codes",
    "witness",
];

/// Keys of those sections of which it is not: the port that is bound, the form of lines, what is shared by all that verify, what the
/// store is opened with, and whether there are lists, which have to know of every change since they are there.
const BUT: [&str; 5] = ["server.listen", "log.format", "cache.sm2_tables_mib", "memory.store_mib", "status_list.base_uri"];

/// The keys that differ and need a restart.
pub(super) fn needed(difference: &Difference) -> Vec<String> {
    // A key, or what stands in it.
    let lies_in =
        |key: &str, whole: &str| key.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let needs = |key: &&str| BUT.contains(key) || !FOLLOWED.iter().any(|whole| lies_in(key, whole));
    difference.about().filter(needs).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_to_be_followed_needs_a_restart() {
        let facts = |keys: &[&str]| keys.iter().map(|key| ((*key).to_owned(), String::new())).collect();
        let all = [
            "admin.listen",
            "callers[a].roles",
            "log.format",
            "log.levels.broker",
            "record.origin",
            "record.retention_days",
            "record.witnesses.policy",
            "record.witnesses_of_old",
            "server.client_anchors",
            "server.listen",
            "something.new",
            "status.sources[0].domain",
            "status_list.base_uri",
            "storage.path",
            "storage.value_key.command",
        ];
        let found = needed(&Difference::between(&facts(&all), &facts(&[])));
        let expected = [
            "admin.listen",
            "log.format",
            "record.origin",
            "record.witnesses_of_old",
            "server.listen",
            "something.new",
            "status_list.base_uri",
            "storage.path",
        ];
        assert_eq!(found, expected);
    }
}
