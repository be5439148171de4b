//! Origins of logs, `BASE/LOG/PERIOD`, and which keys count for them.

use super::LogName;
use crate::tlog::VerifierKey;

/// A key as one of the log with an origin, if it counts for that. A gateway signs both of its logs in all periods with one key,
/// and a policy names a key once: so a key counts under the name of any origin of the same base, and under `BASE/LOG` or `BASE`
/// alone. Any other key counts for the origin of its own name.
#[must_use]
pub fn key_for(key: &VerifierKey, origin: &str) -> Option<VerifierKey> {
    let counts = key.name() == origin || base_of(origin).is_some_and(|base| is_of(base, key.name()));
    if counts { key.renamed(origin).ok() } else { None }
}

/// What stands before the log and the period.
fn base_of(origin: &str) -> Option<&str> {
    let base = origin.rsplitn(3, '/').nth(2).filter(|base| !base.is_empty())?;
    let log = log_behind(base, origin)?;
    if log.is_empty() { None } else { Some(base) }
}

/// Whether this names the base, a log of it or a period of one.
fn is_of(base: &str, name: &str) -> bool {
    name == base || log_behind(base, name).is_some()
}

/// What stands behind the base and a log: nothing, or the slash and the period.
fn log_behind<'a>(base: &str, name: &'a str) -> Option<&'a str> {
    let rest = name.strip_prefix(base)?.strip_prefix('/')?;
    let period = LogName::ALL.iter().find_map(|log| rest.strip_prefix(log.name()))?;
    let is_period = |period: &str| period.strip_prefix('/').is_some_and(|period| !period.is_empty() && !period.contains('/'));
    if period.is_empty() || is_period(period) { Some(period) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::KeyType;

    fn counts(name: &str, origin: &str) -> bool {
        let key = VerifierKey::new(name, KeyType::Ed25519, &[7; 32]).unwrap();
        let found = key_for(&key, origin);
        assert!(found.as_ref().is_none_or(|found| found.name() == origin && found.public_key() == key.public_key()));
        found.is_some()
    }

    #[test]
    fn a_key_counts_for_both_logs_of_its_base_in_every_period() {
        let names =
            ["a.example/x", "a.example/x/seal", "a.example/x/access", "a.example/x/seal/2026", "a.example/x/access/2025-h1"];
        for name in names {
            for origin in ["a.example/x/seal/2026", "a.example/x/seal/2027-q1", "a.example/x/access/2026"] {
                assert!(counts(name, origin), "{name} {origin}");
            }
        }
        // A base may itself end as a log does.
        assert!(counts("a.example/seal", "a.example/seal/seal/2026") && counts("a.example/seal", "a.example/seal/2026"));
        assert!(counts("other.example/log", "other.example/log"), "the log of somebody else, by its own name");
    }

    #[test]
    fn a_key_does_not_count_for_another_base() {
        for (name, origin) in [
            ("a.example", "a.example/x/seal/2026"),
            ("a.example/x", "a.example/seal/2026"),
            ("a.example/seal/2026", "b.example/seal/2026"),
            ("a.example/seal/2026", "a.example/x/seal/2026"),
            ("a.example/seal/2026/x", "a.example/seal/2027"),
            ("a.example/sealed/2026", "a.example/seal/2026"),
            ("a.example", "a.example/sealed/2026"),
            ("a.example/other/2026", "a.example/other/2027"),
            ("a.exampl", "a.example/seal/2026"),
            ("other.example", "other.example/log"),
            ("seal", "seal/2026"),
            ("a.example/seal", "a.example/seal"),
        ] {
            assert_eq!(counts(name, origin), name == origin, "{name} {origin}");
        }
        for origin in ["", "/", "//", "/seal/2026", "a.example/seal/", "a.example"] {
            assert!(!counts("a.example/seal/2026", origin), "{origin}");
        }
    }
}
