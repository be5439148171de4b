//! Whose checkpoints are believed: keys from the command line, from a policy, or those that were seen first.

use std::path::{Path, PathBuf};

use crypto::budget::Budget;
use crypto::record::key_for;
use crypto::tlog::{Note, Observed, Policy, TlogError, VerifierKey};

use crate::cli::input::{self, InputError};

/// Keys of logs, and the policy on witnesses.
#[derive(Clone, Debug, Default)]
pub(super) struct Trusted {
    keys: Vec<VerifierKey>,
    policy: Policy,
}

/// The options that say so.
#[derive(Debug, Default)]
pub(super) struct TrustedOptions {
    /// `--log-key`
    pub(super) keys: Vec<String>,
    /// `--policy`
    pub(super) policy: Option<PathBuf>,
}

impl TrustedOptions {
    /// Reads them.
    pub(super) fn read(&self) -> Result<Trusted, InputError> {
        let key = |text: &String| {
            let wrong = |error: TlogError| InputError::Wrong(format!("--log-key {text}: {error}"));
            text.parse::<VerifierKey>().map_err(wrong)
        };
        let mut keys = self.keys.iter().map(key).collect::<Result<Vec<_>, _>>()?;
        let policy = self.policy.as_deref().map(policy).transpose()?.unwrap_or_default();
        keys.extend(policy.log_keys());
        Ok(Trusted { keys, policy })
    }
}

fn policy(path: &Path) -> Result<Policy, InputError> {
    Policy::parse(&input::read(path)?).map_err(|error| InputError::malformed(path, "policy", &error))
}

impl Trusted {
    pub(super) const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The keys that count for an origin, each once.
    pub(super) fn keys_for(&self, origin: &str) -> Vec<VerifierKey> {
        let mut keys: Vec<VerifierKey> = Vec::new();
        for key in self.keys.iter().filter_map(|key| key_for(key, origin)) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// Verifies a checkpoint. Too few witnesses are no error here.
    pub(super) fn observe(&self, note: &Note) -> Result<Observed, TlogError> {
        let origin = note.text().lines().next().unwrap_or_default();
        self.policy.observe(note, &self.keys_for(origin), &mut Budget::for_document())
    }
}

#[cfg(test)]
mod tests {
    use crypto::tlog::KeyType;

    use super::*;

    #[test]
    fn a_key_counts_once_for_every_origin_of_its_base_and_for_no_other() {
        let key = |name: &str| VerifierKey::new(name, KeyType::Ed25519, &[7; 32]).unwrap();
        let keys = vec![key("a.example/seal/2026"), key("a.example/access/2026"), key("other.example")];
        let trusted = Trusted { keys, policy: Policy::default() };
        for origin in ["a.example/seal/2026", "a.example/seal/2027", "a.example/access/2027"] {
            let keys = trusted.keys_for(origin);
            assert_eq!((keys.len(), keys[0].name()), (1, origin), "the same key once");
        }
        for origin in ["other.example", "other.example/seal/2026"] {
            assert_eq!(trusted.keys_for(origin).len(), 1, "{origin}");
        }
        for origin in ["b.example/seal/2026", "a.example/x/seal/2026", "other.example/log/2026", "seal/2026", ""] {
            assert!(trusted.keys_for(origin).is_empty(), "{origin}");
        }
    }
}
