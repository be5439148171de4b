//! What cannot be changed while the gateway runs.

use crate::difference::Difference;

/// The sections that are put in force as they are.
const SECTIONS: [&str; 23] = [
    "audit",
    "backup",
    "cache",
    "callers",
    "grants",
    "identity_providers",
    "limits",
    "log",
    "lookup",
    "objections",
    "organisations",
    "policy",
    "reload",
    "server",
    "signing",
    "sources",
    "status",
    "status_list",
    "supervision",
    "trust",
    "trust_list",
    "use_codes",
    "witness",
];

/// Keys of other sections of which the same is true.
const KEYS: [&str; 6] = [
    "record.clock_jump_s_max",
    "record.refusals_per_s",
    "record.retention_days",
    "record.when_failed",
    "storage.free_mib_min",
    "storage.stall_ms",
];

/// Keys of those sections of which it is not: the port that is bound, the form of lines, what is shared by all that verify, and whether
/// there are lists, which have to know of every change since they are there.
const BUT: [&str; 4] = ["server.listen", "log.format", "cache.sm2_tables_mib", "status_list.base_uri"];

/// The keys that differ and need a restart.
pub(super) fn needed(difference: &Difference) -> Vec<String> {
    let needs = |key: &&str| {
        let section = key.split(['.', '[']).next().unwrap_or(key);
        BUT.contains(key) || !(SECTIONS.contains(&section) || KEYS.contains(key))
    };
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
            "server.client_anchors",
            "server.listen",
            "something.new",
            "status.sources[0].domain",
            "status_list.base_uri",
            "storage.path",
        ];
        let found = needed(&Difference::between(&facts(&all), &facts(&[])));
        let expected = [
            "admin.listen",
            "log.format",
            "record.origin",
            "record.witnesses.policy",
            "server.listen",
            "something.new",
            "status_list.base_uri",
            "storage.path",
        ];
        assert_eq!(found, expected);
    }
}
